"""Drains by a number: hosts in maintenance, the others 80 to 95 % full once all machines are on them; rules, lists, free machines."""

from __future__ import annotations

from random import Random
from typing import Any

from .generated import SHARE, Drawn
from .recording import GIB, disk, host, inventory_text, machine, stack_text

_MEMORY = (1, 2, 2, 4, 4, 4, 6, 8, 8, 12, 16)
_LOCAL = "D:\\Hyper-V"
_DISK = (10, 20, 40, 40, 80, 120)


def drain(number: int) -> Drawn:
    """Return the drain of a number: always the same one."""
    chance = Random(1_000_000 + number)  # noqa: S311 - an estate, no secret
    names = [f"hv{n}" for n in range(1, chance.randint(4, 8) + 1)]
    leaving = chance.sample(names, 1 if len(names) < 6 or chance.random() < 0.6 else 2)
    staying = [name for name in names if name not in leaving]
    sizes = [chance.choice(_MEMORY) for _ in range(chance.randint(3 * len(names), 4 * len(names)))]
    full, at = chance.uniform(0.80, 0.95), _spread(chance, sizes, names)
    memory = _rooms(chance, sizes, at, staying, full)
    shared = {n for n in range(len(sizes)) if chance.random() < 0.15} if chance.random() < 0.3 else set()
    disks = [chance.choice(_DISK) for _ in sizes]
    entries = [_entry(chance, name, staying) for name in at]
    volume = _volumes(chance, disks, at, shared, names, staying)
    hosts = []
    for name in names:
        here = [n for n, there in enumerate(at) if there == name]
        held, filled = sum(sizes[n] for n in here), sum(disks[n] for n in here if n not in shared)
        room = max(memory.get(name, 0), held)
        size = max(volume[name], filled)
        vms = [_vm(n, name, sizes[n], disks[n], shared=n in shared) for n in here]
        hosts.append(host(name, room, room - held, {"D:\\": (size * GIB, (size - filled) * GIB)}, vms))
    rules = _rules(chance, at, entries, staying)
    named = {f"V{n}": entry for n, entry in enumerate(entries)}
    stack = stack_text({name: {} for name in names}, named, rules=rules, maintenance=leaving)
    return Drawn(stack=stack, inventory=inventory_text(hosts))


def _spread(chance: Random, sizes: list[int], names: list[str]) -> list[str]:
    """Return a host for each machine, the loads about equal."""
    loads = dict.fromkeys(names, 0)
    at = []
    for size in sizes:
        few = sorted(chance.sample(names, 2), key=lambda name: (loads[name], name))
        at.append(few[0])
        loads[few[0]] += size
    return at


def _rooms(
    chance: Random, sizes: list[int], at: list[str], staying: list[str], full: float
) -> dict[str, int]:
    """Return the memory of each host that stays: so full when all machines are on them, and room for what is there now."""
    total = round(sum(sizes) / full)
    weights = [chance.choice((2, 3, 3, 4)) for _ in staying]
    rooms = {name: total * weight // sum(weights) for name, weight in zip(staying, weights, strict=True)}
    held = {
        name: sum(size for size, there in zip(sizes, at, strict=True) if there == name) for name in staying
    }
    lacking = sum(max(0, held[name] - room) for name, room in rooms.items())
    rooms = {name: max(room, held[name]) for name, room in rooms.items()}
    for name in sorted(staying, key=lambda name: held[name] - rooms[name]):
        less = min(lacking, rooms[name] - held[name])
        rooms[name] -= less
        lacking -= less
    return rooms


def _volumes(
    chance: Random, disks: list[int], at: list[str], shared: set[int], names: list[str], staying: list[str]
) -> dict[str, int]:  # fmt: skip
    """Return the GiB of each volume: ample, or in some estates as short as memory is."""
    total = sum(size for n, size in enumerate(disks) if n not in shared)
    part = round(total / chance.uniform(0.82, 0.95) / len(staying)) if chance.random() < 0.3 else 2 * total
    filled = {
        name: sum(disks[n] for n, there in enumerate(at) if there == name and n not in shared)
        for name in names
    }
    return {name: max(part, filled[name]) for name in names}


def _entry(chance: Random, at: str, staying: list[str]) -> dict[str, Any] | None:
    kind = chance.random()
    if kind < 0.35:
        return None  # free: it stays, unless a rule names it or its host is in maintenance
    if kind < 0.5:
        return {"host": at if at in staying else chance.choice(staying)}
    some = [name for name in staying if chance.random() < 0.6]
    return {"host": sorted({*some, *chance.sample(staying, 2)})}


def _rules(
    chance: Random, at: list[str], entries: list[dict[str, Any] | None], staying: list[str]
) -> list[dict[str, Any]]:
    """Return some rules; machines that are pinned are in none, so that no two rules contradict each other by the file alone."""
    loose = [n for n, entry in enumerate(entries) if entry is None or isinstance(entry["host"], list)]
    chance.shuffle(loose)
    rules: list[dict[str, Any]] = []
    for _ in range(chance.randint(0, 3)):
        kind, count = chance.choice(("apart", "apart", "together")), chance.randint(2, 3)
        some, loose = sorted(loose[:count]), loose[count:]
        if kind == "together":
            some = [n for n in some if at[n] == at[some[0]]]
            lists = [set((entries[n] or {"host": staying})["host"]) for n in some]
            if len(some) < 2 or not set.intersection(*lists):
                continue
        if len(some) > 1:
            rules.append({kind: [f"V{n}" for n in some]})
    return rules


def _vm(number: int, at: str, memory: int, size: int, *, shared: bool) -> dict[str, Any]:
    folder = f"{SHARE if shared else _LOCAL}\\V{number}"
    return machine(
        number, at, memory, folder, [disk(number, 0, f"{folder}\\Virtual Hard Disks\\os.vhdx", size)]
    )
