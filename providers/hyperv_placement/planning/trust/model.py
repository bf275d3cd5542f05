"""A change of trust as a value: what it is about, for whom, before and after, and whether somebody has to agree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Aspect(StrEnum):
    """What a change is about."""

    PASSWORDS = "passwords"
    """Where or how passwords, tickets and keys are sent: addresses, logins, authorities, proxies, the directory."""
    TRUST = "trust"
    """Who may act for whom, and what hosts are trusted with."""
    GUARD = "guard"
    """What the guard stopped before and no longer stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustChange:
    """One value that is declared differently, for all hosts for which it changes alike."""

    aspect: Aspect
    subjects: tuple[str, ...] = ()
    """Keys of the hosts or machines; empty for a section of the file."""
    everywhere: bool = False
    """Whether `subjects` are all hosts of the file."""
    name: str
    """The key, as it is written below the subject or in the file: `auth`, `directory.server`, `guard.max_moves`."""
    before: str | None = None
    """None = not declared."""
    after: str | None = None
    stops: bool = True
    """Whether somebody has to agree; False for a new host that the operator's policy permits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is known of the changes of trust between two versions of a stack file."""

    changes: tuple[TrustChange, ...] = ()
    unread: str | None = None
    """Why the changes are unknown, which must not pass as no change."""
    notes: tuple[str, ...] = ()
    """What was not compared."""

    @property
    def stops(self) -> bool:
        """Whether somebody has to agree before this is merged or run."""
        return self.unread is not None or any(change.stops for change in self.changes)
