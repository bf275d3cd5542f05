"""Where a machine may be, what it holds there, and which single orders lead from one place to another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from . import paths
from .estate import Entry, Estate, Host, Machine, Pool

Thing = tuple[str, ...]
"""What is held: `memory HOST`, `file SCOPE PATH`, `seat RULE HOST`."""
Held = Mapping[Thing, tuple[Pool, int]]
LAYOUT = "Virtual Hard Disks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A machine on a host, with each file and folder in its place."""

    host: str
    folders: tuple[str | None, str | None, str | None, str | None]
    files: tuple[str, ...]
    """Paths, in the order of the machine's files."""
    been_away: bool = False
    """Whether it has come to this host during the run: then it has the memory that a machine needs where it comes."""

    @property
    def key(self) -> tuple[object, ...]:
        """Return what makes two places one, whatever the case of the paths."""
        folders = tuple(each and paths.same(each) for each in self.folders)
        return self.host, folders, tuple(map(paths.same, self.files))


def here(machine: Machine) -> Place:
    """Return where a machine is now."""
    return Place(host=machine.host, folders=machine.folders, files=tuple(each.path for each in machine.files))


def kept_on(place: Place, host: str, machine: Machine) -> Place:
    """Return the place on another host with all paths kept."""
    return replace(place, host=host, been_away=place.been_away or host != machine.host)


def in_root(machine: Machine, label: str, host: Host, root: str) -> Place:
    """Return the place in a named root of a host."""
    folder = paths.joined(host.roots[root], label)
    entry = Entry(label=label, folders=(folder, folder, folder), all_disks=folder)
    return _located(machine, entry, host.name, entry)


def end_on(machine: Machine, entry: Entry, host: Host) -> Place | None:
    """Return where the stack file wants a machine once it is on that host; None where a named root is missing there."""

    def folder(location: str | None) -> str | None:
        if location is None or paths.is_absolute(location):
            return location
        return paths.joined(host.roots[location], entry.label)

    wanted = [*entry.folders, entry.all_disks, *entry.disks.values()]
    if any(each and not paths.is_absolute(each) and each not in host.roots for each in wanted):
        return None
    resolved = replace(
        entry, folders=tuple(map(folder, entry.folders)), all_disks=folder(entry.all_disks),  # type: ignore[arg-type]
        disks={key: str(folder(each)) for key, each in entry.disks.items()},
    )  # fmt: skip
    return _located(machine, entry, host.name, resolved)


def _located(machine: Machine, entry: Entry, host: str, wanted: Entry) -> Place:
    folders = [
        now if there is None or (now is not None and paths.inside(there, now)) else there
        for there, now in zip(wanted.folders, machine.folders, strict=False)
    ]
    config, state = machine.folders[0], machine.folders[3]
    follows = state is not None and config is not None and paths.same(state) == paths.same(config)
    targets = [
        _target(_location(wanted, each.slot, each.path), each.path, flat=entry.flat)
        for each in machine.files
        if not each.frozen
    ]
    beside = {
        each.slot: paths.parent(target)
        for each, target in zip((f for f in machine.files if not f.frozen), targets, strict=True)
        if paths.same(paths.parent(target)) != paths.same(paths.parent(each.path))
    }
    frozen = [
        paths.joined(beside[each.slot], paths.base(each.path)) if each.slot in beside else each.path
        for each in machine.files
        if each.frozen
    ]
    return Place(
        host=host, folders=(folders[0], folders[1], folders[2], folders[0] if follows else state),
        files=(*targets, *frozen), been_away=host != machine.host,
    )  # fmt: skip


def _location(wanted: Entry, slot: str, path: str) -> str | None:
    own = [where for key, where in wanted.disks.items() if key in (slot, paths.base(path))]
    return own[0] if own else wanted.all_disks


def _target(there: str | None, now: str, *, flat: bool) -> str:
    if there is None:
        return now
    if paths.same(there).endswith((".VHDX", ".VHD")):
        return there
    if paths.inside(there, now):
        return now
    return paths.joined(there, paths.base(now)) if flat else paths.joined(there, LAYOUT, paths.base(now))


def held(estate: Estate, label: str, place: Place) -> dict[Thing, tuple[Pool, int]]:
    """Return what a machine holds at a place."""
    machine = estate.machines[label]
    found: dict[Thing, tuple[Pool, int]] = {}
    memory = machine.needed if place.been_away else machine.held
    if memory:
        found["memory", place.host] = (("memory", place.host), memory)
    for each, path in zip(machine.files, place.files, strict=True):
        found |= file_at(estate, place.host, path, each.size)
    for number, rule in enumerate(estate.rules):
        if rule.kind == "apart" and label in rule.labels:
            found["seat", str(number), place.host] = (("seat", str(number), place.host), 1)
    return found


def file_at(estate: Estate, host: str, path: str, size: int) -> dict[Thing, tuple[Pool, int]]:
    """Return what a file holds: its name, and its bytes of a volume."""
    scope, name = "" if paths.is_share(path) else host, paths.same(path)
    found: dict[Thing, tuple[Pool, int]] = {("name", scope, name): (("name", scope, name), 1)}
    mount = None if paths.is_share(path) else mount_of(estate.hosts[host], path)
    if mount is not None:
        found["file", scope, name] = (("volume", host, mount), size)
    return found


