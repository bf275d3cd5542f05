"""What stands in the way of moves, as the doctor says it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How bad a diagnosis is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One finding."""

    weight: Weight
    where: str
    """Host, pair (`hv1 -> hv2`), machine, or `directory`."""
    text: str
    breaks: str
    """What does not work because of it."""
    remedy: str
    """The line of the stack file, or the command, that mends it."""
