// Columns of hosts and blocks of machines, made once; a step of the slider moves only what changes.
const MIN_EM = 1.6, EM_PER_GIB = 0.24, MAX_EM = 12;
const estate = at("estate"), columns = new Map(), blocks = new Map(), guests = new Map();
const rooms = new Map();
for (const room of data.rooms) rooms.set(room.host, [...(rooms.get(room.host) || []), room]);
const arrows = draw("svg", { id: "arrows", role: "img", "aria-label": "Arrows from where machines are to where they go" });
estate.append(arrows);  // first: what follows lies above it

function meter(name, capacity, kept) {
  const text = make("p", { className: "room" }), fill = make("div", { className: "used" });
  const bar = make("div", { className: "bar", "aria-hidden": "true" }, fill);
  if (capacity && kept) {
    const reserve = make("div", { className: "kept" });
    reserve.style.width = 100 * Math.min(1, kept / capacity) + "%";
    bar.append(reserve);
  }
  const box = make("div", { className: "meter" }, text, bar);
  return { name, capacity, kept, text, fill, box, shown: undefined };
}
function show(shown, bytes) {
  if (shown.shown === bytes) return;
  shown.shown = bytes;
  const what = shown.name ? plain(shown.name) + " " : "";
  const left = bytes === null || shown.capacity === null ? what + (shown.name ? "room not known" : "memory not known") : `${what}${size(bytes)} of ${size(shown.capacity)} free`;
  shown.text.textContent = left + (shown.kept ? `, ${size(shown.kept)} kept free` : "");
  shown.fill.style.transform = "scaleX(" + (shown.capacity && bytes !== null ? Math.min(1, Math.max(0, 1 - bytes / shown.capacity)) : 0) + ")";
}
for (const host of data.estate.hosts) {
  const list = make("ul", { className: "vms", "aria-label": "Machines on " + plain(host.name) });
  const column = make("div", { className: "host" }, make("h3", { textContent: plain(host.name) }));
  for (const mark of host.marks) {
    column.append(make("p", { className: "mark", textContent: plain(mark.text) }));
    column.classList.add(mark.kind);
  }
  const memory = meter("", host.memory, host.kept), disks = new Map();
  column.append(memory.box);
  for (const room of rooms.get(host.name) || []) {
    if (room.kind === "memory") continue;
    const disk = meter(room.volume, room.capacity, room.kept);
    disks.set(room.volume, { room, disk });
    column.append(disk.box);
  }
  if (host.silent) {
    column.classList.add("silent");
    memory.box.replaceChildren(make("p", { className: "room", textContent: "did not answer" }));
  }
  column.append(list);
  estate.append(column);
  columns.set(host.name, { host, column, list, memory, disks });
}
function block(machine) {
  const button = make("button", { type: "button", className: "vm", tabIndex: -1 });
  const gib = (machine.memory || 0) / 1024;
  button.style.height = Math.min(MAX_EM, Math.max(MIN_EM, gib * EM_PER_GIB)) + "em";
  button.dataset.id = machine.id;
  return { item: make("li", {}, button), button, status: null, host: null };
}
const places = new Map();  // what stands in a column -> its place among all machines, so that the way back leads to the same picture
for (const machine of machines.values()) {
  blocks.set(machine.id, block(machine));
  places.set(blocks.get(machine.id).item, places.size);
}
function put(column, item, place) {
  places.set(item, place);
  const last = column.list.lastElementChild;
  const next = last && places.get(last) > place ? [...column.list.children].find((each) => places.get(each) > place) : null;
  column.list.insertBefore(item, next);
}

// What stands behind a name in its block: where its files go, then what is to be known of it.
function tail(machine, status, move) {
  const found = [];
  if (move && move.from === move.to && volumes(move)) found.push(volumes(move));
  if (status === "wanted" && wanted.get(machine.id).from === wanted.get(machine.id).to) found.push(volumes(wanted.get(machine.id)));
  if (machine.state !== "running") found.push(machine.state === "other" ? "between states" : machine.state);
  return [...found, ...machine.marks].filter(Boolean);
}
function place(machine) {
  const [status, host, move] = stand(machine), shown = blocks.get(machine.id), said = tail(machine, status, move);
  if (shown.host !== host) {
    const column = columns.get(host);
    if (column) put(column, shown.item, places.get(shown.item));
    shown.host = host;
  }
  const text = MARKS[status] + machine.name, badges = said.join(", ");
  if (shown.status !== status || shown.badges !== badges) {
    for (const old of Object.keys(MARKS)) shown.button.classList.toggle(old, old === status);
    shown.button.classList.toggle("off", machine.state !== "running");
    shown.button.replaceChildren(text, ...said.map((each) => make("span", { className: "badge", textContent: plain(each) })));
    shown.button.title = [machine.name, WORDS[status], ...said].join(", ");
    shown.status = status;
    shown.badges = badges;
  }
  shown.button.setAttribute("aria-label", [machine.name, WORDS[status], ...said, "on " + plain(host), mib(machine.memory)].join(", "));
}
function guest(machine) {  // the room that a running move holds at its destination
  const [status, , move] = stand(machine), there = guests.get(machine.id);
  if (status !== "moves" || move.to === move.from) {
    if (there) { there.item.remove(); places.delete(there.item); guests.delete(machine.id); }
    return;
  }
  if (there && there.number === move.number) return;
  if (there) { there.item.remove(); places.delete(there.item); }
  const box = make("div", { className: "vm guest", textContent: "\u2190 " + machine.name });
  box.style.height = blocks.get(machine.id).button.style.height;
  box.classList.toggle("faint", blocks.get(machine.id).button.classList.contains("faint"));
  const item = make("li", { "aria-hidden": "true" }, box);
  put(columns.get(move.to), item, places.get(blocks.get(machine.id).item));
  guests.set(machine.id, { item, box, number: move.number });
}
function fills() {
  for (const [name, { host, memory, disks }] of columns) {
    if (host.silent) continue;
    const room = (rooms.get(name) || []).find((each) => each.kind === "memory");
    show(memory, room ? free(room) : host.free);
    for (const { room, disk } of disks.values()) show(disk, room.known || now === BEFORE ? free(room) : null);
  }
}
