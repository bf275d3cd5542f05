"""A report of tables for a terminal: as wide as that is, columns that it can do without left out from the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hyperv_placement.report.cells import fitted, width
from hyperv_placement.visible import visible

from .values import Part, Sheet

_GAP = "  "
_NARROWEST = 8
"""Cells that a column keeps at least."""


def render_text(sheet: Sheet, columns: int | None) -> str:
    """Return the report. `columns`: of the terminal; None: nothing is left out and nothing is cut."""
    lines = [visible(sheet.headline)]
    for part in sheet.parts:
        lines += ["", visible(part.title), *_table(part, columns)]
        lines += [f"  {visible(note)}" for note in part.notes]
    lines += [""] if sheet.notes else []
    lines += [visible(note) for note in sheet.notes]
    return "\n".join(lines) + "\n"


def _table(part: Part, columns: int | None) -> Iterator[str]:
    if not part.rows:
        return
    rows = [tuple(map(visible, row)) for row in (part.heads, *part.rows)]
    kept = list(range(len(part.heads)))
    while columns is not None and _needs(rows, kept) > columns and (spare := _spare(part, kept)):
        kept.remove(spare[-1])
    widths = _widths(rows, kept, columns)
    for row in rows:
        cells = [fitted(row[column], widths[column], right=column in part.numbers) for column in kept]
        yield f"  {_GAP.join(cells)}".rstrip()
    if len(kept) < len(part.heads):
        gone = [head for number, head in enumerate(part.heads) if number not in kept]
        yield f"  not shown in {columns} columns: {', '.join(gone)}"


def _spare(part: Part, kept: Sequence[int]) -> list[int]:
    return [column for column in kept if column in part.last]


def _needs(rows: Sequence[Sequence[str]], kept: Sequence[int]) -> int:
    return 2 + sum(_widest(rows, column) for column in kept) + len(_GAP) * (len(kept) - 1)


def _widest(rows: Sequence[Sequence[str]], column: int) -> int:
    return max(width(row[column]) for row in rows)


def _widths(rows: Sequence[Sequence[str]], kept: Sequence[int], columns: int | None) -> dict[int, int]:
    """Return the cells of each column; the widest ones give way where all together are too wide."""
    found = {column: _widest(rows, column) for column in kept}
    over = 0 if columns is None else _needs(rows, kept) - columns
    while over > 0:
        column = max(found, key=lambda each: found[each])
        if found[column] <= _NARROWEST:
            break
        found[column] -= 1
        over -= 1
    return found
