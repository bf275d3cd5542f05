"""Pools: what machines share and what can run out, with the words and the unit of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from .names import HostName
from .units import MIB, format_bytes

Kind = Literal["memory", "volume", "shares", "seat", "name", "turn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One pool. Two that are equal are one, so that a host's memory is the same for whoever counts it."""

    kind: Kind
    host: str = ""
    """Whose it is; empty for shares and for names of files."""
    volume: str = ""
    """Where the volume is mounted; of a name the path, as it is shown."""
    rule: int = -1
    """Of a seat: the number of its rule among the rules of the stack file. Two rules may stand in one line."""
    leg: int = -1
    """Of a turn: the number of the leg of an order that others wait for."""
    line: int = 0
    scope: str = ""
    """Of a name: where the path is one file, if not everywhere."""

    @classmethod
    def memory(cls, host: HostName) -> Self:
        """Return a host's memory, counted in MiB as hosts report it."""
        return cls(kind="memory", host=host)

    @classmethod
    def on_volume(cls, host: HostName, path: str) -> Self:
        """Return the room of a host's volume, in bytes."""
        return cls(kind="volume", host=host, volume=path)

    @classmethod
    def seat(cls, host: HostName, *, rule: int, line: int) -> Self:
        """Return the seat that an `apart` rule has on a host, in machines."""
        return cls(kind="seat", host=host, rule=rule, line=line)

    @classmethod
    def turn(cls, leg: int) -> Self:
        """Return the end of a leg for which others wait though they need no room of it."""
        return cls(kind="turn", leg=leg)

    @classmethod
    def file_name(cls, scope: str, path: str) -> Self:
        """Return the name of a file, which one machine has."""
        return cls(kind="name", scope=scope, volume=path)

    def __str__(self) -> str:
        """Return the pool as the proof and the review name it."""
        match self.kind:
            case "memory":
                return f"memory of {self.host}"
            case "volume":
                return f"{self.volume} of {self.host}"
            case "seat":
                return f"a seat on {self.host} by the rule in line {self.line}"
            case "name":
                return f"{self.volume} on {self.scope}" if self.scope else self.volume
            case "shares":
                return "shares"
            case "turn":
                return f"the end of leg {self.leg}"

    def amount(self, count: int) -> str:
        """Return so much of the pool, with its unit."""
        if self.kind in {"seat", "name", "turn"}:
            return str(count)
        return format_bytes(count * MIB if self.kind == "memory" else count)


SHARES = Pool(kind="shares")
"""A pool without end: no host reports how much room a share has, and a cluster's volume may be thin (unverified how)."""
