"""A run under way in 80 columns, and as a record for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

from hyperv_placement.model.calendar import spelled
from hyperv_placement.model.run_seen import MoveSeen, MoveState, RunSeen
from hyperv_placement.model.running_job import JobsRead
from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.model.unreachable import became
from hyperv_placement.visible import visible

from .cells import fitted, width
from .jobs_text import pace, record_of, render_jobs

_LINE = 79
_LABEL, _WAY, _BAR, _WHOLE = 14, 16, 15, 40
"""Cells of a label, of the way, and of the bars of a move and of the whole."""
_MOST = 30
"""Moves that wait, or have ended, before the rest is counted."""


def render_run(run: RunSeen, zone: tzinfo) -> str:
    """Return the whole, a line for each move, and what else runs on its hosts; every line has 80 columns at most but those of errors. `zone`: by whose clocks it is told when it began."""
    return "\n".join(_lines(run, zone))


def _lines(run: RunSeen, zone: tzinfo) -> Iterator[str]:
    yield from _head(run, zone)
    running = [move for move in run.moves if move.state is MoveState.RUNS]
    for move in running:
        yield _running(move)
    for state in (MoveState.WAITS, MoveState.ENDED, MoveState.LEFT):
        those = [move for move in run.moves if move.state is state]
        for move in those[:_MOST]:
            yield _told(move)
        if len(those) > _MOST:
            yield f"... and {len(those) - _MOST} more: {state} (all: --json)"
    if run.others:
        yield "also on these hosts:" if run.moves else "on its hosts:"
        yield render_jobs(JobsRead(jobs=run.others, hosts=0))
    for host in run.silent:
        yield f"{host.name} {became(host)}, what runs there is unknown: {visible(host.reason)}"


def _head(run: RunSeen, zone: tzinfo) -> Iterator[str]:
    if not run.moves:
        yield _without_order(run)
        return
    counts = [f"{run.count(MoveState.DONE)} of {counted(len(run.moves), 'move')} done"]
    counts += [
        f"{count} {words}"
        for state, words in (
            (MoveState.RUNS, "running"), (MoveState.WAITS, "waiting"), (MoveState.ENDED, "not moved"), (MoveState.LEFT, "left to their hosts"),
        )
        if (count := run.count(state))
    ]  # fmt: skip
    yield _cut(f"{run.stack}: {', '.join(counts)}{'' if run.goes_on is not False else '; the run has ended'}")
    by = f"by {run.who}, " if run.who else ""
    yield _cut(f"{by}since {spelled(run.since, zone)}")
    part = run.bytes_done / run.bytes if run.bytes else float(all(m.part == 1 for m in run.moves))
    left = "" if run.left is None else f", about {format_seconds(run.left)} left"
    percent = f"{int(part * 100)} %"
    yield _cut(f"[{_bar(part, _WHOLE)}] {percent:>5}{left}")
    yield _cut(f"{format_bytes(run.bytes_done)} of {format_bytes(run.bytes)}")


def _without_order(run: RunSeen) -> str:
    if run.goes_on:
        return _cut(
            f"{run.stack}: held by {run.who or 'somebody'}; its moves are not planned yet, or not kept here"
        )
    if run.goes_on is None:
        return _cut(f"{run.stack}: whether a run holds it, only the engine could tell")
    return _cut(f"{run.stack}: no run is under way")


def _running(move: MoveSeen) -> str:
    percent = None if move.job is None else move.job.percent
    left = None if move.job is None else move.job.left
    cells = (
        fitted(visible(move.label), _LABEL),
        fitted(_way(move), _WAY),
        fitted("?" if percent is None else f"{percent} %", 5, right=True),
        _bar(move.part, _BAR),
        fitted(pace(None if move.job is None else move.job.pace), 10, right=True),
        fitted("" if left is None else format_seconds(left), 12, right=True),
    )
    return " ".join(cells).rstrip()


def _told(move: MoveSeen) -> str:
    note = f" {move.note}" if move.note else ""
    return _cut(f"{fitted(visible(move.label), _LABEL)} {fitted(_way(move), _WAY)} {move.state}{note}")


def _way(move: MoveSeen) -> str:
    return visible(f"{move.source} -> {move.to}" if move.to != move.source else f"on {move.source}")


def _bar(part: float, cells: int) -> str:
    done = min(cells, int(part * cells))
    return f"{'#' * done}{'-' * (cells - done)}"


def _cut(text: str) -> str:
    shown = visible(text)
    return shown if width(shown) <= _LINE else fitted(shown, _LINE)


def run_record(run: RunSeen, code: int) -> dict[str, Any]:
    """Return it for scripts: numbers in bytes and seconds, null where nothing is known."""
    return {
        "code": code,
        "stack": run.stack,
        "goes_on": run.goes_on,
        "who": run.who or None,
        "since": run.since or None,
        "bytes": run.bytes,
        "bytes_done": run.bytes_done,
        "seconds_left": None if run.left is None else round(run.left, 1),
        "moves": [
            {
                "label": move.label,
                "from": move.source,
                "to": move.to,
                "bytes": move.bytes,
                "state": move.state.value,
                "note": move.note or None,
                "job": None if move.job is None else record_of(move.job),
            }
            for move in run.moves
        ],
        "others": [record_of(job) for job in run.others],
        "unknown": [{"host": host.name, "reason": host.reason} for host in run.silent],
    }
