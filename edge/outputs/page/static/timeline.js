// The last five minutes: the emotions of each track, hatched where no frame came. Tracks that do not
// meet share a lane.
const SVG = "http://www.w3.org/2000/svg";
const LANE = 22;
const MOST_LANES = 12;

function drawn(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Gaps differ from a gray emotion by more than colour.
function hatching() {
  const pattern = drawn("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse" });
  pattern.append(drawn("path", { d: "M-1 1L1 -1M0 6L6 0M5 7L7 5" }));
  const definitions = drawn("defs", {});
  definitions.append(pattern);
  return definitions;
}

function clock(second) {
  return new Date(1000 * second).toLocaleTimeString();
}

// Turn seconds into stretches of one value: [first, last, value]; `undefined` ends a stretch.
function stretches(rows, valueOf) {
  const found = [];
  let open = null;
  for (const row of rows) {
    const value = valueOf(row);
    if (open && open[2] === value && row.t - open[1] <= 1) open[1] = row.t;
    else {
      open = value === undefined ? null : [row.t, row.t, value];
      if (open) found.push(open);
    }
  }
  return found;
}

// Put each track into the first lane that is free again for two seconds.
function inLanes(tracks) {
  const lanes = [];
  for (const one of [...tracks].sort((a, b) => a.parts[0][0] - b.parts[0][0])) {
    const free = lanes.find((lane) => lane.at(-1).parts.at(-1)[1] + 2 < one.parts[0][0]);
    if (free) free.push(one);
    else lanes.push([one]);
  }
  return lanes;
}

export class Timeline {
  constructor(place, table, unlisted) {
    Object.assign(this, { place, table, unlisted, span: 300, rows: [] });
  }

  reset(span) {
    this.span = span;
    this.rows = [];
  }

  add(rows) {
    this.rows.push(...rows);
    const oldest = this.rows.length ? this.rows.at(-1).t - this.span : 0;
    this.rows = this.rows.filter((row) => row.t > oldest);
    this.place.dataset.rows = this.rows.length;
  }

  draw() {
    const found = [...new Set(this.rows.flatMap((row) => Object.keys(row.tracks)))].map(Number);
    const gaps = stretches(this.rows, (row) => row.gap);
    const tracks = found.sort((one, other) => one - other).map((track) => ({
      track, parts: stretches(this.rows, (row) => row.tracks[track]) }));
    const lanes = inLanes(tracks);
    this.picture(lanes.slice(-MOST_LANES), gaps, tracks.length);
    this.words(tracks, gaps);
    const left = lanes.slice(0, -MOST_LANES).flat().length;
    const more = Math.max(0, ...this.rows.map((row) => row.more ?? 0));
    this.unlisted.hidden = !(left || more);
    this.unlisted.textContent = [
      left ? `${left} tracks are in the table only.` : "",
      more ? `Up to ${more} more faces in one second are not listed.` : "",
    ].join(" ");
  }

  picture(lanes, gaps, tracks) {
    const width = Math.max(280, this.place.clientWidth);
    const height = LANE * Math.max(1, lanes.length) + 20;
    const end = this.rows.length ? this.rows.at(-1).t + 1 : 0;
    const x = (second) => (width * (second - end + this.span)) / this.span;
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img" });
    svg.setAttribute("aria-label", `${tracks} tracks, ${gaps.length} gaps; the table has the details`);
    svg.append(hatching());
    for (let minute = 0; minute <= this.span / 60; minute++) {
      const at = x(end - 60 * minute);
      svg.append(drawn("line", { x1: at, x2: at, y1: 0, y2: height - 16 }));
      const anchor = minute === 0 ? "end" : minute === this.span / 60 ? "start" : "middle";
      const unit = width > 420 ? " min" : "′"; // a phone's width holds no more
      const label = minute ? `−${minute}${unit}` : "now";
      svg.append(drawn("text", { x: at, y: height - 3, "text-anchor": anchor }, label));
    }
    for (const [first, last, reason] of gaps) {
      const place = { x: x(first), y: 0, width: x(last + 1) - x(first), height: height - 20 };
      const gap = drawn("rect", { ...place, class: "gap", fill: "url(#hatch)" });
      gap.append(drawn("title", {}, reason));
      svg.append(gap);
    }
    lanes.forEach((lane, row) => lane.forEach(({ track, parts }) => parts.forEach(([first, last, emotion], number) => {
      const y = LANE * row;
      const place = { x: x(first), y: y + 2, width: Math.max(2, x(last + 1) - x(first)), height: LANE - 4 };
      const part = drawn("rect", { ...place, class: emotion });
      part.append(drawn("title", {}, `track ${track}: ${emotion}`));
      svg.append(part);
      const words = [`#${track} ${emotion}`, `#${track} ${emotion.slice(0, 2)}`, `#${track}`].slice(number ? 3 : 0);
      const text = [...words, emotion, emotion.slice(0, 2)].find((word) => 7.2 * word.length + 6 < place.width);
      if (text) svg.append(drawn("text", { x: place.x + 3, y: y + 15, class: `inside ${emotion}` }, text));
    })));
    this.place.replaceChildren(svg);
  }

  words(tracks, gaps) {
    if (!this.table.parentElement.open) return;
    const rows = tracks.map(({ track, parts }) => {
      const seconds = {};
      for (const [first, last, emotion] of parts) seconds[emotion] = (seconds[emotion] ?? 0) + last - first + 1;
      const shares = Object.entries(seconds).sort((a, b) => b[1] - a[1]).map(([e, s]) => `${e} ${s} s`);
      return [`#${track}`, clock(parts[0][0]), clock(parts.at(-1)[1]), shares.join(", ")];
    });
    const faces = this.list("Faces", ["Track", "First seen", "Last seen", "Emotions"], rows);
    const missing = gaps.map(([first, last, reason]) => [clock(first), `${last - first + 1} s`, reason]);
    this.table.replaceChildren(faces, this.list("Gaps", ["From", "For", "Why"], missing));
  }

  list(caption, heads, rows) {
    const table = document.createElement("table");
    table.createCaption().textContent = rows.length ? caption : `${caption}: none`;
    const head = table.createTHead().insertRow();
    for (const name of rows.length ? heads : []) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const cell of row) line.insertCell().textContent = cell;
    }
    return table;
  }
}
