"""Sees the run of a stack from beside it: its order and its log, where they are kept here, and what the hosts show, whoever began it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.migration.audit_words import STARTS, Entry
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Schedule, ScheduledMove
from hyperv_placement.model.run_seen import MoveSeen, MoveState, RunSeen
from hyperv_placement.model.running_job import RunningJob
from hyperv_placement.planning.drift.endings import MOVED
from hyperv_placement.workspace.handoff import fingerprint, running_order
from hyperv_placement.workspace.locks import Lock, backend_folder, is_stale, locks

from .jobs import read_jobs

_BACKEND = "PULUMI_BACKEND_URL"
_ENDS = {"end", "refused", "found"}
_NAMED = 3
"""Machines that a reason names before the rest is counted."""
_RESULT = 200
"""Characters of why a move ended otherwise than planned."""


def see_run(stack: str, estate: Estate, project: Path, clock: Clock) -> RunSeen:
    """Return how the run of a stack stands now. Raises PlacementError."""
    log = AuditLog(audit_path(project, stack), clock=clock)
    read = read_jobs(estate, log)
    held = _holder(stack, project)
    entries = [entry for entry in log.entries() if entry is not None]
    schedule = running_order(project, stack)
    own = _own_lines(entries, schedule) if schedule is not None else None
    # A run that has just begun has not planned: what lies here yet is of the one before.
    if own and isinstance(held, Lock) and str(own[0]["time"]) < _utc(held.holder.timestamp):
        own = None
    goes_on = None if held is None else isinstance(held, Lock)
    if not own or schedule is None:
        who = held.holder.account if isinstance(held, Lock) else ""
        return RunSeen(stack=stack, goes_on=goes_on, who=who, others=read.jobs, silent=read.silent)
    moves = _moves(schedule, own, read.jobs)
    ours = {id(move.job) for move in moves if move.job is not None}
    since = str(own[0]["time"])
    return RunSeen(
        stack=stack, goes_on=goes_on, who=str(own[0].get("who", "")), since=since,
        elapsed=(clock.utc() - datetime.fromisoformat(since)).total_seconds(), moves=moves,
        others=tuple(job for job in read.jobs if id(job) not in ours), silent=read.silent,
    )  # fmt: skip


def _holder(stack: str, project: Path) -> Lock | bool | None:
    """Return the lock of the run; False where there is none, or its holder is gone; None where only the engine sees locks."""
    try:
        folder = backend_folder(os.environ.get(_BACKEND), project)
        found = [each for each in locks(folder, stack) if isinstance(each, Lock)]
    except (PlacementError, OSError):
        return None
    return next((lock for lock in found if not is_stale(lock)), False)


def _utc(timestamp: str) -> str:
    """Return the time of a lock as the log writes times, which sort as text; empty where it is none."""
    try:
        return datetime.fromisoformat(timestamp).astimezone(UTC).isoformat(timespec="seconds")
    except ValueError:
        return ""


def _own_lines(entries: Sequence[Entry], schedule: Schedule) -> list[Entry] | None:
    """Return the lines of the run that goes by this order, from its first on; None where the log knows none."""
    plan = fingerprint(schedule)
    begins = [
        number
        for number, entry in enumerate(entries)
        if entry.get("event") == "run" and entry.get("plan") == plan
    ]
    return [entry for entry in entries[begins[-1] :] if entry.get("plan") == plan] if begins else None


def _moves(schedule: Schedule, own: Iterable[Entry], jobs: Sequence[RunningJob]) -> tuple[MoveSeen, ...]:
    last: dict[tuple[str, HostName, HostName], Entry] = {}
    for entry in own:
        if "vm" in entry and (
            entry["event"] in STARTS or entry["event"] in _ENDS or entry["event"] == "left"
        ):
            last[str(entry["id"]), HostName(str(entry["from"])), HostName(str(entry["to"]))] = entry
    found = [
        _seen(each, last.get((each.move.vm.id, each.move.source, each.move.destination)), _job(each, jobs))
        for each in schedule.moves
    ]
    return tuple(
        replace(move, note=_why_it_waits(each, move, found)) if move.state is MoveState.WAITS else move
        for each, move in zip(schedule.moves, found, strict=True)
    )


def _job(each: ScheduledMove, jobs: Iterable[RunningJob]) -> RunningJob | None:
    move = each.move
    return next(
        (
            job
            for job in jobs
            if job.vm_id == move.vm.id
            and job.kind != "prepares"
            and (job.source, job.to or job.source) == (move.source, move.destination)
        ),
        None,
    )


def _seen(each: ScheduledMove, entry: Entry | None, job: RunningJob | None) -> MoveSeen:
    state, note = _state(entry, job)
    return MoveSeen(
        label=each.label, source=each.move.source, to=each.move.destination, bytes=each.bytes, state=state, note=note,
        job=job if state is MoveState.RUNS else None,
    )  # fmt: skip


def _state(entry: Entry | None, job: RunningJob | None) -> tuple[MoveState, str]:
    """Return how a move stands by its last line and by its host, and why it ended otherwise than planned."""
    event = "" if entry is None else str(entry["event"])
    if entry is not None and event in _ENDS:
        result = str(entry.get("result", ""))
        return (MoveState.DONE, "") if result == MOVED else (MoveState.ENDED, result[:_RESULT])
    if event == "left":
        return MoveState.LEFT, ""
    return (MoveState.RUNS, "") if entry is not None or job is not None else (MoveState.WAITS, "")


def _why_it_waits(each: ScheduledMove, waits: MoveSeen, all_of_them: Sequence[MoveSeen]) -> str:
    """Return for whom a move waits, by the order of the run; where it names nobody, who is on its way at the same hosts."""
    first = [all_of_them[number] for number in (*each.needs, *each.follows)]
    needed = [all_of_them[number] for number in each.needs]
    if failed := [move.label for move in needed if move.state in {MoveState.ENDED, MoveState.LEFT}]:
        return f"was to come after {_named(failed)}, which did not move"
    if behind := [move.label for move in first if move.state in {MoveState.RUNS, MoveState.WAITS}]:
        return f"after {_named(behind)}"
    ends = {waits.source, waits.to}
    beside = [
        move.label
        for move in all_of_them
        if move.state is MoveState.RUNS and not ends.isdisjoint({move.source, move.to})
    ]
    return f"for its turn: {_named(beside)} on their way there" if beside else "for its turn"


def _named(labels: Sequence[str]) -> str:
    names = list(dict.fromkeys(labels))
    return (
        ", ".join(names)
        if len(names) <= _NAMED
        else f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    )
