"""Diagnoses as lines of a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from providers.doctor.symptoms import Diagnosis, Weight


def render_diagnoses(found: Sequence[Diagnosis], untold: Sequence[str]) -> str:
    """Return each finding with what it breaks and what mends it, then the count, then what could not be told."""
    return "\n".join(_lines(found, untold))


def _lines(found: Sequence[Diagnosis], untold: Sequence[str]) -> Iterator[str]:
    for each in found:
        yield f"{each.weight}: {each.where}: {each.text}"
        yield f"    breaks: {each.breaks}"
        if each.remedy:
            yield f"    do:     {each.remedy}"
    errors = sum(each.weight == Weight.ERROR for each in found)
    yield (
        f"{errors} errors, {len(found) - errors} warnings" if found else "Nothing stands in the way of moves"
    )
    yield f"Cannot be told from here: {'; '.join(untold)}"
