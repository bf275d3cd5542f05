"""Where one machine has been, when, and by whom it was brought there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from hyperv_placement.model.names import VmId, folded

from .values import Logs, PastDrift, PastEvent, StateMove

_SAME = timedelta(minutes=10)
"""A move of the state and one of a log are the same where their ends lie no further apart: the state is written a little later."""
_TRIED = frozenset({"end", "left", "found", "refused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One thing that has become of a machine."""

    time: datetime
    """When it ended, in UTC."""
    source: str
    """A host; empty where that is not known."""
    to: str
    what: str
    """`moved`, `files moved`, `not moved: ...`, or who else moved it."""
    by: str
    """Empty where nobody recorded it."""
    moved: bool
    ticket: str = ""
    run: str = ""
    job: str = ""
    stack: str = ""
    seconds: float | None = None
    bytes: int | None = None
    pause: float | None = None
    source_of: str = "audit log"
    """Where it is known from: `audit log`, `state`, or `drift`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineHistory:
    """All that is recorded of one machine."""

    name: str
    vm_id: VmId | None
    stations: tuple[Station, ...]
    """The oldest first."""
    unreadable: int
    begin: datetime | None
    """The time of the oldest line of the logs: before it nothing is recorded but what the state keeps."""
    state: str = ""
    """Why the state was not read; empty where it was."""
    zone: tzinfo = UTC
    """By whose clocks people read its moments: those of the stack that declares it."""


def history_of(
    name: str, vm_id: VmId | None, logs: Logs, kept: Sequence[StateMove] = (), *, state: str = ""
) -> MachineHistory:
    """Return the history of a machine: by its GUID, or where no GUID is known by its name.

    `kept`: its moves in the state. `state`: why that was not read.
    """
    stations = [_station(each) for each in logs.events if _is_of(each, name, vm_id) and _tells(each)]
    stations += [station for each in logs.events for station in _by_others(each, name, vm_id)]
    stations += [_of_state(each) for each in kept if not any(_is_same(each, other) for other in stations)]
    return MachineHistory(
        name=name,
        vm_id=vm_id,
        stations=tuple(_once(sorted(stations, key=lambda each: each.time))),
        unreadable=logs.unreadable,
        begin=logs.begin,
        state=state,
    )


def _is_of(event: PastEvent, name: str, vm_id: VmId | None) -> bool:
    if vm_id is not None:
        return event.vm_id == vm_id
    return bool(event.vm) and folded(event.vm) == folded(name)


def _tells(event: PastEvent) -> bool:
    return event.moved or event.event in _TRIED


def _station(event: PastEvent) -> Station:
    kind = "files moved" if event.source == event.to else "moved"
    if not event.moved:
        kind = f"{'not followed' if event.event == 'left' else 'not moved'}: {event.result}"
    return Station(
        time=event.time, source=event.source, to=event.to, what=kind, by=event.by, moved=event.moved,
        ticket=event.ticket, run=event.run, job=event.job, stack=event.stack, seconds=event.seconds,
        bytes=event.bytes, pause=event.pause,
    )  # fmt: skip


def _by_others(event: PastEvent, name: str, vm_id: VmId | None) -> Iterator[Station]:
    """Yield where `drift` has found the machine, if not where our own moves had brought it."""
    for each in event.found:
        if not (each.vm_id == vm_id if vm_id is not None else folded(each.subject) == folded(name)):
            continue
        yield Station(
            time=_when(each, event.time),
            source="",
            to=each.host,
            what=f"found by drift: {each.kind}",
            by=each.who,
            moved=False,
            stack=event.stack,
            source_of="drift",
        )


def _when(drift: PastDrift, looked: datetime) -> datetime:
    try:
        when = datetime.fromisoformat(drift.when)
    except ValueError:
        return looked
    return when if when.tzinfo is not None else looked


def _of_state(each: StateMove) -> Station:
    what = "files moved" if each.source == each.to else "moved"
    return Station(
        time=each.ended, source=each.source, to=each.to, what=what, by=each.by, moved=True, job=each.job,
        stack=each.stack, seconds=each.seconds, bytes=each.bytes or None, run=each.run, source_of="state",
    )  # fmt: skip


def _is_same(kept: StateMove, found: Station) -> bool:
    way = (kept.source, kept.to) == (found.source, found.to)
    return found.moved and way and abs(kept.ended - found.time) <= _SAME


def _once(stations: Iterable[Station]) -> Iterator[Station]:
    """Leave out what every morning's drift says again."""
    last: Station | None = None
    for each in stations:
        again = last is not None and each.source_of == "drift" == last.source_of
        if again and last is not None and (each.to, each.by, each.what) == (last.to, last.by, last.what):
            continue
        yield each
        last = each
