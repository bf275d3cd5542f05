"""The hosts and what is declared of them, as the judge reads both texts: what is free, who holds what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from . import paths

GIB_IN_MIB = 1024
_SIZES = {"MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40, "GB": 10**9, "TB": 10**12, "MB": 10**6}
_IN_MEMORY = {2, 9, 1}
"""Values of Msvm_ComputerSystem.EnabledState in which a machine holds memory: enabled, paused, other."""

Pool = tuple[str, ...]
"""`memory HOST`, `volume HOST MOUNT`, `seat RULE HOST`, `name SCOPE PATH`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A virtual disk, or the disk of a checkpoint."""

    slot: str
    path: str
    size: int
    """Bytes; where none could be read, the largest that it may have."""
    frozen: bool = False
    parents: tuple[tuple[str, int], ...] = ()
    """Path and bytes of each file above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine as its host shows it."""

    id: str
    name: str
    host: str
    held: int
    """MiB that come free when it leaves; 0 where it is off."""
    needed: int
    """MiB that a host must have free for it to come."""
    folders: tuple[str | None, str | None, str | None, str | None]
    """Configuration, checkpoints, paging, guest state."""
    files: tuple[File, ...] = ()
    runs: bool = True
    """Whether its memory goes along: it is neither off nor saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the stack file says of one machine."""

    label: str
    hosts: tuple[str, ...] = ()
    folders: tuple[str | None, str | None, str | None] = (None, None, None)
    """Locations of configuration, checkpoints, paging."""
    all_disks: str | None = None
    disks: Mapping[str, str] = field(default_factory=dict)
    flat: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    protected: bool = False
    held: bool = False
    """Under `hold:` by its own name: it does not move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host: what it has, what of it is free for moves, and how many it takes part in at once."""

    name: str
    memory: int
    """MiB that may be filled now: free, less the reserve."""
    volumes: Mapping[str, int]
    """Mount -> bytes that may be filled now."""
    roots: Mapping[str, str]
    live: int
    storage: int
    full_name: str
    closed: bool = False
    """In maintenance, away or held: no machine comes."""
    maintenance: bool = False
    ways_out: tuple[str, ...] = ()
    """Where its machines go that may be anywhere, as its maintenance says; empty for any host."""
    unexplained: Mapping[str, int] = field(default_factory=dict)
    """`memory` or a mount -> what is in use there and no machine explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule over machines, or over hosts."""

    kind: str
    labels: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Both texts as one value."""

    hosts: Mapping[str, Host]
    machines: Mapping[str, Machine]
    """By label; one that is not declared by its GUID."""
    entries: Mapping[str, Entry]
    rules: tuple[Rule, ...] = ()
    under_way: Mapping[str, str] = field(default_factory=dict)
    """Label -> host to which a job takes it now; its own host where only its files go."""
    bystanders: bool = False
    turns: tuple[tuple[str, ...], ...] = ()
    """Groups of machines of which never two are on their way."""

    def declared(self) -> Iterator[tuple[Entry, Machine]]:
        """Yield what is declared and found."""
        for label, entry in self.entries.items():
            if label in self.machines:
                yield entry, self.machines[label]


def size_of(text: str | int) -> int:
    """Return the bytes of `8 GiB`."""
    if isinstance(text, int):
        return text
    number, unit = text.split()
    return int(float(number) * _SIZES[unit.upper()])


def read(stack_text: str, inventory_text: str) -> Estate:
    """Return the estate that a stack file and a recorded inventory describe."""
    stack, found = yaml.safe_load(stack_text), json.loads(inventory_text)["inventory"]["hosts"]
    entries = {label: _entry(label, own or {}, stack) for label, own in stack["vms"].items()}
    names = {(own or {}).get("name", label): label for label, own in stack["vms"].items()}
    machines = {
        names.get(vm["name"], vm["id"]): _machine(vm) for host in found.values() for vm in host.get("vms", ())
    }
    hosts = {name: _host(name, stack, found[name]) for name in stack["hosts"] if name in found}
    return Estate(
        hosts=hosts, machines=machines, entries=entries, rules=tuple(_rule(each) for each in stack.get("rules", ()) if "one_at_a_time" not in each),
        under_way=dict(_jobs(found, machines, hosts)), bystanders=stack.get("bystanders") == "allow",
        turns=tuple(_turns(stack)),
    )  # fmt: skip