def mount_of(host: Host, path: str) -> str | None:
    """Return the volume that has a path."""
    holding = [mount for mount in host.volumes if paths.inside(mount, path)]
    return max(holding, key=len, default=None)


def free_pools(estate: Estate) -> dict[Pool, int]:
    """Return what is free of each pool now; names and seats that nobody has are not in it: those have room for one."""
    free: dict[Pool, int] = {}
    for host in estate.hosts.values():
        free["memory", host.name] = host.memory
        free |= {("volume", host.name, mount): left for mount, left in host.volumes.items()}
    for label, machine in estate.machines.items():
        if machine.host not in estate.hosts:
            continue
        for (kind, *_), (pool, amount) in held(estate, label, here(machine)).items():
            if kind in {"name", "seat"}:
                free[pool] = free.get(pool, 1) - amount
    # A rule that is broken already stops no move that mends it.
    return {pool: 0 if pool[0] == "seat" and left < 0 else left for pool, left in free.items()}


def order_kind(start: Place, end: Place) -> str | None:
    """Return what one order takes along: `live`, `storage`, `live+storage`; None where there is nothing to do."""
    stays = start.key[1:] == end.key[1:]
    if start.host == end.host:
        return None if stays else "storage"
    everything = [*(each for each in start.folders if each), *start.files]
    shared = all(map(paths.is_share, everything))
    return "live" if stays and shared else "live+storage"


def allowed(estate: Estate, label: str, start: Place, end: Place) -> bool:
    """Say whether a host would take one order for it, room aside."""
    host = estate.hosts[end.host]
    kind = order_kind(start, end)
    if kind is None or (start.host != end.host and (host.closed or not within(estate, label, end.host))):
        return False
    if kind == "live":
        return True
    if kind == "live+storage" and any(_stays_on_share(start, end)):
        return False  # a file that both hosts see would be copied onto itself
    changed = [
        (old, new)
        for old, new in zip(start.files, end.files, strict=True)
        if start.host != end.host or paths.same(old) != paths.same(new)
    ]
    own = set(map(paths.same, start.files)) if start.host == end.host else set()
    targets = [paths.same(new) for _, new in changed]
    if len(set(targets)) < len(targets) or own.intersection(targets):
        return False
    there = [*(new for _, new in changed), *(each for each in end.folders if each)]
    return all(paths.is_share(each) or mount_of(host, each) is not None for each in there)


def within(estate: Estate, label: str, host: str) -> bool:
    """Say whether the rules let a machine be on a host at all."""
    rules = (rule for rule in estate.rules if rule.kind == "within" and label in rule.labels)
    return all(host in rule.hosts for rule in rules)


def _stays_on_share(start: Place, end: Place) -> Iterator[bool]:
    for old, new in zip((*start.folders, *start.files), (*end.folders, *end.files), strict=True):
        yield bool(old and new and paths.is_share(old) and paths.same(old) == paths.same(new))


def left_behind(estate: Estate, label: str, start: Place, end: Place) -> dict[Thing, tuple[Pool, int]]:
    """Return what an order leaves at its source, by its options."""
    machine, options = estate.machines[label], options_of(estate, label)
    if order_kind(start, end) == "live":
        return {}
    found: dict[Thing, tuple[Pool, int]] = {}
    for each, old, new in zip(machine.files, start.files, end.files, strict=True):
        moved = start.host != end.host or paths.same(old) != paths.same(new)
        kept = options.get("avoid_removing_vhds") or (
            options.get("retain_vhd_copies_on_source") and each.frozen
        )
        if moved and kept:
            found |= file_at(estate, start.host, old, each.size)
    return found


def copied_parents(estate: Estate, label: str, start: Place, end: Place) -> dict[Thing, tuple[Pool, int]]:
    """Return the files above its disks that an order copies beside them."""
    machine = estate.machines[label]
    if options_of(estate, label).get("parents") != "copy" or order_kind(start, end) == "live":
        return {}
    found: dict[Thing, tuple[Pool, int]] = {}
    for each, old, new in zip(machine.files, start.files, end.files, strict=True):
        if start.host == end.host and paths.same(old) == paths.same(new):
            continue
        for path, size in each.parents:
            found |= file_at(estate, end.host, paths.joined(paths.parent(new), paths.base(path)), size)
    return found


def leaves_files(estate: Estate, label: str) -> bool:
    """Say whether a machine leaves files where it was, so that it cannot step aside and come back."""
    options, machine = options_of(estate, label), estate.machines[label]
    frozen = any(each.frozen for each in machine.files)
    parents = any(each.parents for each in machine.files) and options.get("parents") == "copy"
    return bool(
        options.get("avoid_removing_vhds")
        or (options.get("retain_vhd_copies_on_source") and frozen)
        or parents
    )


def options_of(estate: Estate, label: str) -> Mapping[str, object]:
    """Return the options of a machine's moves."""
    entry = estate.entries.get(label)
    return entry.options if entry is not None else {}
