// A row for each move, by its start; lines where a wave begins. As wide as there is room.
const ROW = 20, LEAST = 240;
let gantted = { label: 0, scale: 0 };
const scaled = (seconds) => Math.max(0, seconds) / (whole || 1) * gantted.scale;
function short(text, most) { return text.length > most ? text.slice(0, most - 1) + "\u2026" : text; }
function gantt() {
  const frame = at("gantt-frame"), width = frame.clientWidth || 900, narrow = width < 600;
  const label = narrow ? 120 : 210, scale = Math.max(LEAST, width - label - 24);
  gantted = { label, scale };
  const height = (moves.length + 1) * ROW + 6;
  const svg = draw("svg", { width: label + scale + 16, height, role: "img", "aria-label": `${moves.length} moves in ${plan.totals.waves} waves over ${clock(whole)}; the table of moves has the same` });
  for (const part of narrow ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(draw("text", { x: label + part * scale, y: 13, "text-anchor": part === 1 ? "end" : part ? "middle" : "start" }, clock(part * whole)));
  }
  let wave = 0;
  moves.forEach((move, number) => {
    const y = (number + 1) * ROW, name = plain(move.label);
    svg.append(draw("text", { x: 4, y: y + 14 }, `${short(name, narrow ? 11 : 24)} (${move.wave})`));
    const bar = draw("rect", { x: label + scaled(move.start), y: y + 3, width: Math.max(2, scaled(move.end - move.start)), height: ROW - 6, class: move.aside ? "aside" : "move" });
    bar.append(draw("title", {}, `${name}: ${way(move)}, ${clock(move.start)} to ${clock(move.end)}`));
    svg.append(bar);
    if (move.wave > wave) { svg.append(draw("line", { x1: label, x2: label + scale, y1: y + 0.5, y2: y + 0.5, class: "wave" })); wave = move.wave; }
  });
  svg.append(draw("line", { id: "gantt-now", class: "now", x1: label, x2: label, y1: ROW, y2: height }));
  frame.replaceChildren(svg);
  mark();
}
function mark() {  // the moment that the map shows
  const line = at("gantt-now"), x = gantted.label + scaled(now);
  if (line) { line.setAttribute("x1", x); line.setAttribute("x2", x); }
}
