// Everything is there: the first picture.
at("headline").textContent = plain(data.headline);
document.title = "Placement review of " + plain(data.stack);
at("source").textContent = (data.source === "hosts" ? "By the hosts as they were asked" : "By the inventory recorded at " + plain(data.read)) + ", for " + plain(data.stack) +
  (data.base ? ", against " + plain(data.base.name) : "") + (data.unread ? " (reviewed without what has changed: " + plain(data.unread) + ")" : "") + ". Times and blackouts are estimates.";
for (const machine of machines.values()) place(machine);
const start = estate.querySelector("button.vm");
if (start) focusable(start);
tables();
lists();
gantt();
pressed();
zoom(1);
step(0);
visible();
