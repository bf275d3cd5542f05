"""Where machines of one class may go, as the program of a choice and what asks it for more have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from .problem import Option, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Some machines of one class on one host, or staying where they are."""

    variable: int
    kind: int
    """Number of the class."""
    option: Option | None
    """None for those that stay where they are, against rules, maintenance or lists."""


class Ways(Protocol):
    """The part of a program of a choice that says who may be where, and what that draws."""

    kinds: list[tuple[int, ...]]
    """Units in classes that nothing tells apart."""
    fixed: Mapping[int, Option | None]
    """Where units are that are not chosen for."""
    ways: list[Way]

    @property
    def members(self) -> frozenset[int]:
        """Units that are chosen for."""

    def unit(self, way: Way) -> Unit:
        """Return the unit, or one of several that are alike, that goes this way."""

    def memory(self, host: int) -> tuple[int, Sequence[tuple[int, int]], int | None]:
        """Return the room of a host's memory, what is drawn of it, and the variable that says that it is overdrawn and left so."""
