// Tables and lists. A column: its head, what a row has in it, and whether that is a number, which stands right, as its head does.
function fill(table, caption, heads, rows) {
  const sort = (head) => head.number ? "number" : "";
  table.append(make("caption", { textContent: caption }));
  table.append(make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads.map((head) =>
    make("th", { scope: "col", role: "columnheader", className: sort(head), textContent: head.head })))));
  table.append(make("tbody", { role: "rowgroup" }, ...rows.map((row) => make("tr", { role: "row" }, ...heads.map((head) => {
    const cell = head.cell(row);
    const td = make("td", { role: "cell", className: sort(head), "data-head": head.head }, cell);
    td.classList.toggle("blank", cell === "");  // on a phone it would be a head alone
    return td;
  })))));
  table.setAttribute("role", "table");  // on a phone its rows are blocks, which alone would take its meaning
}
const text = (head, cell) => ({ head, cell, number: false });
const number = (head, cell) => ({ head, cell: (row) => String(cell(row)), number: true });
function pick(move) {
  const machine = machines.get(move.id), title = titled(plain(move.label), machine ? machine.real : plain(move.label));
  return make("button", { type: "button", textContent: title, onclick: () => choose(move.id, true) });
}
// As in the comment: what is shorter than a screen can say is none.
const still = (move) => move.blackout < 0.005 ? "none" : move.blackout.toFixed(1) + " s";
const kind = (move) => move.type + (move.aside ? ", aside" : "");
function tables() {
  const drift = new Set(data.base ? data.base.drift : []);
  fill(at("moves"), `${plan.totals.moves} move${plan.totals.moves === 1 ? "" : "s"}, by their starts`, [
    number("Wave", (move) => move.wave), text("Machine", pick), text("From", (move) => plain(move.from)), text("To", aim),
    text("Kind", kind), number("Size", (move) => size(move.bytes)), number("Starts", (move) => clock(move.start)),
    number("Takes", (move) => clock(move.seconds)), number("Blackout", still),
    text("After", (move) => [...new Set(move.after.map((other) => plain(moves[other].label)))].join(", ")),
    text("Why", (move) => plain(move.reason) + (drift.has(move.number) ? " (drift)" : "")),
  ], moves);
  fill(at("wanted"), `${wanted.size} move${wanted.size === 1 ? " that is wanted, and has" : "s that are wanted, and have"} no order`, [
    text("Machine", pick), text("From", (move) => plain(move.from)), text("To", aim), text("Kind", kind), text("Why", (move) => plain(move.reason)),
  ], [...wanted.values()]);
  at("wanted-part").hidden = wanted.size === 0;
  at("moves-part").hidden = at("gantt-part").hidden = moves.length === 0;
  const known = (room, shown) => room.known ? shown : "not known";
  fill(at("rooms"), "Free before, at the tightest moment, and after", [
    text("Host", (room) => plain(room.host)), text("What", (room) => room.volume ? plain(room.volume) : "memory"),
    number("Free before", (room) => size(room.before)), number("Least", (room) => known(room, size(room.least))),
    number("At", (room) => room.known ? clock(room.least_at) : ""), number("Free after", (room) => known(room, size(room.after))),
    number("Of", (room) => size(room.capacity)), number("Kept free", (room) => size(room.kept)),
  ], data.rooms);
  at("rooms-part").hidden = data.rooms.length === 0;
}
function list(id, lines) {
  if (!lines.length) return;
  at(id).append(...lines.map((line) => make("li", { textContent: line })));
  at(id + "-part").hidden = false;
}
const todo = (remedy) => remedy ? ". To do: " + plain(remedy) : "";
const shown = (finding) => `${finding.severity === "refusal" ? "Stops it" : "Warning"}: ${lined(finding.text)}${todo(finding.remedy)}`;
const changed = (field) => `${plain(field.before ?? "not declared")} \u2192 ${plain(field.after ?? "not declared")}`;
function out() {
  const found = [];
  for (const [standing, those] of Object.entries(plan.machines)) {
    for (const machine of those) {
      if (LEFT_OUT.has(standing) || machine.findings.length) found.push([plain(machine.label) + ": " + standing, ...machine.findings.map(shown)].join("\n"));
    }
  }
  return found;
}
function lists() {
  list("trust", (data.trust ? data.trust.changes : []).map((change) => `${plain(change.subjects.join(", ") || "the file")}: ${plain(change.name)}: ${changed(change)}`));
  list("findings", plan.findings.map(shown));
  list("doctor", data.doctor.map((each) => `${plain(each.where)}: ${lined(each.text)}. ${lined(each.breaks)}${todo(each.remedy)}`));
  list("out", out());
  list("changes", (data.base ? data.base.changes : []).map((change) =>
    [`${change.section} ${plain(change.label)}: ${change.kind}`, ...change.fields.map((field) => `${plain(field.name)}: ${changed(field)}`)].join("\n")));
}
