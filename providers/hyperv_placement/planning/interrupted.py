"""What became of the machines that an interrupted run had begun, by what the hosts show now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from hyperv_placement.model.estate import Host, Inventory, MigrationJob, VirtualMachine
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.states import in_words
from hyperv_placement.model.unreachable import who

from .drift import OpenStart, ending_of
from .drift.endings import MOVED, NOT_MOVED


class Became(StrEnum):
    """What a machine's move came to."""

    MOVED = "moved"
    NOT_MOVED = "not moved"
    ELSEWHERE = "elsewhere"
    """It is whole, and neither as ordered nor as it was."""
    ENDED = "ended before"
    """The run itself has seen the end of its last move."""
    NOT_BEGUN = "not begun"
    """The run had come to the machine, and nothing was ordered."""
    GOES_ON = "goes on"
    TWICE = "on two hosts"
    NOT_SEEN = "not seen"
    UNKNOWN = "unknown"


_FOR_A_PERSON = frozenset({Became.TWICE, Became.NOT_SEEN, Became.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A machine that a run had begun, by the run's own books."""

    name: str
    """Its key in the stack file where that is known, else its name."""
    vm_id: VmId
    start: OpenStart | None = None
    """A start in the audit log without an end."""
    staged_on: HostName | None = None
    """Where this stack has a planned machine of it made, by the audit log."""
    ended: str = ""
    """How its last move in that run ended; empty where none did."""
    pending: str = ""
    """The engine's word for what it had not finished, as `creating`."""
    declared: frozenset[HostName] = frozenset()
    """Hosts that the stack file allows it; empty where it is free or not declared."""
    stages: bool = False
    """Whether its moves are checked by a planned machine: a run takes one that lies where it would order it, whatever log is at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one machine."""

    name: str
    vm_id: VmId
    became: Became
    text: str
    host: HostName | None = None
    """Where it is; while it moves where it comes from."""
    percent: int | None = None
    """Of a move that goes on."""
    prepares: bool = False
    """Whether what goes on only prepares a move, or checks one: that takes seconds, and the next run waits for it."""
    planned: HostName | None = None
    """Where a planned machine of it is left that nobody moves into."""
    files: tuple[str, ...] = ()
    """Files that the move has left, on `files_on`."""
    files_on: HostName | None = None

    @property
    def needs_a_person(self) -> bool:
        """Whether the next run does not get along with it by itself."""
        return self.became in _FOR_A_PERSON or self.planned is not None or bool(self.files)


def fate_of(begun: Begun, inventory: Inventory) -> Fate:
    """Return what became of a machine. Pure: files that are left are looked for by whoever can ask the hosts."""
    if (running := inventory.job_of(begun.vm_id)) is not None:
        return _going_on(begun, *running)
    match inventory.with_id(begun.vm_id):
        case (vm,):
            return _whole(begun, vm, inventory)
        case ():
            return _absent(begun, inventory)
        case several:
            hosts = ", ".join(vm.host for vm in several)
            text = f"{hosts} show it at once, and no move of it runs; the next run does nothing with it before one is removed by hand"
            return Fate(name=begun.name, vm_id=begun.vm_id, became=Became.TWICE, text=text)


def doubtful(fates: Collection[Fate]) -> bool:
    """Say whether another sweep may show more: one is not atomic, and a planned machine vanishes a while after its job."""
    return any(fate.became in {Became.TWICE, Became.NOT_SEEN} or fate.planned for fate in fates)


def _going_on(begun: Begun, host: Host, job: MigrationJob) -> Fate:
    doing = "is prepared for a move" if job.only_prepares else "moves"
    whereto = f" to {job.destination}" if job.destination else ", its files alone"
    by = f", ordered by {job.owner}" if job.owner else ""
    text = f"it {doing}{whereto}, at {job.percent} % ({host.name}, job {job.id}{by})"
    return Fate(
        name=begun.name,
        vm_id=begun.vm_id,
        became=Became.GOES_ON,
        text=text,
        host=host.name,
        percent=job.percent,
        prepares=job.only_prepares,
    )


def _absent(begun: Begun, inventory: Inventory) -> Fate:
    if inventory.complete:
        text = (
            "no host shows it; look for it by its GUID before anything else, and never remove files meanwhile"
        )
        return Fate(name=begun.name, vm_id=begun.vm_id, became=Became.NOT_SEEN, text=text)
    text = f"no host that answers shows it; {who(inventory.unreachable.values())}"
    return Fate(name=begun.name, vm_id=begun.vm_id, became=Became.UNKNOWN, text=text)


def _whole(begun: Begun, vm: VirtualMachine, inventory: Inventory) -> Fate:
    became, text = _came_to(begun, vm, inventory)
    if became is Became.UNKNOWN:
        return Fate(name=begun.name, vm_id=begun.vm_id, became=became, text=text, host=vm.host)
    if begun.declared and vm.host not in begun.declared:
        text = f"{text}; it is declared on {' or '.join(sorted(begun.declared))}, and the next run does what is left"
    planned = [host.name for host in inventory.hosts.values() if vm.id in host.planned]
    ours = [host for host in planned if host == begun.staged_on or (begun.stages and host in begun.declared)]
    left = next((host for host in planned if host not in ours), None)
    for host in ours:
        text = f"{text}; a planned machine of it is ready on {host}, which the next run moves into"
    if left is not None:
        text = f"{text}; a planned machine of it is left on {left}"
    return Fate(name=begun.name, vm_id=begun.vm_id, became=became, text=text, host=vm.host, planned=left)


def _came_to(begun: Begun, vm: VirtualMachine, inventory: Inventory) -> tuple[Became, str]:
    here = f"it is on {vm.host}, {in_words(vm.enabled_state)}"
    if begun.start is not None:
        result = ending_of(begun.start, inventory)
        if result is None:
            silent = who(host for name, host in inventory.unreachable.items() if name == begun.start.source)
            return Became.UNKNOWN, f"{here}; {silent}, and what is there of it is not known"
        if result == MOVED:
            return Became.MOVED, f"{begun.start.source} -> {begun.start.destination}: {here}"
        if result.startswith(NOT_MOVED):
            return Became.NOT_MOVED, here
        return Became.ELSEWHERE, f"{here}: {result}"
    if begun.ended:
        return Became.ENDED, f"{begun.ended}; {here}"
    return Became.NOT_BEGUN, here
