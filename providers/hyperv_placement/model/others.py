"""Machines on the hosts that are somebody else's: what the stack file says of them, and which of them a reading showed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from .names import HostName, VmId, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Somebody's word that machines which no entry means are not to be declared here: they are counted, and are no drift."""

    names: tuple[str, ...] = ()
    """Of machines, without regard to case; `*` stands for any characters, `?` for one."""
    siblings: bool = False
    """Whether it is about what the other stack files of the project declare; either this or `names` is given."""
    until: date | None = None
    """The last day; None = until the line is taken out."""
    reason: str = ""

    def __str__(self) -> str:
        """Return it as a few words: the names, or whose machines."""
        return "sibling stacks" if self.siblings else ", ".join(self.names)

    def named(self, name: str) -> str | None:
        """Return by which of its names it is about a machine of that name; None where by none."""
        return next((each for each in self.names if _fits(each).fullmatch(folded(name))), None)


@lru_cache(maxsize=4096)
def _fits(pattern: str) -> re.Pattern[str]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in folded(pattern))
    return re.compile("".join(parts), re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMachine:
    """A machine that no entry means and that `others:` is about."""

    vm_id: VmId
    name: str
    host: HostName
    whose: str
    """The stack that declares it, as `stack site7`, or the name or pattern that it has."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OthersSeen:
    """The machines of others that a reading showed, where the stack file has the key `others:`."""

    machines: tuple[OtherMachine, ...] = ()
    unread: tuple[str, ...] = ()
    """Sibling stacks whose files could not be read, each with why: machines of theirs are not known as theirs."""

    @property
    def by(self) -> tuple[tuple[str, int], ...]:
        """Whose, and how many each: the most first."""
        counts = Counter(each.whose for each in self.machines)
        return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
