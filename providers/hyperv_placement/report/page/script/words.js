// Of the data, elements, and words. All text goes through textContent: names of machines come from hosts and files, and are never markup.
const data = JSON.parse(document.getElementById("data").textContent);
const plan = data.plan, moves = plan.moves, wanted = new Map(data.wanted.map((move) => [move.id, move]));
const at = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function make(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key in node) node[key] = value; else node.setAttribute(key, value);
  }
  node.append(...children);  // strings become text nodes
  return node;
}
function draw(tag, attributes, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
function size(bytes) {
  if (bytes === null) return "?";
  const sign = bytes < 0 ? "-" : "";
  let left = Math.abs(bytes);
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (left < 1024) return sign + left.toFixed(1).replace(/\.0$/, "") + " " + unit;
    left /= 1024;
  }
  return sign + left.toFixed(1).replace(/\.0$/, "") + " TiB";
}
function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return String(Math.floor(whole / 60)).padStart(2, "0") + ":" + String(whole % 60).padStart(2, "0");
}
// What would steer the text around it is shown as a mark, as in the terminal.
function plain(text) {
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{DI}\p{Zl}\p{Zp}\u2800]/gu, (c) => "\\u" + c.codePointAt(0).toString(16).padStart(4, "0"));
}
const lined = (text) => text.split("\n").map(plain).join("\n");

// A machine is known by its entry to those who declare it, and by its name to the host.
function titled(entry, real) {
  if (entry === null) return real;
  return entry.toLowerCase() === real.toLowerCase() ? entry : `${entry} (${real})`;
}
const mib = (count) => size((count || 0) * 1048576);

// Which volumes a move takes files from and to, as far as they differ.
function volumes(move) {
  const [from, to] = move.volumes;
  return to.length ? `${from.map(plain).join(", ")} \u2192 ${to.map(plain).join(", ")}` : "";
}
function aim(move) {
  if (move.from !== move.to) return plain(move.to);
  return volumes(move) ? `stays, ${volumes(move)}` : "stays";
}
const way = (move) => `${plain(move.from)} \u2192 ${aim(move)}`;
