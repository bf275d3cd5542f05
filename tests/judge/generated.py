"""Small estates by a number, tight in room, of every kind that the stack file can say: as a stack file and a recording.

An estate is drawn from its end: who goes where is decided first, and each host has about the room that its machines
need before or after, and little more. So most ends fit, and whether there is a way is the question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from . import paths
from .recording import GIB, disk, host, inventory_text, machine, stack_text
from .recording import job as running

SHARE = "\\\\sofs\\vms"
_LARGEST = ((3, 4), (3, 5), (4, 6), (4, 6), (5, 7))
"""Hosts and machines, at most."""
_BYSTANDERS, _TURNS, _HOLDS, _ENTRIES = 0.12, 0.1, 0.08, 0.5
"""Parts of the estates that have these keys, and of those with maintenance in which it is an entry."""
_MOVED = 0.7
"""Part of the machines that are drawn for another host."""


@dataclass(slots=True)
class Vm:
    """A machine while it is drawn."""

    number: int
    host: str
    end: str
    memory: int
    """GiB."""
    folder: str
    disks: list[dict[str, Any]]
    running: bool = True
    now: int | None = None
    """GiB that dynamic memory has assigned, where it has it."""
    entry: dict[str, Any] | None = None
    """What the stack file says; None where it does not know the machine."""
    frozen: list[dict[str, Any]] = field(default_factory=list)
    state: str | None = None
    """The folder of its guest state."""

    @property
    def label(self) -> str:
        """Its name, which is its label as well."""
        return f"V{self.number}"

    def held(self) -> int:
        """Return the GiB that its host gets back when it leaves."""
        return 0 if not self.running else self.memory if self.now is None else self.now

    def needed(self) -> int:
        """Return the GiB that a host needs for it."""
        return max(self.memory, self.now or 0) if self.running else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An estate as two texts."""

    stack: str
    inventory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """What an estate has at all: most have little of it, so that what goes wrong is easy to read."""

    volumes: tuple[str, ...]
    roots: bool
    storage: bool
    shares: bool
    rules: bool
    lists: bool
    maintenance: bool
    dynamic: bool
    names: bool
    options: bool
    job: bool
    reserve: bool
    frozen: bool
    mixed: bool
    parents: bool
    unsized: bool
    state: bool
    protected: bool
    slack: int
    """Up to how many GiB of memory a host has more than it needs."""


def _kinds(chance: Random) -> Kinds:
    def some(part: float) -> bool:
        return chance.random() < part

    return Kinds(
        volumes=("D:\\", "E:\\") if some(0.6) else ("D:\\",), roots=some(0.5), storage=some(0.5),
        shares=some(0.2), rules=some(0.4), lists=some(0.35), maintenance=some(0.15), dynamic=some(0.15),
        names=some(0.12), options=some(0.12), job=some(0.12), reserve=some(0.2), frozen=some(0.1),
        mixed=some(0.15), parents=some(0.1), unsized=some(0.08), state=some(0.1), protected=some(0.06),
        slack=chance.choice((0, 0, 1, 2, 4, 12)),
    )  # fmt: skip


