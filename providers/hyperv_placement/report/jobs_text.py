"""Running migrations as a table of 80 columns, and as a record for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hyperv_placement.model.running_job import JobsRead, RunningJob
from hyperv_placement.model.units import counted, format_seconds
from hyperv_placement.model.unreachable import by_cause, who
from hyperv_placement.visible import visible

from .cells import fitted, width

_HEADS = ("machine", "from -> to", "what", "done", "pace", "left", "who")
_WIDEST = (14, 19, 8, 5, 9, 11)
"""Cells of each column but the last, which gets what is left of a line."""
_WHO = 16
"""Cells that the last column gets where others can give them."""
_LEAST = {1: 13, 0: 8}
"""Column -> cells that it keeps."""
_LINE = 79
_RIGHT = {"done", "pace", "left"}
_PER_MINUTE = 1 / 60
"""Percent a second above which a pace is said by the minute."""


def render_jobs(read: JobsRead) -> str:
    """Return a line for each job, below them who did not answer; every line has 80 columns at most but those of errors."""
    return "\n".join(_lines(read))


def _lines(read: JobsRead) -> Iterator[str]:
    if read.jobs:
        yield from _table([_HEADS, *(_row(job) for job in read.jobs)])
    else:
        answered = read.hosts - len(read.silent)
        those = f"the {counted(answered, 'host')} that answered" if read.silent else counted(answered, "host")
        yield (
            f"no migration runs on {those}"
            if answered
            else "no host answered: whether a migration runs is unknown"
        )
    for reason, hosts in by_cause(read.silent).items():
        yield f"{visible(who(hosts))}, what runs there is unknown: {visible(reason)}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [min(most, max(width(row[column]) for row in rows)) for column, most in enumerate(_WIDEST)]
    wanted = min(_WHO, max(width(row[-1]) for row in rows))
    for column, least in _LEAST.items():
        lacking = max(0, wanted - _rest(widths))
        widths[column] = max(min(least, widths[column]), widths[column] - lacking)
    last = min(_rest(widths), max(width(row[-1]) for row in rows))
    for row in rows:
        cells = [
            fitted(text, room, right=head in _RIGHT)
            for head, text, room in zip(_HEADS, row, [*widths, last], strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _rest(widths: Sequence[int]) -> int:
    """Return the cells that columns leave for the last one."""
    return _LINE - sum(widths) - 2 * len(widths)


def _row(job: RunningJob) -> tuple[str, ...]:
    way = f"{job.source} -> {job.to or job.destination}" if job.destination else f"on {job.source}"
    cells = (
        job.name, way, job.kind or "?", "?" if job.percent is None else f"{job.percent} %", pace(job.pace),
        "?" if job.left is None else format_seconds(job.left), _who(job),
    )  # fmt: skip
    return tuple(visible(cell) for cell in cells)


def pace(percent: float | None) -> str:
    """Return percent a second by the minute, or by the hour where it is slow."""
    if percent is None:
        return "?"
    return f"{percent * 60:.0f} %/min" if percent >= _PER_MINUTE else f"{percent * 3600:.1f} %/h"


def _who(job: RunningJob) -> str:
    """Return who began it: by our log, or the account that the host names."""
    if job.ours is not None:
        return f"ours: {job.ours.stack}, {job.ours.who}"
    return job.owner or "?"


def jobs_record(read: JobsRead, code: int) -> dict[str, Any]:
    """Return it for scripts: numbers in seconds, null where nothing is known."""
    return {
        "code": code,
        "jobs": [record_of(job) for job in read.jobs],
        "unknown": [{"host": host.name, "reason": host.reason} for host in read.silent],
    }


def record_of(job: RunningJob) -> dict[str, Any]:
    """Return one job for scripts."""
    ours = None if job.ours is None else {"who": job.ours.who, "time": job.ours.time, "stack": job.ours.stack}
    return {
        "vm": job.name,
        "id": job.vm_id,
        "job": job.id,
        "from": job.source,
        "to": job.to or job.destination or job.source,
        "kind": job.kind,
        "percent": job.percent,
        "percent_per_minute": None if job.pace is None else round(job.pace * 60, 3),
        "seconds": None if job.elapsed is None else round(job.elapsed, 1),
        "seconds_left": None if job.left is None else round(job.left, 1),
        "owner": job.owner,
        "since": job.since,
        "cancellable": job.cancellable,
        "ours": ours,
    }
