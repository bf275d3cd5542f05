// One machine: what is known of it, and each of its moves.
let chosen = null;
function relocated(move) {
  return move.disks.filter((disk) => disk.from !== disk.to).map((disk) => [plain(disk.slot), `${plain(disk.from)} \u2192 ${plain(disk.to)}`]);
}
function about(machine) {
  const rows = [
    ["Name", machine.real], ["Entry", machine.entry === null ? "not declared" : machine.entry + ", " + machine.standing],
    ["Host", plain(machine.host)], ["Memory", mib(machine.memory)], ["State", machine.state], ["GUID", machine.id],
  ];
  if (machine.marks.length) rows.push(["Kept", machine.marks.map(plain).join(", ")]);
  for (const move of (legs.get(machine.id) || []).map((each) => moves[each])) {
    rows.push([`Move in wave ${move.wave}`, `${way(move)}, ${kind(move)}, ${size(move.bytes)}, ${clock(move.start)} to ${clock(move.end)}, blackout about ${still(move)}: ${plain(move.reason)}`]);
    rows.push(...relocated(move));
  }
  const move = wanted.get(machine.id);
  if (move) rows.push(["Move that is wanted", `${way(move)}, ${kind(move)}, no order: ${plain(move.reason)}`], ...relocated(move));
  return rows;
}
function choose(id, seek) {
  if (chosen) blocks.get(chosen)?.button.classList.remove("chosen");
  chosen = id;
  const machine = machines.get(id);
  if (!machine) return;
  const { button, host } = blocks.get(id);
  button.classList.add("chosen");
  columns.get(host).column.hidden = false;
  focusable(button);
  if (seek) button.scrollIntoView({ block: "nearest", inline: "center" });
  const terms = about(machine).flatMap(([term, value]) => [make("dt", { textContent: term }), make("dd", { textContent: value })]);
  at("machine").replaceChildren(make("dl", {}, ...terms));
  arrow();
}
let entry = null;  // the one block that Tab leads to
function focusable(button) {
  if (entry) entry.tabIndex = -1;
  entry = button;
  entry.tabIndex = 0;
}
