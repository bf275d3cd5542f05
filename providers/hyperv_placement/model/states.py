"""What a machine does, in words: Msvm_ComputerSystem.EnabledState, as the win32 pages of both namespaces name its values."""

from __future__ import annotations

_WORDS = {
    2: "running",
    3: "off",
    4: "shutting down",
    6: "saved",
    9: "paused",
    10: "starting",
    32768: "paused",
    32769: "saved",
    32770: "starting",
    32771: "taking a checkpoint",
    32773: "saving its state",
    32774: "stopping",
    32776: "pausing",
    32777: "resuming",
}


def in_words(enabled_state: int) -> str:
    """Return the state as a person calls it."""
    return _WORDS.get(enabled_state, f"in a state without a name (EnabledState {enabled_state})")
