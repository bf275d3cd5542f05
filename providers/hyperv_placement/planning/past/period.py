"""What became of a stack in a period: moves, bytes, pauses, drift found, holds, by its audit logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from hyperv_placement.model.names import VmId

from .values import Logs, PastEvent

_HOLDS = frozenset({"hold", "release"})
_FAILED = frozenset({"end", "found"})
_STEPS = frozenset(
    {"start", "staging", "staged", "unstaged", "stage found", "left staged", "answer lost", "cancel"}
)
"""Lines of one move beside its end."""
_NO_DECISIONS = (
    _HOLDS
    | _STEPS
    | _FAILED
    | {"refused", "left", "adopted", "run", "drift", "gap", "chained", "rotated", ""}
)
"""What is no decision of a person, or has a list of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What came to a host, and what left it."""

    name: str
    came: int
    left: int
    bytes: int | None
    """Brought to it; None where no move of them has recorded its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine that was moved."""

    name: str
    vm_id: VmId | None
    hosts: tuple[str, ...]
    """On which it has been, in that order, the one before its first move included."""
    moves: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is recorded of a stack in a period."""

    stack: str
    since: datetime
    until: datetime
    logs: tuple[str, ...]
    """Which files were read."""
    begin: datetime | None
    """The time of the oldest line; None where there is no log at all."""
    unreadable: int
    moves: tuple[PastEvent, ...]
    failures: tuple[PastEvent, ...]
    """Moves that ended otherwise than well, or that were refused at their start."""
    holds: tuple[PastEvent, ...]
    looks: tuple[PastEvent, ...]
    """Lines of `drift`."""
    decisions: tuple[PastEvent, ...]
    """What people did to the stack besides: adoptions, drained hosts, cancelled jobs, notes, settings."""
    hosts: tuple[Host, ...]
    machines: tuple[Machine, ...]
    zone: tzinfo = UTC
    """By whose clocks days are counted and people read moments: those of the stack."""

    @property
    def is_covered(self) -> bool:
        """Whether the logs begin before the period does."""
        return self.begin is not None and self.begin <= self.since

    @property
    def bytes(self) -> tuple[int, int]:
        """What was copied, and of how many moves that is recorded."""
        known = [each.bytes for each in self.moves if each.bytes is not None]
        return sum(known), len(known)

    @property
    def pauses(self) -> tuple[float, int]:
        """Seconds for which machines stood still, as estimated, and of how many moves that is recorded."""
        known = [each.pause for each in self.moves if each.pause is not None]
        return sum(known), len(known)

    @property
    def drifted(self) -> int | None:
        """How many different things `drift` has found; None where no look is recorded."""
        if not self.looks:
            return None
        return len(
            {(each.vm_id or each.subject, each.kind, each.host) for look in self.looks for each in look.found}
        )

    @property
    def days_looked(self) -> int:
        """On how many days drift was looked for."""
        return len({look.time.astimezone(self.zone).date() for look in self.looks})

    @property
    def days_with_drift(self) -> tuple[date, ...]:
        """On which some look has found drift."""
        return tuple(sorted({look.time.astimezone(self.zone).date() for look in self.looks if look.drifts}))


def period_of(stack: str, logs: Logs, since: datetime, until: datetime, files: Sequence[str] = ()) -> Period:
    """Return what logs tell of a period, both ends included. `files`: their names."""
    events = [each for each in logs.events if since <= each.time <= until]
    moves = [each for each in events if each.moved]
    return Period(
        stack=stack,
        since=since,
        until=until,
        logs=tuple(files),
        begin=logs.begin,
        unreadable=logs.unreadable,
        moves=tuple(moves),
        failures=tuple(each for each in events if _has_failed(each)),
        holds=tuple(each for each in events if each.event in _HOLDS),
        looks=tuple(each for each in events if each.event == "drift"),
        decisions=tuple(each for each in events if each.event not in _NO_DECISIONS),
        hosts=tuple(_hosts(moves)),
        machines=tuple(_machines(moves)),
    )


def _has_failed(event: PastEvent) -> bool:
    ended = event.event in _FAILED and not event.moved
    return ended or (event.event == "refused" and event.vm_id is not None)


def _hosts(moves: Iterable[PastEvent]) -> list[Host]:
    between = [each for each in moves if each.source != each.to]
    found = []
    for name in sorted({str(host) for each in between for host in (each.source, each.to)}):
        came = [each for each in between if each.to == name]
        known = [each.bytes for each in came if each.bytes is not None]
        found.append(
            Host(
                name=name,
                came=len(came),
                left=sum(each.source == name for each in between),
                bytes=sum(known) if known else None,
            )
        )
    return found


def _machines(moves: Iterable[PastEvent]) -> list[Machine]:
    by: dict[str, list[PastEvent]] = {}
    for each in moves:
        by.setdefault(str(each.vm_id or each.vm), []).append(each)
    found = []
    for theirs in by.values():
        way = [str(theirs[0].source)]
        for each in theirs:
            way += [str(each.to)] if each.to != way[-1] else []
        found.append(
            Machine(
                name=theirs[-1].vm,
                vm_id=theirs[-1].vm_id,
                hosts=tuple(way),
                moves=len(theirs),
                last=theirs[-1].time,
            )
        )
    return sorted(found, key=lambda each: (-each.moves, each.name))