def drawn(number: int) -> Drawn:
    """Return the estate of a number: always the same one."""
    chance = Random(number)  # noqa: S311 - an estate, no secret
    kinds = _kinds(chance)
    most_hosts, most_machines = chance.choice(_LARGEST)
    hosts = [f"hv{n}" for n in range(1, chance.randint(2, most_hosts) + 1)]
    vms = [_machine(chance, kinds, n, hosts) for n in range(1, chance.randint(2, most_machines) + 1)]
    _told_apart(vms)
    roots = _roots(chance, kinds, hosts)
    maintenance = [chance.choice(hosts)] if kinds.maintenance else []
    for vm in vms:
        _declare(chance, kinds, vm, hosts, maintenance, roots)
    rules = _rules(chance, kinds, [vm for vm in vms if vm.entry is not None], hosts)
    job = _job(chance, vms, hosts) if kinds.job else None
    shown, declared = [], {}
    for name in hosts:
        found, reserve = _host(chance, kinds, name, vms, job, roots)
        shown.append(found)
        declared[name] = {key: own for key, own in (("storage", roots[name]), ("reserve", reserve)) if own}
    entries = {vm.label: vm.entry or None for vm in vms if vm.entry is not None}
    guard = {"protected": [chance.choice(sorted(entries))]} if kinds.protected and entries else {}
    # By a source of its own, so that what is new leaves the estates of all numbers as they were.
    more = Random(f"{number} more")  # noqa: S311 - the same
    bystanders = "allow" if more.random() < _BYSTANDERS else ""
    turns = sorted(more.sample(sorted(entries), 2)) if len(entries) > 1 and more.random() < _TURNS else []
    hold = _hold(more, hosts, sorted(entries)) if more.random() < _HOLDS else []
    return Drawn(
        stack=stack_text(
            declared,
            entries,
            rules=rules,
            maintenance=_emptied(more, hosts, maintenance),
            guard=guard,
            bystanders=bystanders,
            one_at_a_time=turns,
            hold=hold,
        ),
        inventory=inventory_text(shown),
    )


def _machine(chance: Random, kinds: Kinds, number: int, hosts: list[str]) -> Vm:
    at = chance.choice(hosts)
    end = chance.choice(hosts) if chance.random() < _MOVED else at
    shared = kinds.shares and chance.random() < 0.6
    place = SHARE if shared else f"{chance.choice(kinds.volumes)}Hyper-V"
    folder = f"{place}\\V{number}"
    vm = Vm(
        number=number, host=at, end=end, memory=chance.choice((1, 2, 4, 4, 8, 12)), folder=folder,
        disks=_disks(chance, kinds, number, place, folder), running=chance.random() < 0.85,
    )  # fmt: skip
    if kinds.dynamic and chance.random() < 0.6:
        vm.now = chance.choice((1, 2, 4, 6, 10))
    if kinds.frozen and chance.random() < 0.4:
        before = disk(number, 0, f"{folder}\\V{number}-before.vhdx", 5)
        vm.frozen = [{**before, "instance_id": f"Microsoft:{number}-OLD"}]
    if kinds.state and chance.random() < 0.5:
        vm.state = folder if chance.random() < 0.5 else f"{kinds.volumes[-1]}State\\V{number}"
    return vm


def _disks(chance: Random, kinds: Kinds, number: int, place: str, folder: str) -> list[dict[str, Any]]:
    names = kinds.names and chance.random() < 0.7 and place != SHARE
    disks = []
    for slot in range(1 if chance.random() < 0.7 else 2):
        within = f"{place}\\Disks" if names else f"{folder}\\Virtual Hard Disks"
        if slot and kinds.mixed:
            within = paths.joined(chance.choice((*kinds.volumes, SHARE)), "More", f"V{number}")
        one = disk(number, slot, f"{within}\\disk{slot}.vhdx", chance.choice((1, 5, 10, 20, 40, 80)))
        if kinds.parents and chance.random() < 0.4 and place != SHARE:
            above = {"path": f"D:\\Base\\V{number}-{slot}.vhdx", "size_bytes": chance.choice((1, 10)) * GIB}
            one |= {"parent_path": above["path"], "above": [above]}
        if kinds.unsized and chance.random() < 0.3:
            one["max_bytes"] = one.pop("size_bytes")
        disks.append(one)
    return disks


def _told_apart(vms: list[Vm]) -> None:
    """Let no two machines of one host have one file now; on two hosts they may have files of one path."""
    taken: set[tuple[str, str]] = set()
    for vm in vms:
        for each in vm.disks:
            if (vm.host, each["path"]) in taken:
                each["path"] = f"{vm.folder}\\Virtual Hard Disks\\{paths.base(each['path'])}"
            taken.add((vm.host, each["path"]))


def _roots(chance: Random, kinds: Kinds, hosts: list[str]) -> dict[str, dict[str, str]]:
    if not kinds.roots:
        return {name: {} for name in hosts}
    everywhere = {"fast": f"{kinds.volumes[0]}Fast", "bulk": f"{kinds.volumes[-1]}Bulk"}
    if kinds.shares and chance.random() < 0.4:
        everywhere["smb"] = f"{SHARE}\\Root"
    return {name: everywhere if chance.random() < 0.85 else {} for name in hosts}


