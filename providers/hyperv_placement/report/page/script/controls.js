// What a reader does: keyboard in the map, search, which hosts are shown, zoom, colours, and the moment of the run.
estate.addEventListener("click", (event) => {
  const button = event.target.closest("button.vm");
  if (button) choose(button.dataset.id, false);
});
const blocksOf = (column) => column.hidden || !column.querySelectorAll ? [] : [...column.querySelectorAll("button.vm")];
estate.addEventListener("keydown", (event) => {
  const button = event.target.closest("button.vm");
  if (!button) return;
  const host = button.closest(".host"), all = blocksOf(host), place = all.indexOf(button);
  let next = { ArrowDown: all[place + 1], ArrowUp: all[place - 1], Home: all[0], End: all[all.length - 1] }[event.key] || null;
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    const side = event.key === "ArrowRight" ? "nextElementSibling" : "previousElementSibling";
    for (let column = host[side]; column && !next; column = column[side]) {
      const there = blocksOf(column);
      next = there[Math.min(place, there.length - 1)];
    }
  }
  if (next) { focusable(next); next.focus(); event.preventDefault(); }
});

// -- which hosts: of many those alone that something happens to, and what is looked for
const MANY = 8;
const few = at("few");
let looked = "";
few.checked = columns.size > MANY && touched.size > 0 && touched.size < columns.size;
at("few-label").hidden = touched.size === 0 || touched.size === columns.size;
function visible() {
  let count = 0;
  for (const [name, { column }] of columns) {
    const found = looked !== "" && (column.classList.contains("hit") || column.querySelector("button.vm:not(.faint)") !== null);
    column.hidden = few.checked && !touched.has(name) && !found;
    count += Number(!column.hidden);
  }
  at("shown").textContent = count === columns.size ? `${count} hosts` : `${count} of ${columns.size} hosts`;
  arrow();
}
few.addEventListener("change", visible);

// -- search: of machines and hosts; what is not found fades, with its arrow
function hits(words) {
  const has = (text) => (text || "").toLocaleLowerCase().includes(words);
  const found = { machines: 0, hosts: 0, first: null };
  for (const { host, column } of columns.values()) {
    const hit = words !== "" && has(plain(host.name));
    column.classList.toggle("hit", hit);
    found.hosts += Number(hit);
    if (hit) found.first = found.first || column;
  }
  let first = null;
  for (const machine of machines.values()) {
    const { button, host } = blocks.get(machine.id);
    const hit = !words || has(machine.entry) || has(machine.real) || has(host) || machine.id.toLocaleLowerCase() === words;
    button.classList.toggle("faint", !hit);
    guests.get(machine.id)?.box.classList.toggle("faint", !hit);
    found.machines += Number(hit);
    if (hit) first = first || button;
  }
  return { ...found, first: first || found.first, machine: first };
}
at("search").addEventListener("input", () => {
  looked = at("search").value.trim().toLocaleLowerCase();
  const { machines: count, hosts, first, machine } = hits(looked);
  at("found").textContent = looked ? `${count} of ${machines.size} machines, ${hosts} of ${columns.size} hosts` : "";
  if (looked && machine) focusable(machine);
  visible();
  if (!looked || !first) return;
  const frame = at("estate-frame"), box = first.getBoundingClientRect(), edge = frame.getBoundingClientRect();
  frame.scrollBy({ left: box.left - edge.left - (edge.width - box.width) / 2, top: box.top - edge.top - edge.height / 3 });
});

// -- zoom: everything in the map is measured in its letters
const ZOOMS = [0.5, 0.75, 1, 1.5, 2];
let zoomed = 1;
function zoom(to) {
  zoomed = to;
  estate.style.fontSize = to * 13 + "px";
  at("zoom").textContent = Math.round(to * 100) + " %";
  at("smaller").disabled = to === ZOOMS[0];
  at("larger").disabled = to === ZOOMS[ZOOMS.length - 1];
  arrow();
}
at("smaller").addEventListener("click", () => zoom(ZOOMS[ZOOMS.indexOf(zoomed) - 1]));
at("larger").addEventListener("click", () => zoom(ZOOMS[ZOOMS.indexOf(zoomed) + 1]));

// -- colours
const dark = matchMedia("(prefers-color-scheme: dark)");
function isDark() { return (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark"; }
function pressed() { at("theme").setAttribute("aria-pressed", String(isDark())); }
at("theme").addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; pressed(); });
dark.addEventListener("change", pressed);

// -- the moment: before the run, in it, after it
const time = at("time"), LAST = moments.length - 1, VIEWS = { before: () => 0, during: () => Math.min(1, LAST), after: () => LAST };
function told() {
  if (!moves.length) {
    return wanted.size === 0 ? "Nothing moves"
      : wanted.size === 1 ? "1 move is wanted, and there is no order for it"
      : `${wanted.size} moves are wanted, and there is no order for them`;
  }
  if (now === BEFORE) return `Before the run: ${moves.length} move${moves.length === 1 ? "" : "s"} to come, ${clock(whole)} in all`;
  const running = moves.filter((move) => now >= move.start && now < move.end).length;
  const done = moves.filter((move) => now >= move.end).length;
  return `${clock(now)} of ${clock(whole)}: ${done} of ${moves.length} done, ${running} under way`;
}
function step(number) {
  now = moments[number];
  time.value = String(number);
  for (const machine of movers) { place(machine); guest(machine); }
  const view = number === 0 ? "before" : number === LAST ? "after" : "during";
  for (const name of Object.keys(VIEWS)) at(name).setAttribute("aria-pressed", String(name === view));
  fills();
  arrow();
  mark();
  at("moment").textContent = told();
  time.setAttribute("aria-valuetext", told());
}
time.max = String(LAST);
at("moments").hidden = at("views").hidden = LAST === 0;  // nothing moves
time.addEventListener("input", () => step(Number(time.value)));
const go = (by) => step(Math.min(LAST, Math.max(0, Number(time.value) + by)));
at("back").addEventListener("click", () => go(-1));
at("on").addEventListener("click", () => go(1));
for (const [name, number] of Object.entries(VIEWS)) at(name).addEventListener("click", () => step(number()));
let playing = null;
function stop() { clearInterval(playing); playing = null; at("play").setAttribute("aria-pressed", "false"); at("play").textContent = "Play"; }
at("play").addEventListener("click", () => {
  if (playing) { stop(); return; }
  if (Number(time.value) >= LAST) step(0);
  playing = setInterval(() => { if (Number(time.value) >= LAST) stop(); else go(1); }, 600);
  at("play").setAttribute("aria-pressed", "true");
  at("play").textContent = "Pause";
});
let width = innerWidth;
addEventListener("resize", () => {  // a phone's bars come and go, and change no width
  if (innerWidth !== width) { width = innerWidth; gantt(); }
  arrow();
});
