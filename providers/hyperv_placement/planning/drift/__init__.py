"""Pure: a plan and what was read in, drift out: what is not as declared, since when and by whom as far as that is known."""

from .endings import OpenStart, ending_of
from .found import drift_of
from .left import LeftBehind, PlannedCopy
from .values import (
    AuditedMove,
    AuditedMoves,
    Drift,
    DriftKind,
    DriftReport,
    Expired,
    LeftFile,
    LoggedMove,
    Mover,
    Readings,
    Unknown,
)

__all__ = [
    "AuditedMove",
    "AuditedMoves",
    "Drift",
    "DriftKind",
    "DriftReport",
    "Expired",
    "LeftBehind",
    "LeftFile",
    "LoggedMove",
    "Mover",
    "OpenStart",
    "PlannedCopy",
    "Readings",
    "Unknown",
    "drift_of",
    "ending_of",
]  # fmt: skip