def _declare(
    chance: Random, kinds: Kinds, vm: Vm, hosts: list[str], maintenance: list[str], roots: dict[str, dict[str, str]]
) -> None:  # fmt: skip
    if chance.random() < 0.08:
        vm.end = vm.host
        return
    entry: dict[str, Any] = {}
    if vm.end in maintenance:
        vm.end = chance.choice([name for name in hosts if name not in maintenance])
    if kinds.lists and chance.random() < 0.5:
        also = [name for name in hosts if chance.random() < 0.6 or name == vm.end]
        if len(also) > 1 and chance.random() < 0.7:
            entry["host"] = also
        if vm.host in also or not entry:
            vm.end = vm.end if vm.host in maintenance else vm.host
    else:
        entry["host"] = vm.end
    if kinds.storage and chance.random() < 0.5:
        entry["storage"] = _storage(chance, kinds, vm, [roots[name] for name in _may_be_on(entry, hosts)])
    if kinds.options and chance.random() < 0.3:
        entry["migration"] = {chance.choice(("avoid_removing_vhds", "retain_vhd_copies_on_source")): True}
    if any("above" in each for each in vm.disks):
        entry["migration"] = {"parents": "copy"}
    vm.entry = entry


def _hold(more: Random, hosts: list[str], labels: list[str]) -> list[dict[str, str]]:
    until = {"until": "2026-12-01", "reason": "hands are at it"}
    if labels and more.random() < 0.5:
        return [{"vm": more.choice(labels), **until}]
    return [{"host": more.choice(hosts), **until}]


def _emptied(more: Random, hosts: list[str], names: list[str]) -> list[Any]:
    """Return maintenance as plain names, or as entries of which some say where to."""
    if more.random() >= _ENTRIES:
        return names
    others = [name for name in hosts if name not in names]
    until = {"until": "2026-12-01", "reason": "patches"}
    return [
        {"host": name, **until, **({"to": sorted(more.sample(others, 1))} if more.random() < 0.4 else {})}
        for name in names
    ]


def _may_be_on(entry: dict[str, Any], hosts: list[str]) -> list[str]:
    named = entry.get("host", hosts)
    return [named] if isinstance(named, str) else named


def _storage(chance: Random, kinds: Kinds, vm: Vm, roots: list[dict[str, str]]) -> Any:
    there = [f"{volume}New\\{vm.label}" for volume in kinds.volumes]
    there += sorted(set.intersection(*map(set, roots)))
    where = chance.choice(there)
    kind = chance.random()
    if kind < 0.7:
        return where
    if kind < 0.8:
        return {"disks": where, "layout": "flat"}
    return {"disks": {"disk0.vhdx": where}, **({"config": where} if kind < 0.9 else {})}


def _rules(chance: Random, kinds: Kinds, vms: list[Vm], hosts: list[str]) -> list[dict[str, Any]]:
    if not kinds.rules or not vms:
        return []
    rules: list[dict[str, Any]] = []
    for _ in range(chance.randint(1, 2)):
        kind = chance.choice(("apart", "apart", "together", "within", "n_plus_1"))
        if kind == "n_plus_1":
            rules.append({kind: hosts})
            continue
        some = chance.sample(vms, min(len(vms), chance.randint(2, 3)))
        if kind == "apart":
            some = list({vm.end: vm for vm in some}.values())
        elif kind == "together":
            some = [vm for vm in vms if vm.end == some[0].end][:3]
        labels = sorted(vm.label for vm in some)
        if kind == "within":
            ends = {vm.end for vm in some} | {name for name in hosts if chance.random() < 0.5}
            rules.append({kind: {"vms": labels, "hosts": sorted(ends)}})
        elif len(labels) > 1:
            rules.append({kind: labels})
    return rules


