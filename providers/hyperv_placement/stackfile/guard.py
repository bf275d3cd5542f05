"""The section guard: as values."""

from __future__ import annotations

from collections.abc import Callable

from hyperv_placement.model.guard import NO_LIMITS, Guard
from hyperv_placement.model.units import parse_bytes

from .findings import Findings
from .nodes import Mapping, Node, Scalar
from .windows import read_windows
from .zones import zone_of


def read_guard(
    root: Mapping, labels: Callable[[Node | None, str], tuple[str, ...]], findings: Findings
) -> Guard:
    """Return the guard, without limits where there is none; `labels` reads a list of machines, and reports strangers."""
    section = root.mapping("guard")
    if section is None:
        return NO_LIMITS
    most = section.scalar("max_bytes")
    return Guard(
        max_moves=_whole(section.scalar("max_moves")),
        max_bytes=None if most is None else parse_bytes(most.text),
        max_hosts=_whole(section.scalar("max_hosts")),
        max_failures=_whole(section.scalar("max_failures")),
        freeze=read_windows(section.value("freeze"), "guard.freeze", findings, zone_of(root)),
        protected=labels(section.value("protected"), "guard.protected"),
        all_or_nothing=_yes(section.scalar("all_or_nothing")),
    )


def _whole(node: Scalar | None) -> int | None:
    return None if node is None else int(node.text)


def _yes(node: Scalar | None) -> bool:
    return node is not None and node.text.lower() in {"true", "yes", "on"}
