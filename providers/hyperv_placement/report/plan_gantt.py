"""The schedule of a plan as bars over time, in plain characters."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.plan import Schedule, ScheduledMove
from hyperv_placement.visible import visible

from .cells import fitted, width

MOST = 40
"""Rows; what comes later is counted in a line."""
_LONGEST = 28
"""Cells of a label."""
_LEAST = 10
"""Cells of the bars, however narrow the terminal."""
_MOVES, _ASIDE = "#", "="


def gantt(schedule: Schedule, columns: int) -> Iterator[str]:
    """Yield a row for each move, `columns` wide: its label, and when it runs; the first ones where there are many."""
    shown = schedule.moves[:MOST]
    if not shown:
        return
    labels = [visible(each.label) for each in shown]
    label = min(_LONGEST, max(width(each) for each in labels))
    cells = max(_LEAST, columns - label - 3)
    yield f"{' ' * label}  {_scale(schedule.seconds, cells)}"
    for name, each in zip(labels, shown, strict=True):
        yield f"{fitted(name, label)} |{_bar(each, schedule.seconds, cells)}|"
    rest = len(schedule.moves) - len(shown)
    if rest:
        yield f"... and {rest} more that start from {clock(schedule.moves[MOST].start)} on (all: --json)"
    if any(each.aside for each in shown):
        yield f"{_MOVES} moves, {_ASIDE} only makes room"


def _scale(seconds: float, cells: int) -> str:
    """Return a line with the start, the middle and the end."""
    middle, end = clock(seconds / 2), clock(seconds)
    start = clock(0)
    room = cells - len(start) - len(middle) - len(end)
    if room < 2:  # noqa: PLR2004 - a blank on either side of the middle
        return f"{start}{end:>{max(len(end) + 1, cells - len(start))}}"
    left = room // 2
    return f"{start}{' ' * left}{middle}{' ' * (room - left)}{end}"


def _bar(each: ScheduledMove, seconds: float, cells: int) -> str:
    """Return the cells of one move: at least one, however short it is."""
    scale = cells / seconds if seconds > 0 else 0.0
    begin = min(cells - 1, int(each.start * scale))
    end = min(cells, max(begin + 1, round(each.end * scale)))
    return " " * begin + (_ASIDE if each.aside else _MOVES) * (end - begin) + " " * (cells - end)


def clock(seconds: float) -> str:
    """Return a moment of a run as minutes and seconds."""
    whole = max(0, round(seconds))
    return f"{whole // 60:02d}:{whole % 60:02d}"
