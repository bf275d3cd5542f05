"""What is held, for reports that show no plan: a line each, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hyperv_placement.model.finding import Finding
from hyperv_placement.visible import visible


def hold_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield each hold, what is over, and what is not known, as drift and result show them."""
    return (visible(f"hold: {each}") for each in findings)