def _job(chance: Random, vms: list[Vm], hosts: list[str]) -> tuple[Vm, bool] | None:
    """Return who is on its way to its host already, and whether the readings show what it has there."""
    if chance.random() < 0.3:  # one that nobody here has ordered
        others = [
            vm for vm in vms if vm.end == vm.host and vm.entry is not None and "storage" not in vm.entry
        ]
        if others and len(hosts) > 1:
            vm = chance.choice(others)
            vm.end = chance.choice([name for name in hosts if name != vm.host])
            return vm, chance.random() < 0.5
    going = [
        vm for vm in vms
        if vm.entry is not None and vm.entry.get("host") == vm.end != vm.host and "storage" not in vm.entry
    ]  # fmt: skip
    return (chance.choice(going), chance.random() < 0.5) if going else None


def _host(
    chance: Random, kinds: Kinds, name: str, vms: list[Vm], job: tuple[Vm, bool] | None, roots: dict[str, dict[str, str]]
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """Return a host as it is recorded, and the reserve that is declared for it."""
    here = sum(vm.held() for vm in vms if vm.host == name)
    then = sum(vm.held() if vm.host == name else vm.needed() for vm in vms if vm.end == name)
    room = max(here, then) + chance.randint(0, kinds.slack)
    arriving = job[0] if job is not None and job[0].end == name and job[0].host != name else None
    if arriving is not None:
        room = max(room, here + arriving.needed())
    keep = 1 if kinds.reserve and chance.random() < 0.5 else 0
    reserve: dict[str, Any] = {"memory": f"{keep} GiB"} if keep else {}
    shown = arriving is not None and job is not None and job[1]
    seen = arriving.needed() if arriving is not None and shown else 0
    volumes: dict[str, tuple[int, int]] = {}
    for volume in kinds.volumes:
        own = sum(_on(vm, volume) for vm in vms if vm.host == name)
        ends = sum(_on_in_the_end(vm, volume, roots.get(name, {})) for vm in vms if vm.end == name)
        spare = chance.choice((0, 0, 5, 20, 80, 200)) * GIB
        size = max(own, ends) + spare
        coming = _on(arriving, volume) if arriving is not None else 0
        size = max(size, own + coming)
        size += GIB
        volumes[volume] = (size, size - own - (coming if shown else 0))
    return host(
        name, room + keep, room + keep - here - seen, volumes, [_shown(vm) for vm in vms if vm.host == name],
        live=chance.randint(1, 3), storage=chance.randint(1, 2),
        jobs=[running(job[0].number, job[0].end)] if job is not None and job[0].host == name else [],
    ), reserve  # fmt: skip


def _size(each: dict[str, Any]) -> int:
    known: int = each.get("size_bytes", each.get("max_bytes", 0))
    return known


def _on(vm: Vm, volume: str) -> int:
    return sum(_size(each) for each in (*vm.disks, *vm.frozen) if each["path"].startswith(volume))


def _on_in_the_end(vm: Vm, volume: str, roots: dict[str, str]) -> int:
    storage = (vm.entry or {}).get("storage")
    if storage is None:
        return _on(vm, volume)
    said = storage if isinstance(storage, str) else storage["disks"]
    where = said if isinstance(said, str) else said["disk0.vhdx"]
    where = roots.get(where, where)
    moved = vm.disks if isinstance(said, str) else vm.disks[:1]
    stays = [each for each in (*vm.disks, *vm.frozen) if each not in moved]
    return sum(
        _size(each)
        for each, path in [*((one, where) for one in moved), *((one, one["path"]) for one in stays)]
        if path.startswith(volume)
    )


def _shown(vm: Vm) -> dict[str, Any]:
    more: dict[str, Any] = {} if vm.running else {"state": 3, "enabled_state": 3}
    if vm.now is not None and vm.running:
        more["memory_assigned_mib"] = vm.now * 1024
    if vm.state is not None:
        more["roots"] = {
            "config": vm.folder,
            "checkpoints": vm.folder,
            "paging": vm.folder,
            "guest_state": vm.state,
        }
    if vm.frozen:
        more |= {"frozen": vm.frozen, "checkpoints": 1}
    return machine(vm.number, vm.host, vm.memory, vm.folder, vm.disks, **more)
