"""What an order of moves keeps of the rules that a group of hosts bears the loss of any one (n_plus_1)."""

from __future__ import annotations

from dataclasses import dataclass

from .names import HostName

Kept = tuple[int, HostName]
"""Number of a rule (n_plus_1) among the rules of the stack file, and a host whose loss its group bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """What an order keeps."""

    kept: frozenset[Kept] = frozenset()
    """What is borne at every moment, however long each move takes."""
    proved: bool = False
    """Whether every order was tried, so that none keeps more."""
