"use strict";
// Draws a review: hosts as columns, machines as blocks, moves as arrows, at any moment of the run. All text goes through
// textContent: names of machines come from hosts and files, and are never markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const plan = data.plan, moves = plan.moves, wanted = new Map(data.wanted.map((move) => [move.id, move]));
  const at = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const MIN_PX = 18, PX_PER_GIB = 3, MAX_PX = 160, ROW = 18, LABEL = 190, SCALE = 900, NEAR = 400;

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
    const whole = Math.round(seconds);
    return String(Math.floor(whole / 60)).padStart(2, "0") + ":" + String(whole % 60).padStart(2, "0");
  }
  // What would steer the text around it is shown as a mark, as in the terminal.
  function plain(text) {
    return String(text).replace(/[\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{DI}\p{Zl}\p{Zp}\u2800]/gu, (c) => "\\u" + c.codePointAt(0).toString(16).padStart(4, "0"));
  }

  // A machine is known by its entry to those who declare it, and by its name to the host.
  function titled(entry, real) {
    if (entry === null) return real;
    return entry.toLowerCase() === real.toLowerCase() ? entry : `${entry} (${real})`;
  }

  // -- the estate as it stands at a moment
  const machines = new Map();  // GUID -> machine
  const legs = new Map();      // GUID -> numbers of its moves
  for (const [id, name, host, memory, state, label, standing] of data.estate.machines) {
    const real = plain(name), entry = label === null ? null : plain(label);
    machines.set(id, { id, name: titled(entry, real), real, entry, host, memory, state, standing });
  }
  moves.forEach((move, number) => {
    if (!legs.has(move.id)) legs.set(move.id, []);
    legs.get(move.id).push(number);
  });
  const moments = [...new Set([0, ...moves.flatMap((move) => [move.start, move.end])])].sort((a, b) => a - b);
  const LEFT_OUT = new Set(["waiting", "refused", "unknown", "missing", "ambiguous", "moved by others", "held"]);

  function stand(machine, now) {  // -> [status, host, move that runs]
    const own = legs.get(machine.id);
    if (!own && wanted.has(machine.id)) return ["wanted", machine.host, null];
    if (!own) return [LEFT_OUT.has(machine.standing) ? "out" : "stays", machine.host, null];
    let host = machine.host, done = 0;
    for (const number of own) {
      const move = moves[number];
      if (now >= move.end) { host = move.to; done += 1; } else if (now >= move.start) return ["moves", move.from, move];
    }
    return [done === own.length ? "done" : "waits", host, null];
  }
  const MARKS = { stays: "", waits: "\u25CB ", wanted: "\u25C7 ", moves: "\u25B6 ", done: "\u2713 ", out: "\u2717 " };
  const WORDS = { stays: "stays", waits: "will move", wanted: "wanted, no order", moves: "moves now", done: "has moved", out: "left out" };

  // -- columns and blocks, made once; a step moves only what changes
  const estate = at("estate"), columns = new Map(), blocks = new Map(), guests = new Map();
  const rooms = new Map();
  for (const room of data.rooms) if (room.kind === "memory") rooms.set(room.host, room);
  const arrows = draw("svg", { id: "arrows", role: "img", "aria-label": "Arrows from where machines are to where they go" });
  for (const host of data.estate.hosts) {
    const list = make("ul", { className: "vms" });
    const room = make("p", { className: "room" }), fill = make("div", {});
    const bar = make("div", { className: "bar", "aria-hidden": "true" }, fill);
    const column = make("div", { className: "host" }, make("h3", { textContent: plain(host.name) }), room, bar, list);
    list.setAttribute("aria-label", "Machines on " + plain(host.name));
    estate.append(column);
    columns.set(host.name, { host, column, list, room, fill, shown: null });
    room.textContent = host.silent ? "did not answer" : "";
  }
  function block(machine) {
    const button = make("button", { type: "button", className: "vm", tabIndex: -1 });
    const gib = (machine.memory || 0) / 1024;
    button.style.height = Math.min(MAX_PX, Math.max(MIN_PX, gib * PX_PER_GIB)) + "px";
    button.dataset.id = machine.id;
    return make("li", {}, button);
  }
  for (const machine of machines.values()) {
    const item = block(machine);
    blocks.set(machine.id, { item, button: item.firstChild, status: null, host: null });
  }
  estate.append(arrows);

  let now = 0, chosen = null;
  const movers = [...machines.values()].filter((machine) => legs.has(machine.id));

  function place(machine) {
    const [status, host] = stand(machine, now), shown = blocks.get(machine.id);
    if (shown.host !== host) {
      const column = columns.get(host);
      if (column) column.list.append(shown.item);
      shown.host = host;
    }
    if (shown.status !== status) {
      const faint = shown.button.classList.contains("faint") ? " faint" : "";
      const picked = shown.button.classList.contains("chosen") ? " chosen" : "";
      shown.button.className = "vm " + status + faint + picked;
      shown.button.textContent = MARKS[status] + machine.name;
      shown.status = status;
    }
    shown.button.setAttribute("aria-label", machine.name + ", " + WORDS[status] + ", on " + plain(host) + ", " + size((machine.memory || 0) * 1048576));
  }
  function guest(machine) {  // the room that a running move holds at its destination
    const [status, , move] = stand(machine, now), there = guests.get(machine.id);
    if (status !== "moves" || move.to === move.from) {
      if (there) { there.item.remove(); guests.delete(machine.id); }
      return;
    }
    if (there && there.number === move.number) return;
    if (there) there.item.remove();
    const box = make("div", { className: "vm guest", textContent: "\u2190 " + machine.name });
    box.style.height = blocks.get(machine.id).button.style.height;
    const item = make("li", { "aria-hidden": "true" }, box);
    columns.get(move.to).list.append(item);
    guests.set(machine.id, { item, box, number: move.number });
  }
  function free(room) {
    let found = room.course[0][1];
    for (const [second, bytes] of room.course) { if (second > now) break; found = bytes; }
    return found;
  }
  function fills() {
    for (const [name, column] of columns) {
      const room = rooms.get(name);
      const bytes = room ? free(room) : column.host.free;
      if (column.shown === bytes || column.host.silent) continue;
      column.shown = bytes;
      const capacity = column.host.memory;
      column.room.textContent = bytes === null || capacity === null ? "memory not known" : size(bytes) + " of " + size(capacity) + " free";
      column.fill.style.transform = "scaleX(" + (capacity ? Math.min(1, Math.max(0, 1 - bytes / capacity)) : 0) + ")";
    }
  }
  // Arrows: of moves that run, of those that are next, and of those that are wanted without an order.
  function pointed() {
    const found = [];
    for (const machine of movers) {
      const own = legs.get(machine.id).map((number) => moves[number]);
      const running = own.find((move) => now >= move.start && now < move.end);
      const next = own.find((move) => now < move.start);
      const move = running || next;
      if (move && move.from !== move.to) found.push({ machine, move, kind: running ? "now" : "later" });
    }
    found.sort((a, b) => Number(b.kind === "now") - Number(a.kind === "now") || a.move.start - b.move.start);
    for (const move of wanted.values()) {
      const machine = machines.get(move.id);
      if (machine && move.from !== move.to && columns.has(move.to)) found.push({ machine, move, kind: "wanted" });
    }
    return found.slice(0, NEAR);
  }
  function arrow() {
    const frame = estate.getBoundingClientRect(), drawn = [], shapes = [];
    for (const { machine, move, kind } of pointed()) {
      const from = blocks.get(machine.id).button.getBoundingClientRect();
      const held = guests.get(machine.id);
      const to = (held ? held.box : columns.get(move.to).column).getBoundingClientRect();
      drawn.push({ from, to, kind, held });
    }
    for (const { from, to, kind, held } of drawn) {  // all is measured before anything is changed
      const right = to.left >= from.left;
      const x1 = (right ? from.right : from.left) - frame.left, y1 = from.top + from.height / 2 - frame.top;
      const x2 = (right ? to.left : to.right) - frame.left, y2 = (held ? to.top + to.height / 2 : to.top + 12) - frame.top;
      const bend = right ? 18 : -18, tip = right ? -6 : 6;
      shapes.push(
        draw("path", { d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`, class: kind }),
        draw("polygon", { points: `${x2},${y2} ${x2 + tip},${y2 - 4} ${x2 + tip},${y2 + 4}`, class: kind }),
      );
    }
    arrows.replaceChildren(...shapes);
  }
  function tell() {
    const running = moves.filter((move) => now >= move.start && now < move.end).length;
    const done = moves.filter((move) => now >= move.end).length;
    const text = moves.length
      ? `${clock(now)} of ${clock(moments[moments.length - 1])}: ${done} of ${moves.length} done, ${running} under way`
      : wanted.size === 0 ? "Nothing moves"
      : wanted.size === 1 ? "1 move is wanted, and there is no order for it"
      : `${wanted.size} moves are wanted, and there is no order for them`;
    at("moment").textContent = text;
    at("time").setAttribute("aria-valuetext", text);
  }
  function step(number) {
    now = moments[number];
    for (const machine of movers) { place(machine); guest(machine); }
    fills();
    arrow();
    tell();
    const line = at("gantt-now");
    if (line) { const x = LABEL + scaled(now); line.setAttribute("x1", x); line.setAttribute("x2", x); }
  }

  // -- Gantt: a row for each move, by its start; lines where a wave begins
  const whole = moments[moments.length - 1] || 1;
  const scaled = (seconds) => seconds / whole * SCALE;
  function gantt() {
    const height = (moves.length + 1) * ROW + 6;
    const svg = draw("svg", { width: LABEL + SCALE + 20, height, role: "img", "aria-label": `${moves.length} moves in ${plan.totals.waves} waves over ${clock(whole)}; the table of moves has the same` });
    for (const part of [0, 0.25, 0.5, 0.75, 1]) svg.append(draw("text", { x: LABEL + part * SCALE, y: 12, "text-anchor": part === 1 ? "end" : "start" }, clock(part * whole)));
    let wave = 0;
    moves.forEach((move, number) => {
      const y = (number + 1) * ROW;
      const label = plain(move.label);
      svg.append(draw("text", { x: 4, y: y + 13 }, (label.length > 22 ? label.slice(0, 21) + "\u2026" : label) + " (" + move.wave + ")"));
      const bar = draw("rect", { x: LABEL + scaled(move.start), y: y + 3, width: Math.max(2, scaled(move.end - move.start)), height: ROW - 6, class: move.aside ? "aside" : "move" });
      bar.append(draw("title", {}, `${label}: ${plain(move.from)} to ${plain(move.to)}, ${clock(move.start)} to ${clock(move.end)}`));
      svg.append(bar);
      if (move.wave > wave) { svg.append(draw("line", { x1: LABEL, x2: LABEL + SCALE, y1: y + 0.5, y2: y + 0.5, class: "wave" })); wave = move.wave; }
    });
    svg.append(draw("line", { id: "gantt-now", class: "now", x1: LABEL, x2: LABEL, y1: ROW, y2: height }));
    at("gantt-frame").append(svg);
  }

  // -- tables and lists
  function fill(table, caption, heads, rows) {
    table.append(make("caption", { textContent: caption }));
    table.append(make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col", textContent: head })))));
    table.append(make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => {
      const number = typeof cell === "object" && cell !== null && "number" in cell;
      const td = make("td", { className: number ? "number" : "" });
      td.append(number ? cell.number : cell);
      return td;
    })))));
  }
  function pick(move) {
    const machine = machines.get(move.id), title = titled(plain(move.label), machine ? machine.real : plain(move.label));
    return make("button", { type: "button", textContent: title, onclick: () => choose(move.id, true) });
  }
  const aim = (move) => move.from === move.to ? "stays" : plain(move.to);
  const number = (text) => ({ number: String(text) });
  function tables() {
    const drift = new Set(data.base ? data.base.drift : []);
    fill(at("moves"), plan.totals.moves + " moves, by their starts",
      ["Wave", "Machine", "From", "To", "Kind", "Size", "Starts", "Takes", "Blackout", "After", "Why"],
      moves.map((move) => [
        number(move.wave), pick(move), plain(move.from), aim(move),
        move.type + (move.aside ? ", aside" : ""), number(size(move.bytes)),
        number(clock(move.start)), number(clock(move.seconds)), number(move.blackout.toFixed(1) + " s"),
        [...new Set(move.after.map((other) => plain(moves[other].label)))].join(", "),
        plain(move.reason) + (drift.has(move.number) ? " (drift)" : ""),
      ]));
    fill(at("wanted"), wanted.size + " moves that are wanted, and have no order", ["Machine", "From", "To", "Kind", "Why"],
      [...wanted.values()].map((move) => [pick(move), plain(move.from), aim(move), move.type, plain(move.reason)]));
    at("wanted-part").hidden = wanted.size === 0;
    at("moves-part").hidden = at("gantt-part").hidden = moves.length === 0 && wanted.size > 0;
    fill(at("rooms"), "Free before, at the tightest moment, and after",
      ["Host", "What", "Free before", "Least", "At", "Free after", "Of", "Kept free"],
      data.rooms.map((room) => [
        plain(room.host), room.volume ? plain(room.volume) : "memory", number(size(room.before)),
        ...(room.known ? [number(size(room.least)), number(clock(room.least_at)), number(size(room.after))]
          : ["not known", "", "not known"]), number(size(room.capacity)), number(size(room.kept)),
      ]));
  }
  function list(id, lines) {
    if (!lines.length) return;
    at(id).append(...lines.map((line) => make("li", { textContent: line })));
    at(id + "-part").hidden = false;
  }
  const lined = (text) => text.split("\n").map(plain).join("\n");
  const shown = (finding) => `${finding.severity === "refusal" ? "Stops it" : "Warning"}: ${lined(finding.text)}${finding.remedy ? ". To do: " + plain(finding.remedy) : ""}`;
  function lists() {
    list("trust", (data.trust ? data.trust.changes : []).map((change) =>
      `${plain(change.subjects.join(", ") || "the file")}: ${plain(change.name)}: ${plain(change.before ?? "not declared")} \u2192 ${plain(change.after ?? "not declared")}`));
    list("findings", plan.findings.map(shown));
    list("doctor", data.doctor.map((each) => `${plain(each.where)}: ${lined(each.text)}. ${lined(each.breaks)}${each.remedy ? ". To do: " + plain(each.remedy) : ""}`));
    const out = [];
    for (const [standing, those] of Object.entries(plan.machines)) {
      for (const machine of those) {
        if (LEFT_OUT.has(standing) || machine.findings.length) {
          out.push([plain(machine.label) + ": " + standing, ...machine.findings.map(shown)].join("\n"));
        }
      }
    }
    list("out", out);
    list("changes", (data.base ? data.base.changes : []).map((change) =>
      [`${change.section} ${plain(change.label)}: ${change.kind}`,
        ...change.fields.map((field) => `${plain(field.name)}: ${plain(field.before ?? "not declared")} \u2192 ${plain(field.after ?? "not declared")}`)].join("\n")));
  }

  // -- one machine
  function relocated(move) {
    return move.disks.filter((disk) => disk.from !== disk.to).map((disk) => [plain(disk.slot), `${plain(disk.from)} \u2192 ${plain(disk.to)}`]);
  }
  function choose(id, seek) {
    if (chosen) blocks.get(chosen)?.button.classList.remove("chosen");
    chosen = id;
    const machine = machines.get(id);
    if (!machine) return;
    const shown = blocks.get(id).button;
    shown.classList.add("chosen");
    focusable(shown);
    if (seek) shown.scrollIntoView({ block: "nearest", inline: "center" });
    const rows = [["Name", machine.real], ["Entry", machine.entry === null ? "not declared" : machine.entry + ", " + machine.standing], ["Host", plain(machine.host)], ["Memory", size((machine.memory || 0) * 1048576)], ["State", machine.state],
      ["GUID", id]];
    for (const move of (legs.get(id) || []).map((each) => moves[each])) {
      rows.push([`Move in wave ${move.wave}`, `${plain(move.from)} \u2192 ${plain(move.to)}, ${move.type}${move.aside ? ", aside" : ""}, ${size(move.bytes)}, ${clock(move.start)} to ${clock(move.end)}, blackout about ${move.blackout.toFixed(1)} s: ${plain(move.reason)}`]);
      rows.push(...relocated(move));
    }
    const move = wanted.get(id);
    if (move) rows.push(["Move that is wanted", `${plain(move.from)} \u2192 ${plain(move.to)}, ${move.type}, no order: ${plain(move.reason)}`], ...relocated(move));
    at("machine").replaceChildren(make("dl", {}, ...rows.flatMap(([term, value]) => [make("dt", { textContent: term }), make("dd", { textContent: value })])));
  }
  let entry = null;  // the one block that Tab leads to
  function focusable(button) {
    if (entry) entry.tabIndex = -1;
    entry = button;
    entry.tabIndex = 0;
  }
  estate.addEventListener("click", (event) => {
    const button = event.target.closest("button.vm");
    if (button) choose(button.dataset.id, false);
  });
  estate.addEventListener("keydown", (event) => {
    const button = event.target.closest("button.vm");
    if (!button) return;
    const list = button.closest(".vms"), all = [...list.querySelectorAll("button.vm")], place = all.indexOf(button);
    let next = null;
    if (event.key === "ArrowDown") next = all[place + 1];
    if (event.key === "ArrowUp") next = all[place - 1];
    if (event.key === "Home") next = all[0];
    if (event.key === "End") next = all[all.length - 1];
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const way = event.key === "ArrowRight" ? "nextElementSibling" : "previousElementSibling";
      for (let column = button.closest(".host")[way]; column && !next; column = column[way]) {
        const there = column.querySelectorAll ? column.querySelectorAll("button.vm") : [];
        next = there[Math.min(place, there.length - 1)];
      }
    }
    if (next) { focusable(next); next.focus(); event.preventDefault(); }
  });

  // -- search, theme, slider
  at("search").addEventListener("input", () => {
    const words = at("search").value.trim().toLocaleLowerCase();
    const has = (text) => (text || "").toLocaleLowerCase().includes(words);
    let count = 0, first = null, hosts = 0, top = null;
    for (const { host, column } of columns.values()) {
      const hit = words !== "" && has(plain(host.name));
      column.classList.toggle("hit", hit);
      if (hit) { hosts += 1; top = top || column; }
    }
    for (const machine of machines.values()) {
      const shown = blocks.get(machine.id);
      const hit = !words || has(machine.entry) || has(machine.real) || has(shown.host) || machine.id.toLocaleLowerCase() === words;
      shown.button.classList.toggle("faint", !hit);
      if (hit) { count += 1; first = first || shown.button; }
    }
    at("found").textContent = words ? `${count} of ${machines.size} machines, ${hosts} of ${columns.size} hosts` : "";
    if (words && first) focusable(first);
    if (words && (first || top)) (first || top).scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  function isDark() { return (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark"; }
  function pressed() { at("theme").setAttribute("aria-pressed", String(isDark())); }
  at("theme").addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; pressed(); });
  dark.addEventListener("change", pressed);
  const time = at("time");
  time.max = String(moments.length - 1);
  time.addEventListener("input", () => step(Number(time.value)));
  function go(by) {
    time.value = String(Number(time.value) + by);
    step(Number(time.value));
  }
  at("back").addEventListener("click", () => go(-1));
  at("on").addEventListener("click", () => go(1));
  let playing = null;
  function stop() { clearInterval(playing); playing = null; at("play").setAttribute("aria-pressed", "false"); at("play").textContent = "Play"; }
  at("play").addEventListener("click", () => {
    if (playing) { stop(); return; }
    if (Number(time.value) >= moments.length - 1) { time.value = "0"; step(0); }
    playing = setInterval(() => { if (Number(time.value) >= moments.length - 1) stop(); else go(1); }, 600);
    at("play").setAttribute("aria-pressed", "true");
    at("play").textContent = "Pause";
  });
  addEventListener("resize", arrow);

  at("headline").textContent = plain(data.headline);
  document.title = "Placement review of " + plain(data.stack);
  at("source").textContent = (data.source === "hosts" ? "By the hosts as they were asked" : "By the inventory recorded at " + data.recorded) + ", for " + plain(data.stack) +
    (data.base ? ", against " + plain(data.base.name) : "") + (data.unread ? " (reviewed without what has changed: " + plain(data.unread) + ")" : "") + ". Times and blackouts are estimates.";
  for (const machine of machines.values()) place(machine);
  const start = estate.querySelector("button.vm");
  if (start) focusable(start);
  gantt();
  tables();
  lists();
  pressed();
  step(0);
})();
