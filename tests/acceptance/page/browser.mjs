// Look at a running page with a real browser: node browser.mjs URL FOLDER [CHROMIUM]
// Prints a line a check and ends with status 1 if one failed; screenshots go into FOLDER.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [url, folder, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
let failed = 0;

function check(what, good, said) {
  failed += !good;
  console.log(`${good ? "ok    " : "FAILED"} ${what}: ${said}`);
}

async function open(options) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "edge-emo-page-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args, ...options });
  const page = await context.newPage();
  const heard = { records: new Map(), errors: [], foreign: [] };
  page.on("console", (message) => message.type() === "error" && heard.errors.push(message.text()));
  page.on("pageerror", (error) => heard.errors.push(String(error)));
  page.on("request", (asked) => asked.url().startsWith(url) || asked.url().startsWith("blob:") || heard.foreign.push(asked.url()));
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
    const head = JSON.parse(payload.subarray(4, 4 + payload.readUInt32BE(0)).toString());
    if (head.record) heard.records.set(head.record.frame, head.record);
  }));
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector("#picture").dataset.frame);
  return { context, page, heard, close: async () => {
    await context.close();
    fs.rmSync(profile, { recursive: true, force: true });
  } };
}

// Find each box's edges among the pixels of the canvas, with the colours of the page's style sheet.
// `wrong` moves the expected boxes: the check must then fail.
function measure([record, wrong]) {
  const { data, width, height } = window.taken;
  const scale = width / record.size[0];
  const style = getComputedStyle(document.documentElement);
  let worst = 0;
  for (const face of record.faces) {
    const hex = style.getPropertyValue(`--${face.emotion}`).trim().replace("#", "");
    const long = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
    const color = [0, 2, 4].map((i) => parseInt(long.slice(i, i + 2), 16));
    const is = (x, y) => color.every((c, i) => Math.abs(data[4 * (y * width + x) + i] - c) <= 2);
    const [x, y, w, h] = face.box.map((n) => n * scale);
    // The middle of the stroke that crosses a line at three quarters of each side, within 15 pixels.
    const edge = (has, at, limit) => {
      const hits = [];
      const last = Math.min(limit - 1, Math.round(at) + 15);
      for (let n = Math.max(0, Math.round(at) - 15); n <= last; n++) if (has(n)) hits.push(n);
      return hits.length ? (hits[0] + hits.at(-1) + 1) / 2 : NaN;
    };
    const row = Math.round(y + 0.75 * h), column = Math.round(x + 0.75 * w);
    const across = (n) => is(n, row), down = (n) => is(column, n);
    const sides = [[across, x, width], [across, x + w, width], [down, y, height], [down, y + h, height]];
    for (const [has, at, limit] of sides) {
      if (at < 4 || at > limit - 4) continue; // beyond the picture
      const found = edge(has, at, limit);
      worst = Math.max(worst, Number.isNaN(found) ? 99 : Math.abs(found - at - wrong));
    }
  }
  return worst;
}

async function boxesFit({ page, heard }) {
  const found = [];
  const moved = [];
  let faces = 0;
  const end = Date.now() + 60000;
  while (found.length < 12 && Date.now() < end) {
    const frame = await page.evaluate(() => {
      const canvas = document.querySelector("#picture");
      window.taken = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return Number(canvas.dataset.frame);
    });
    const record = heard.records.get(frame);
    if (record?.faces.length) {
      faces += record.faces.length;
      found.push(await page.evaluate(measure, [record, 0]));
      moved.push(await page.evaluate(measure, [record, 6]));
    }
    await page.waitForTimeout(400);
  }
  const worst = Math.max(...found);
  check("boxes on the canvas", found.length >= 12 && worst <= 2, `${faces} faces in ${found.length} frames, at most ${worst.toFixed(1)} px off`);
  check("... and boxes that are 6 px off are noticed", Math.min(...moved) > 2, `${Math.min(...moved).toFixed(1)} px`);
}

async function barsSum({ page }) {
  await page.waitForSelector(".face");
  const sums = await page.evaluate(() => [...document.querySelectorAll(".face")].map((card) => {
    const rows = [...card.querySelectorAll("tr")];
    const widths = rows.map((row) => parseFloat(row.querySelector(".bar div").style.width) / 100);
    return [rows.length, widths.reduce((a, b) => a + b, 0)];
  }));
  const good = sums.length > 0 && sums.every(([n, sum]) => n === 7 && Math.abs(sum - 1) < 0.002);
  check("seven bars a face sum to 1", good, JSON.stringify(sums.map(([n, sum]) => [n, Number(sum.toFixed(4))])));
}

async function timelineGrows({ page }) {
  const rows = () => page.evaluate(() => Number(document.querySelector("#timeline").dataset.rows ?? 0));
  const before = await rows();
  await page.waitForTimeout(5000);
  const after = await rows();
  check("the timeline grows", after - before >= 4 && after - before <= 6, `${before} seconds, five seconds later ${after}`);
}

async function pauses({ page }) {
  await page.keyboard.press("Tab");
  const focused = await page.evaluate(() => document.activeElement.id);
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
  const frames = [];
  for (const wait of [0, 1500]) {
    await page.waitForTimeout(wait);
    frames.push(await page.evaluate(() => document.querySelector("#picture").dataset.frame));
  }
  await page.keyboard.press("Enter");
  await page.waitForTimeout(1500);
  frames.push(await page.evaluate(() => document.querySelector("#picture").dataset.frame));
  const good = focused === "pause" && frames[0] === frames[1] && frames[2] !== frames[1];
  check("paused and resumed by keyboard", good, `focus on ${focused}; frames ${frames.join(", ")}`);
}

async function accessible({ page }, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  const others = found.violations.map((v) => `${v.id} (${v.impact}, ${v.nodes.length})`).join(", ") || "none at all";
  check(`axe-core, ${name}`, serious.length === 0, others);
  for (const violation of serious) console.log(`       ${violation.help}: ${violation.nodes[0].html}`);
}

const views = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
};
fs.mkdirSync(folder, { recursive: true });
for (const [name, options] of Object.entries(views)) {
  // axe is put into the page by the browser's own hand, which the page's policy would refuse.
  const opened = await open({ ...options, bypassCSP: true });
  if (name === "desktop") {
    await boxesFit(opened);
    await barsSum(opened);
    await timelineGrows(opened);
    await pauses(opened);
  }
  await opened.page.waitForSelector(".face");
  await opened.page.click("summary");
  await opened.page.waitForTimeout(2500);
  await accessible(opened, name);
  const wide = await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(`no sideways scrolling, ${name}`, wide <= 0, `${wide} px`);
  await opened.page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
  await opened.close();
}
const strict = await open(views.desktop); // with the policy in force
await strict.page.waitForTimeout(3000);
check("no error, no foreign address, with the policy in force", !strict.heard.errors.length && !strict.heard.foreign.length,
  [...strict.heard.errors, ...strict.heard.foreign].join("; ") || "none");
await strict.close();
process.exit(failed ? 1 : 0);
