"""The figures as a table for people, and as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from .figure import Figure, amount

_HEAD = ("figure", "goal", "result", "")


def render(figures: Sequence[Figure]) -> str:
    """Return the table; what explains a figure stands below it."""
    rows = [(f.name, f.goal, f"{amount(f.result)} {f.unit}".rstrip(), verdict(f)) for f in figures]
    widths = [max(len(row[column]) for row in (_HEAD, *rows)) for column in range(len(_HEAD))]
    lines = [_line(_HEAD, widths), "  ".join("-" * width for width in widths)]
    for row, figure in zip(rows, figures, strict=True):
        lines.append(_line(row, widths))
        lines.extend(f"    {note}" for note in figure.notes)
    return "\n".join(lines)


def verdict(figure: Figure) -> str:
    """Return `held` or `missed`, nothing for a figure without a goal."""
    if not figure.goal:
        return ""
    return "held" if figure.held else "missed"


def as_json(figures: Iterable[Figure]) -> str:
    """Return a list of objects: figure, unit, goal, result, held, notes."""
    return json.dumps(
        [
            {
                "figure": figure.name,
                "unit": figure.unit,
                "goal": figure.goal,
                "result": round(figure.result, 4),
                "held": figure.held,
                "notes": list(figure.notes),
            }
            for figure in figures
        ],
        indent=2,
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
