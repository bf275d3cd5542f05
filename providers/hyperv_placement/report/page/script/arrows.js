// Arrows: of moves that run, of those that come next, and of those that are wanted without an order. They lie behind every label.
const NEAR = 400;
function pointed() {
  const found = [];
  for (const machine of movers) {
    const [status, , move] = stand(machine);
    if (move) found.push({ machine, move, kind: status === "moves" ? "now" : "later" });
  }
  found.sort((a, b) => Number(b.kind === "now") - Number(a.kind === "now") || a.move.start - b.move.start);
  for (const move of wanted.values()) {
    const machine = machines.get(move.id);
    if (machine) found.push({ machine, move, kind: "wanted" });
  }
  return found.slice(0, NEAR);
}
// Where an arrow ends: the room that is held, the host, or the volume of its own host to which files go.
function target(machine, move) {
  const held = guests.get(machine.id), column = columns.get(move.to);
  if (held) return { box: held.box, inside: false };
  if (!column) return null;
  if (move.from !== move.to) return { box: column.column.querySelector("h3"), inside: false };
  const disk = column.disks.get(move.volumes[1][0]);
  return disk ? { box: disk.disk.box, inside: true } : null;
}
function bow(from, to, inside, frame) {
  const y1 = from.top + from.height / 2 - frame.top, y2 = to.top + to.height / 2 - frame.top;
  if (inside) {  // along the left edge, up to the volume of the same host
    const x = Math.min(from.left, to.left) - frame.left;
    return { d: `M${from.left - frame.left},${y1} C${x - 18},${y1} ${x - 18},${y2} ${x},${y2}`, x, y: y2, tip: -6 };
  }
  const right = to.left > from.left, under = to.left === from.left;  // in a column of the next row: along the left edges
  const x1 = (right ? from.right : from.left) - frame.left, x2 = (right || under ? to.left : to.right) - frame.left;
  const out = right ? 18 : -18, back = right || under ? -18 : 18;
  return { d: `M${x1},${y1} C${x1 + out},${y1} ${x2 + back},${y2} ${x2},${y2}`, x: x2, y: y2, tip: right || under ? -6 : 6 };
}
function arrow() {
  const frame = estate.getBoundingClientRect(), drawn = [], shapes = [];
  for (const { machine, move, kind } of pointed()) {
    const { button } = blocks.get(machine.id), end = target(machine, move);
    if (!end || !button.isConnected) continue;
    const column = end.box.closest(".host").getBoundingClientRect(), box = end.box.getBoundingClientRect();
    const to = { left: column.left, right: column.right, top: box.top, height: box.height };
    const own = button.closest(".host").getBoundingClientRect(), from = button.getBoundingClientRect();
    drawn.push({
      line: bow({ left: own.left, right: own.right, top: from.top, height: from.height }, to, end.inside, frame), machine,
      kind: kind + (button.classList.contains("faint") ? " faint" : "") + (machine.id === chosen ? " picked" : ""),
    });
  }
  for (const { line, kind, machine } of drawn) {  // all is measured before anything is changed
    shapes.push(
      draw("path", { d: line.d, class: kind, "data-id": machine.id }),
      draw("polygon", { points: `${line.x},${line.y} ${line.x + line.tip},${line.y - 4} ${line.x + line.tip},${line.y + 4}`, class: kind }),
    );
  }
  arrows.replaceChildren(...shapes);
}
