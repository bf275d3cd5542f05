// The estate as it stands at a moment of the run.
const BEFORE = -1;           // the moment at which nothing has started
const machines = new Map();  // GUID -> machine
const legs = new Map();      // GUID -> numbers of its moves
for (const [id, name, host, memory, state, label, standing, marks] of data.estate.machines) {
  const real = plain(name), entry = label === null ? null : plain(label);
  machines.set(id, { id, name: titled(entry, real), real, entry, host, memory, state, standing, marks });
}
moves.forEach((move, number) => {
  move.volumes = data.volumes[number];
  if (!legs.has(move.id)) legs.set(move.id, []);
  legs.get(move.id).push(number);
});
const moments = [BEFORE, ...[...new Set(moves.flatMap((move) => [move.start, move.end]))].sort((a, b) => a - b)];
const whole = Math.max(0, moments[moments.length - 1]);
const LEFT_OUT = new Set(["waiting", "refused", "unknown", "missing", "ambiguous", "moved by others", "held"]);
const MARKS = { stays: "", waits: "\u25CB ", wanted: "\u25C7 ", moves: "\u25B6 ", done: "\u2713 ", out: "\u2717 " };
const WORDS = { stays: "stays", waits: "will move", wanted: "wanted, no order", moves: "moves now", done: "has moved", out: "left out" };
const movers = [...machines.values()].filter((machine) => legs.has(machine.id));
let now = BEFORE;

// Return [status, host, move that runs or comes next, null where none does].
function stand(machine) {
  const own = legs.get(machine.id);
  if (!own && wanted.has(machine.id)) return ["wanted", machine.host, null];
  if (!own) return [LEFT_OUT.has(machine.standing) ? "out" : "stays", machine.host, null];
  let host = machine.host, done = 0;
  for (const number of own) {
    const move = moves[number];
    if (now < move.start) return ["waits", host, move];
    if (now < move.end) return ["moves", move.from, move];
    host = move.to;
    done += 1;
  }
  return [done === own.length ? "done" : "waits", host, null];
}
// Bytes free of memory or a volume at this moment.
function free(room) {
  if (now === BEFORE) return room.before;
  let found = room.before;
  for (const [second, bytes] of room.course) { if (second > now) break; found = bytes; }
  return found;
}
// Hosts that something happens to: ends of moves, of wanted ones, too, and those of which somebody has said something.
const touched = new Set([...moves, ...wanted.values()].flatMap((move) => [move.from, move.to]));
for (const host of data.estate.hosts) if (host.marks.length) touched.add(host.name);
