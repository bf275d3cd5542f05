"""What the audit log of a stack says of its last run: what that has begun, and what it has seen the end of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hyperv_placement.model.names import HostName, VmId, is_guid, vm_id
from hyperv_placement.planning.drift import OpenStart
from hyperv_placement.planning.drift.endings import MOVED

from . import audit_words
from .audit import AuditLog
from .audit_words import Entry

_RUN = "run"
_ENDS = frozenset({"end", "refused", "found"})
_STAGING = frozenset({"staging", "staged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Residue:
    """What was found of an interrupted move once it had ended, as the log keeps it."""

    host: HostName
    files: tuple[str, ...] = ()
    planned: bool = False
    """Whether a planned machine was left there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The books of a stack. Machines are named as they were called then."""

    names: Mapping[VmId, str] = field(default_factory=dict)
    starts: Mapping[VmId, OpenStart] = field(default_factory=dict)
    """Of moves whose end no line tells, whichever run began them."""
    staged: Mapping[VmId, HostName] = field(default_factory=dict)
    """Where a planned machine was ordered that no line tells the end of."""
    ended: Mapping[VmId, str] = field(default_factory=dict)
    """How the last move of each machine ended in the last run, in words."""
    left: Mapping[VmId, Residue] = field(default_factory=dict)
    """What interrupted moves have left, of machines that no run has moved since."""

    @property
    def open(self) -> frozenset[VmId]:
        """The machines of which something was begun and has no end."""
        return frozenset({*self.starts, *self.staged})


def read_books(log: AuditLog) -> Books:
    """Return what the log says; torn lines say nothing."""
    entries = [entry for entry in log.entries() if entry is not None]
    starts = [start for entry in log.open_starts() if (start := audit_words.open_start(entry)) is not None]
    return Books(
        names={machine: str(entry["vm"]) for machine, entry in _of_machines(entries) if entry.get("vm")},
        starts={start.vm_id: start for start in starts},
        staged=_staged(entries),
        ended=_ended(entries),
        left=_left(entries),
    )


def _of_machines(entries: list[Entry]) -> Iterator[tuple[VmId, Entry]]:
    return ((vm_id(str(entry["id"])), entry) for entry in entries if is_guid(str(entry.get("id"))))


def _staged(entries: list[Entry]) -> dict[VmId, HostName]:
    found: dict[VmId, HostName] = {}
    for machine, entry in _of_machines(entries):
        if entry.get("event") in _STAGING:
            found[machine] = HostName(str(entry.get("to", "")))
        elif entry.get("event") == "unstaged" or entry.get("result") == MOVED:
            found.pop(machine, None)
    return found


def _left(entries: list[Entry]) -> dict[VmId, Residue]:
    found: dict[VmId, Residue] = {}
    for machine, entry in _of_machines(entries):
        left = entry.get("left")
        if entry.get("event") in audit_words.STARTS:
            found.pop(machine, None)
        elif entry.get("event") == "found" and isinstance(left, dict):
            files = left.get("files")
            found[machine] = Residue(
                host=HostName(str(left.get("on", ""))),
                files=tuple(map(str, files)) if isinstance(files, list) else (),
                planned=left.get("planned") is True,
            )
    return found


def _ended(entries: list[Entry]) -> dict[VmId, str]:
    last = max((number for number, entry in enumerate(entries) if entry.get("event") == _RUN), default=-1)
    found: dict[VmId, str] = {}
    for machine, entry in _of_machines(entries[last + 1 :]):
        if entry.get("event") in audit_words.STARTS:
            found.pop(machine, None)
        elif entry.get("event") in _ENDS:
            way = f"{entry.get('from', '')} -> {entry.get('to', '')}"
            found[machine] = f"{way}: {entry.get('result', '')}"
    return found
