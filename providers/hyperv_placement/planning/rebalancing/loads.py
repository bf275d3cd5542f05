"""How much of each host is in use once what is declared is reached, and what a machine takes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hyperv_placement.model.estate import HostFacts, VirtualMachine
from hyperv_placement.model.memory import held_mib, in_memory, needed_mib
from hyperv_placement.model.names import HostName

Amounts = tuple[int, ...]
"""Of each thing that is balanced: MiB of memory, number of virtual processors."""


@dataclass(slots=True, kw_only=True)
class Loads:
    """What is in use on the hosts whose room is known."""

    by: tuple[str, ...]
    """What is balanced: memory, processors."""
    total: Mapping[HostName, Amounts]
    used: dict[HostName, list[int]]
    unread: tuple[HostName, ...] = ()
    """Hosts that take no part, because what they have or what is free could not be read."""
    uncounted: str = ""
    """Why processors are not counted though they are to be balanced; empty where they are."""

    def of(self, host: HostName) -> float:
        """Return the share of a host that is in use, 1 where it is full; of several things the more used one counts."""
        return self.with_change(host, tuple(0 for _ in self.by))

    def with_change(self, host: HostName, change: Amounts) -> float:
        """Return the share of a host that would be in use with `change` more."""
        return max(
            (used + more) / total
            for used, more, total in zip(self.used[host], change, self.total[host], strict=True)
        )

    def shift(self, source: HostName, target: HostName, leaves: Amounts, comes: Amounts) -> None:
        """Count a machine at another host."""
        self.used[source] = [a - b for a, b in zip(self.used[source], leaves, strict=True)]
        self.used[target] = [a + b for a, b in zip(self.used[target], comes, strict=True)]

    def copy(self) -> Loads:
        """Return a copy, to compare what was with what would be."""
        return Loads(
            by=self.by, total=self.total, used={name: list(each) for name, each in self.used.items()},
            unread=self.unread, uncounted=self.uncounted,
        )  # fmt: skip


def loads(
    facts: Mapping[HostName, HostFacts | None],
    machines: Iterable[VirtualMachine],
    by: tuple[str, ...],
) -> Loads:
    """Return what is in use now. `machines`: all that the hosts show, declared or not."""
    known = {
        name: each
        for name, each in facts.items()
        if each is not None and each.memory_mib and each.memory_free_mib is not None
    }
    running = [vm for vm in machines if vm.host in known and in_memory(vm)]
    counted, why = _processors(known, running) if "processors" in by else ({}, "")
    total: dict[HostName, Amounts] = {}
    used: dict[HostName, list[int]] = {}
    memory = "memory" in by or not counted
    for name, each in known.items():
        whole, taken = [], []
        if memory:
            whole.append(each.memory_mib or 1)
            taken.append((each.memory_mib or 0) - (each.memory_free_mib or 0))
        if counted:
            whole.append(each.processors or 1)
            taken.append(counted[name])
        total[name], used[name] = tuple(whole), taken
    return Loads(
        by=(*(("memory",) if memory else ()), *(("processors",) if counted else ())),
        total=total,
        used=used,
        unread=tuple(sorted(facts.keys() - known.keys())),
        uncounted=why,
    )


def amounts(vm: VirtualMachine, by: tuple[str, ...], *, there: bool) -> Amounts:
    """Return what a machine takes of each thing: where it is, or `there`, on a host that it comes to."""
    memory = (needed_mib(vm) if there else held_mib(vm)) or 0
    return tuple(memory if each == "memory" else vm.processors or 0 for each in by)


def _processors(
    known: Mapping[HostName, HostFacts], running: Iterable[VirtualMachine]
) -> tuple[dict[HostName, int], str]:
    """Return the virtual processors on each host, none of them where one number is missing, and what is missing."""
    unread = sorted(name for name, each in known.items() if not each.processors)
    if unread:
        return {}, f"the number of processors of {unread[0]} could not be read"
    counted = dict.fromkeys(known, 0)
    for vm in running:
        if vm.processors is None:
            return {}, f"the number of processors of {vm.name} could not be read"
        counted[vm.host] += vm.processors
    return counted, ""
