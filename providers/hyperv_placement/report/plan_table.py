"""The moves of a plan as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hyperv_placement.model.plan import Schedule, ScheduledMove
from hyperv_placement.model.units import format_bytes
from hyperv_placement.planning.checks.sizes import of_unknown_size
from hyperv_placement.visible import visible

from .cells import fitted, width
from .moved_files import moved_files
from .plan_gantt import clock

_HEADS = ("wave", "machine", "from -> to", "kind", "size", "start", "end", "after", "why")
_RIGHT = {"wave", "size", "start", "end"}
_WIDEST = 32
"""Cells of a column but the last, which nothing follows."""
_NAMED = 2
"""Machines named under `after`; others are counted."""


_FILES = 8
"""Files of one move that get another path before the rest is counted."""


def table(schedule: Schedule) -> Iterator[str]:
    """Yield a line of heads and one for each move, in the order of their starts; below it the files that get another path."""
    if not schedule.moves:
        return
    rows = [
        _HEADS,
        *(_row(schedule, each, wave) for each, wave in zip(schedule.moves, schedule.waves, strict=True)),
    ]
    widths = [min(_WIDEST, max(width(row[column]) for row in rows)) for column in range(len(_HEADS) - 1)]
    yield _line(rows[0], widths)
    for row, each in zip(rows[1:], schedule.moves, strict=True):
        yield _line(row, widths)
        files = list(moved_files(each.move))
        for name, source, target in files[:_FILES]:
            yield f"      {visible(f'{name}: {source} -> {target}')}"
        if len(files) > _FILES:
            yield f"      ... and {len(files) - _FILES} more files (all: --json)"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        fitted(text, room, right=head in _RIGHT)
        for text, room, head in zip(row, widths, _HEADS, strict=False)
    ]
    return "  ".join([*cells, row[-1]]).rstrip()


def _row(schedule: Schedule, each: ScheduledMove, wave: int) -> tuple[str, ...]:
    move = each.move
    way = f"{move.source} -> {move.destination}" if move.changes_host else f"stays on {move.source}"
    # The sum leaves out files of which no host reports the size: it may be far below what is copied.
    size = f"{format_bytes(each.bytes)}{' + ?' if of_unknown_size(move) else ''}"
    first = list(
        dict.fromkeys(label for number in each.after if (label := schedule.moves[number].label) != each.label)
    )
    # Nothing is needed of those whose links it takes over, so that they are named only where there is no other reason.
    first = first or list(dict.fromkeys(f"behind {schedule.moves[number].label}" for number in each.behind))
    more = f" +{len(first) - _NAMED}" if len(first) > _NAMED else ""
    cells = (
        str(wave), each.label, way, f"{move.kind}{', aside' if each.aside else ''}", size,
        clock(each.start), clock(each.end), f"{', '.join(first[:_NAMED])}{more}", each.reason,
    )  # fmt: skip
    return tuple(visible(cell) for cell in cells)