def _turns(stack: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    said = [stack.get("one_at_a_time", [])]
    said += [rule["one_at_a_time"] for rule in stack.get("rules", ()) if "one_at_a_time" in rule]
    for each in said:
        yield from map(tuple, each) if each and isinstance(each[0], list) else [tuple(each)]


def _entry(label: str, own: Mapping[str, Any], stack: Mapping[str, Any]) -> Entry:
    host, storage = own.get("host", ()), own.get("storage") or {}
    if isinstance(storage, str):
        storage = {"folder": storage}
    everything, disks = storage.get("folder"), storage.get("disks")
    each = {
        key: value if isinstance(value, str) else value["path"]
        for key, value in (disks.items() if isinstance(disks, dict) else ())
    }
    config, checkpoints, paging = (
        storage.get(part, everything) for part in ("config", "checkpoints", "paging")
    )
    return Entry(
        label=label, hosts=(host,) if isinstance(host, str) else tuple(host),
        folders=(config, checkpoints, paging), all_disks=disks if isinstance(disks, str) else everything,
        disks=each, flat=storage.get("layout") == "flat",
        options={**stack.get("migration", {}), **own.get("migration", {})},
        protected=label in stack.get("guard", {}).get("protected", ()),
        held=any(each.get("vm") == label for each in stack.get("hold", ())),
    )  # fmt: skip


def _machine(vm: Mapping[str, Any]) -> Machine:
    roots, running = vm["roots"], vm["state"] in _IN_MEMORY
    startup = vm.get("memory_mib") or 0
    now = vm.get("memory_assigned_mib")
    files = [_file(disk) for disk in vm.get("disks", ())]
    files += [_file(disk, frozen=True) for disk in vm.get("frozen", ())]
    return Machine(
        id=vm["id"], name=vm["name"], host=vm["host"],
        held=(startup if now is None else now) if running else 0,
        needed=max(startup, now or 0) if running else 0,
        folders=(roots["config"], roots["checkpoints"], roots["paging"], roots.get("guest_state")),
        files=tuple(files), runs=running,
    )  # fmt: skip


def _file(disk: Mapping[str, Any], *, frozen: bool = False) -> File:
    known = disk.get("size_bytes")
    return File(
        slot=disk["slot"], path=disk["path"], frozen=frozen,
        size=disk.get("max_bytes") or 0 if known is None else known,
        parents=tuple((each["path"], each.get("size_bytes") or 0) for each in disk.get("above", ())),
    )  # fmt: skip


def _host(name: str, stack: Mapping[str, Any], found: Mapping[str, Any]) -> Host:
    own, facts = stack["hosts"][name], found["facts"]
    reserve, settings = own.get("reserve", {}), facts["migration"]
    vms = [_machine(vm) for vm in found.get("vms", ())]
    volumes, unexplained = {}, {}
    for volume in facts["volumes"]:
        kept = reserve.get("disk", 0)
        if isinstance(kept, str) and kept.endswith("%"):
            kept = int(volume["capacity_bytes"] * float(kept.rstrip("% ")) / 100)
        volumes[volume["path"]] = volume["free_bytes"] - size_of(kept)
        there = sum(each.size for vm in vms for each in vm.files if paths.inside(volume["path"], each.path))
        unexplained[volume["path"]] = volume["capacity_bytes"] - volume["free_bytes"] - there
    unexplained["memory"] = facts["memory_mib"] - facts["memory_free_mib"] - sum(vm.held for vm in vms)
    maintenance = _in_maintenance(stack)
    kept = any(each.get("host") == name for each in stack.get("hold", ()))
    return Host(
        name=name, memory=facts["memory_free_mib"] - size_of(reserve.get("memory", 0)) // (1 << 20),
        volumes=volumes, roots=own.get("storage", {}), live=settings["max_live"], storage=settings["max_storage"],
        full_name=facts["full_name"], closed=name in maintenance or "away" in own or kept, maintenance=name in maintenance,
        ways_out=tuple(maintenance.get(name, ())),
        unexplained=unexplained,
    )  # fmt: skip


def _in_maintenance(stack: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return hosts in maintenance, and where what leaves them is to go."""
    said = stack.get("maintenance", ())
    entries: list[dict[str, Any]] = [{"host": each} if isinstance(each, str) else each for each in said]
    return {each["host"]: each.get("to", []) for each in entries}


def _rule(rule: Mapping[str, Any]) -> Rule:
    kind, value = next((key, own) for key, own in rule.items())
    if kind == "within":
        return Rule(kind=kind, labels=tuple(value["vms"]), hosts=tuple(value["hosts"]))
    if kind == "n_plus_1":
        return Rule(kind=kind, hosts=tuple(value))
    return Rule(kind=kind, labels=tuple(value))


def _jobs(
    found: Mapping[str, Any], machines: Mapping[str, Machine], hosts: Mapping[str, Host]
) -> Iterator[tuple[str, str]]:
    by_id = {machine.id: label for label, machine in machines.items()}
    full = {host.full_name: name for name, host in hosts.items()}
    for name, host in found.items():
        for job in host.get("jobs", ()):
            if job["vm_id"] in by_id:
                end = job.get("destination")
                yield by_id[job["vm_id"]], name if end is None else full[end]
