"""The two rules: no move of a protected key, and no more moves in a run than agreed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from hyperv_placement.model.names import folded
from hyperv_placement.model.units import counted
from hyperv_placement.resources.properties import MOVE

PROTECTED = "protected-machines-stay"
AT_MOST = "moves-in-a-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMove:
    """The move of one machine as its resource declares it."""

    label: str
    source: str
    host: str
    """Where it goes; the source where its files alone move."""
    of: int
    """Machines that move in the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the rules go by; by default nothing is forbidden."""

    labels: Sequence[str] = ()
    """Keys of machines that must not move; `*` stands for any characters."""
    most: int | None = None
    """Machines that may move in one run."""


def move_in(label: str, inputs: Mapping[str, Any]) -> PlannedMove | None:
    """Return the move that a machine's inputs declare; None where it stays."""
    move = inputs.get(MOVE)
    if not isinstance(move, Mapping):
        return None
    source = str(move.get("from", ""))
    return PlannedMove(
        label=label, source=source, host=str(inputs.get("host") or source), of=int(move.get("of", 0))
    )


def broken(rule: str, move: PlannedMove, limits: Limits) -> str | None:
    """Return how a move breaks a rule, in one line; None where it does not."""
    if rule == PROTECTED:
        found = next((each for each in limits.labels if fnmatchcase(folded(move.label), folded(each))), None)
        where = (
            "its files would move"
            if move.host == move.source
            else f"would move from {move.source} to {move.host}"
        )
        return None if found is None else f"{move.label} is protected ({found}), and {where}"
    if limits.most is not None and move.of > limits.most:
        return f"{move.label} is one of {counted(move.of, 'machine')} that would move in this run, and {limits.most} may"
    return None
