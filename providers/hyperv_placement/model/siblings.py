"""The other stacks of a project: which machines each of them declares, and where its last run has left them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .estate import VirtualMachine
from .names import HostName, VmId, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class SiblingEntry:
    """An entry of another stack file, as far as it says which machine it means."""

    stack: str
    label: str
    name: str
    id: VmId | None
    """By its `id:`, or else as the last run of that stack has kept it here; None where neither is known."""
    path: Path
    line: int

    def __str__(self) -> str:
        """Return where it stands, as `stacks/site7.yaml:12`."""
        return f"{self.path.parent.name}/{self.path.name}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiblingPlace:
    """Where the last run of another stack has seen a machine."""

    stack: str
    host: HostName
    """As that stack file calls it."""
    at: datetime | None
    """When a run of that stack last began, in UTC."""
    asked: bool = False
    """Whether its hosts were asked now: then the machine is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another stack of the project."""

    stack: str
    entries: tuple[SiblingEntry, ...] = ()
    hosts: frozenset[HostName] = frozenset()
    """Those of our hosts, by our keys, that it has as well: by address and port."""
    places: Mapping[VmId, HostName] = field(default_factory=dict)
    """GUID of a machine -> host on which its last run has seen it."""
    at: datetime | None = None
    shown: Mapping[VmId, HostName] = field(default_factory=dict)
    """GUID of a machine that was looked for -> the host that has it now; empty where its hosts were not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Siblings:
    """Every other stack of the project. Nothing is known of one that is in `unread`."""

    read: tuple[Sibling, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    """Stack -> why its file could not be read."""
    _ids: Mapping[VmId, tuple[SiblingEntry, ...]] = field(init=False, repr=False, compare=False)
    _names: Mapping[str, tuple[tuple[Sibling, SiblingEntry], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Index the entries: each of thousands of machines is looked for."""
        ids: dict[VmId, tuple[SiblingEntry, ...]] = {}
        names: dict[str, tuple[tuple[Sibling, SiblingEntry], ...]] = {}
        for sibling in self.read:
            for entry in sibling.entries:
                if entry.id is not None:
                    ids[entry.id] = (*ids.get(entry.id, ()), entry)
                else:
                    key = folded(entry.name)
                    names[key] = (*names.get(key, ()), (sibling, entry))
        object.__setattr__(self, "_ids", ids)
        object.__setattr__(self, "_names", names)

    def declaring(self, vm: VirtualMachine) -> tuple[SiblingEntry, ...]:
        """Return the entries that mean a machine of our hosts: by its GUID, or, of entries without one, by its name on a host of both."""
        named = (entry for sibling, entry in self._names.get(folded(vm.name), ()) if vm.host in sibling.hosts)
        return (*self._ids.get(vm.id, ()), *named)

    def namesakes(self, vm: VirtualMachine) -> tuple[SiblingEntry, ...]:
        """Return the entries without a known GUID that have the name of a machine, whatever hosts they are about."""
        return tuple(entry for _, entry in self._names.get(folded(vm.name), ()))

    def with_id(self, machine: VmId) -> tuple[SiblingEntry, ...]:
        """Return the entries that mean a machine by its GUID."""
        return self._ids.get(machine, ())

    def places(self, machine: VmId) -> tuple[SiblingPlace, ...]:
        """Return where other stacks have a machine: by their hosts, where those were asked, then by last runs, the latest first."""
        shown = tuple(
            SiblingPlace(stack=each.stack, host=each.shown[machine], at=each.at, asked=True)
            for each in self.read
            if machine in each.shown
        )
        if shown:
            return shown
        found = [
            SiblingPlace(stack=each.stack, host=each.places[machine], at=each.at)
            for each in self.read
            if machine in each.places
        ]
        return tuple(
            sorted(found, key=lambda each: "" if each.at is None else each.at.isoformat(), reverse=True)
        )


def named(entries: Iterable[SiblingEntry]) -> str:
    """Return where entries stand, as `stacks/site7.yaml:12 (vms.WEB01)`."""
    return " and ".join(f"{each} (vms.{each.label})" for each in entries)


NO_SIBLINGS = Siblings()
"""Nothing was read of other stacks, or there are none."""
