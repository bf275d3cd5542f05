"""What the audit logs and the state tell of the past: one machine's ways, and what a stack has done in a period. Pure."""

from .machine import MachineHistory, Station, history_of
from .period import Host, Machine, Period, period_of
from .values import Logs, PastDrift, PastEvent, StateMove

__all__ = [
    "Host",
    "Logs",
    "Machine",
    "MachineHistory",
    "PastDrift",
    "PastEvent",
    "Period",
    "StateMove",
    "Station",
    "history_of",
    "period_of",
]
