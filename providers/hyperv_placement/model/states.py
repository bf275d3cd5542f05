"""What a machine does, in words: Msvm_ComputerSystem.EnabledState.

The win32 pages of both namespaces name the values up to 10 and those from 32768; 11 and those from 32779 are of the Hyper-V
module (decompiled: nforgeio/neonSDK VMState.cs), and unofficial.
"""

from __future__ import annotations

_WORDS = {
    2: "running",
    3: "off",
    4: "shutting down",
    6: "saved",
    9: "paused",
    10: "starting",
    11: "being reset",
    32768: "paused",
    32769: "saved",
    32770: "starting",
    32771: "taking a checkpoint",
    32773: "saving its state",
    32774: "stopping",
    32776: "pausing",
    32777: "resuming",
    32779: "saved",
    32780: "saving its state",
    32781: "shutting down",
    32782: "restarting",
    32783: "hibernated",
    32784: "being serviced",
}
_RESTING = frozenset({32768, 32769, 32779, 32783})


def in_words(enabled_state: int) -> str:
    """Return the state as a person calls it."""
    return _WORDS.get(enabled_state, f"in a state without a name (EnabledState {enabled_state})")


def rests(enabled_state: int) -> bool:
    """Say whether a state stays until somebody changes it: paused, saved or hibernated, by numbers that no other state uses."""
    return enabled_state in _RESTING
