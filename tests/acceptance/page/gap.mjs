// Watch a camera fail and come back on the page: node gap.mjs URL MODE-FILE FOLDER [CHROMIUM]
// MODE-FILE is that of tests/device/camera.py; browser.py runs this.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const [url, mode, folder, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
let failed = 0;

function check(what, good, said) {
  failed += !good;
  console.log(`${good ? "ok    " : "FAILED"} ${what}: ${said}`);
}

const profile = fs.mkdtempSync(path.join(os.tmpdir(), "edge-emo-page-"));
const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args });
const page = await context.newPage();
await page.setViewportSize({ width: 1280, height: 900 });
await page.goto(url);
await page.waitForFunction(() => document.querySelector("#picture").dataset.frame);
await page.click("summary");
const gaps = () => page.evaluate(() => [...document.querySelectorAll("#timeline .gap")].map((rect) => ({
  width: Number(rect.getAttribute("width")), reason: rect.querySelector("title").textContent })));
const state = () => page.evaluate(() => document.querySelector("#state").textContent);
const failures = async () => (await gaps()).filter((gap) => gap.reason.startsWith("camera failed"));

await page.waitForTimeout(8000);
check("no failure is shown while frames flow", (await failures()).length === 0 && (await state()) === "analysing", await state());
fs.writeFileSync(mode, "silent");
await page.waitForFunction(() => document.querySelector("#state").dataset.state === "failed", null, { timeout: 30000 });
check("the state says that the camera failed, why and since when", /camera failed: gave no .*, since/.test(await state()), await state());
const blank = await page.evaluate(() => {
  const canvas = document.querySelector("#picture");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.every((value) => value === 0);
});
check("the last picture is not shown on", blank, blank ? "blank" : "still there");
await page.waitForTimeout(9000);
await page.screenshot({ path: path.join(folder, "failed.png"), fullPage: true });
const during = await failures();
check("the timeline has a gap with its reason", during.length === 1 && during[0].width > 5, JSON.stringify(during));
fs.writeFileSync(mode, "good");
await page.waitForFunction(() => document.querySelector("#state").dataset.state === "open", null, { timeout: 60000 });
await page.waitForTimeout(4000);
const after = await failures();
await page.waitForTimeout(4000);
const later = await failures();
check("back again, the gap ends", after.length === 1 && Math.abs(later[0].width - after[0].width) < 0.1, JSON.stringify(after));
const rows = await page.evaluate(() => [...document.querySelectorAll("#table caption")].at(-1).parentElement.textContent);
check("the table lists it for a screen reader", rows.includes("camera failed: gave no"), rows);
await page.screenshot({ path: path.join(folder, "back.png"), fullPage: true });
await context.close();
fs.rmSync(profile, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
