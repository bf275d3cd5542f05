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


_BELOW = ("why", "after", "kind")
"""Columns that stand below a move where the line has no room for them, the first one first."""


def table(schedule: Schedule, columns: int) -> Iterator[str]:
    """Yield a line of heads and one for each move, in the order of their starts, in so many columns.

    Below a move stand what has no room in its line, and the files that get another path.
    """
    if not schedule.moves:
        return
    rows = [
        _HEADS,
        *(_row(schedule, each, wave) for each, wave in zip(schedule.moves, schedule.waves, strict=True)),
    ]
    widths = [
        min(_WIDEST, max(width(row[number]) for row in rows)) if number < len(_HEADS) - 1 else width(head)
        for number, head in enumerate(_HEADS)
    ]
    longest = max(width(row[-1]) for row in rows)
    below = _without_room([*widths[:-1], longest], columns)
    yield _line(rows[0], widths, below)
    for row, each in zip(rows[1:], schedule.moves, strict=True):
        yield _line(row, widths, below)
        if more := [f"{head}: {row[_HEADS.index(head)]}" for head in below if row[_HEADS.index(head)]]:
            yield f"      {'; '.join(more)}"
        files = list(moved_files(each.move))
        for name, source, target in files[:_FILES]:
            yield f"      {visible(f'{name}: {source} -> {target}')}"
        if len(files) > _FILES:
            yield f"      ... and {len(files) - _FILES} more files (all: --json)"


def _without_room(widths: Sequence[int], columns: int) -> list[str]:
    """Return the columns that go below, so that the others have room."""
    below = list[str]()
    for head in _BELOW:
        shown = [room for room, name in zip(widths, _HEADS, strict=True) if name not in below]
        if sum(shown) + 2 * (len(shown) - 1) <= columns:
            break
        below.append(head)
    return below


def _line(row: Sequence[str], widths: Sequence[int], below: Sequence[str]) -> str:
    cells = [
        # Nothing follows the last one, which is as long as it is.
        text if head == _HEADS[-1] else fitted(text, room, right=head in _RIGHT)
        for text, room, head in zip(row, widths, _HEADS, strict=True)
        if head not in below
    ]
    return "  ".join(cells).rstrip()


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
