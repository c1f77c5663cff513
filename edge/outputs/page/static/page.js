// The page: takes one message after the other, draws it, acknowledges it, and gets the newest.
import { Timeline } from "/timeline.js";

const $ = (id) => document.getElementById(id);
const canvas = $("picture");
const paint = canvas.getContext("2d");
const timeline = new Timeline($("timeline"), $("table"), $("unlisted"));
const percent = (share) => `${Math.round(100 * share)} %`;
const pause = (ms) => new Promise((go) => setTimeout(go, ms));
let hello = {};
let paused = false;
let labelledAt = 0;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function setText(target, text) {
  if (target.textContent !== text) target.textContent = text; // a screen reader hears changes only
}

function split(buffer) {
  const length = new DataView(buffer).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return [head, new Uint8Array(buffer, 4 + length)];
}

function greet(given) {
  hello = given;
  timeline.reset(given.span_s);
  setText($("camera"), given.camera);
  document.title = `${given.camera}: edge-emo, live`;
  setText($("about"), `edge-emo ${given.version}, model ${given.model} ${given.model_version}`);
}

function showState(state) {
  $("state").dataset.state = state.state;
  const since = state.since ? `, since ${new Date(state.since).toLocaleTimeString()}` : "";
  setText($("state"), state.state === "open" ? state.words : state.words + since);
  const over = state.state !== "open";
  if (over) blank();
  $("over").hidden = !over;
  setText($("none"), over ? "No picture is analysed" : "No faces");
  setText($("over"), over ? state.words : "");
}

function blank() {
  paint.clearRect(0, 0, canvas.width, canvas.height);
  delete canvas.dataset.frame;
  showFaces([]);
}

async function showRecord(record, jpeg) {
  let picture = null;
  if (jpeg.length) picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  else if (hello.video) return; // nobody watched when this frame came; the next has its picture
  const [width, height] = picture ? [picture.width, picture.height] : scaledTo(960, record.size);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  if (picture) paint.drawImage(picture, 0, 0);
  else paint.clearRect(0, 0, width, height);
  for (const face of record.faces) if (face.box) drawBox(face, width / record.size[0]);
  picture?.close();
  canvas.dataset.frame = record.frame;
  showFaces(record.faces);
  if (performance.now() - labelledAt > 1000) {
    labelledAt = performance.now();
    const who = record.faces.map((f) => `track ${f.track} ${f.emotion} ${percent(f.confidence)}`);
    canvas.setAttribute("aria-label", `Picture. ${who.join(", ") || "No faces"}`);
  }
}

function scaledTo(width, size) {
  return [width, Math.round((width * size[1]) / size[0])];
}

function color(emotion) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${emotion}`).trim();
}

function drawBox(face, scale) {
  const [x, y, width, height] = face.box.map((n) => n * scale);
  for (const [style, thick] of [["#000", 6], [color(face.emotion), 3]]) {
    paint.strokeStyle = style;
    paint.lineWidth = thick;
    paint.strokeRect(x, y, width, height);
  }
  const label = `#${face.track} ${face.emotion} ${percent(face.confidence)}`;
  const unit = Math.max(1, (0.75 * canvas.width) / canvas.clientWidth); // readable on a phone, too
  paint.font = `bold ${16 * unit}px system-ui, sans-serif`;
  const room = paint.measureText(label).width + 8 * unit;
  const high = 22 * unit;
  const left = Math.max(0, Math.min(x - 3, canvas.width - room));
  const top = y >= high + 6 ? y - high - 6 : y + 4;
  paint.fillStyle = "#000";
  paint.fillRect(left, top, room, high);
  paint.fillStyle = "#fff";
  paint.fillText(label, left + 4 * unit, top + 16 * unit);
}

const shown = new Map(); // track -> its element

function showFaces(faces) {
  $("none").hidden = faces.length > 0;
  const now = new Set(faces.map((face) => face.track));
  for (const [track, card] of shown) {
    if (!now.has(track)) {
      card.remove();
      shown.delete(track);
    }
  }
  for (const face of faces) {
    if (!shown.has(face.track)) {
      shown.set(face.track, makeCard(face));
      $("faces").append(shown.get(face.track));
    }
    const card = shown.get(face.track);
    card.className = `face ${face.emotion}`;
    setText(card.querySelector("h3"), `Track ${face.track}: ${face.emotion}, ${percent(face.confidence)}`);
    for (const row of card.querySelectorAll("tr")) {
      const score = face.scores[row.dataset.emotion];
      row.dataset.score = score;
      row.querySelector(".bar div").style.width = `${100 * score}%`;
      setText(row.lastElementChild, percent(score));
    }
  }
}

function makeCard(face) {
  const card = element("article", "face");
  const table = element("table");
  for (const emotion of Object.keys(face.scores)) {
    const row = element("tr");
    row.dataset.emotion = emotion;
    const name = element("th", "", emotion);
    name.scope = "row";
    const cell = element("td");
    const bar = element("div", `bar ${emotion}`);
    bar.append(element("div"));
    cell.append(bar);
    row.append(name, cell, element("td"));
    table.append(row);
  }
  card.append(element("h3"), table);
  return card;
}

function showFigures(figures) {
  if (!("fps" in figures)) return;
  const stages = Object.entries(figures.ms).map(([name, ms]) => `${name} ${ms} ms`);
  const limited = Object.entries(figures.throttled ?? {}).filter(([, now]) => now).map(([kind]) => kind);
  const rows = {
    "Frames a second": figures.fps,
    "Time of each stage": stages.join(", ") || "none analysed",
    "Dropped": Object.entries(figures.dropped).map(([where, n]) => `${where} ${n}`).join(", "),
    "Memory": figures.memory_mb ? `${figures.memory_mb} MB` : "unknown",
    "Temperature": figures.temperature_c == null ? "unknown" : `${figures.temperature_c.toFixed(0)} °C`,
    "Throttling": figures.throttled && Object.keys(figures.throttled).length
      ? limited.join(", ").replaceAll("_", " ") || "none" : "unknown",
    "Off switch": $("state").dataset.state === "off" ? "on: the camera is closed" : "not set",
  };
  const list = $("figures");
  if (!list.children.length) {
    for (const name of Object.keys(rows)) list.append(element("dt", "", name), element("dd"));
  }
  Object.values(rows).forEach((value, place) => setText(list.children[2 * place + 1], String(value)));
}

async function show(buffer) {
  const [head, jpeg] = split(buffer);
  if (head.hello) greet(head.hello);
  if (head.rows) timeline.add(head.rows);
  if (paused) return;
  showState(head.state);
  if (head.record && head.state.state === "open") await showRecord(head.record, jpeg);
  if (head.figures) showFigures(head.figures);
  if (head.rows) timeline.draw();
}

function connect(attempt) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  let opened = false;
  socket.onmessage = async (message) => {
    opened = true;
    try {
      await show(message.data);
    } finally {
      if (document.hidden) await pause(1000); // nobody looks: spare the device
      if (socket.readyState === WebSocket.OPEN) socket.send("ack");
    }
  };
  socket.onclose = async () => {
    showState({ state: "lost", words: "no connection; trying again", since: "" });
    await pause(Math.min(500 * 2 ** attempt, 5000));
    connect(opened ? 0 : attempt + 1);
  };
}

$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
});
addEventListener("resize", () => timeline.draw());
connect(0);
