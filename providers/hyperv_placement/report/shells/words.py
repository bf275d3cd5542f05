"""The words of a command line, as a completion script needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["file", "stack", "host", "vm", "code"]
"""What stands behind an option, or in a place of its own. The shell knows files, its script looks stacks up, and asks for the others."""
OFFERED: tuple[Kind, ...] = ("host", "vm", "code")
"""What a script asks of `placement completion --offer`: hosts and machines of stack files, and what `explain` knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a command."""

    names: tuple[str, ...]
    line: str
    """What it does, in a few words."""
    takes: tuple[Kind, ...] | None = ()
    """None: nothing stands behind it; empty: a word that nobody can look up."""
    choices: tuple[str, ...] = ()
    """The words that it takes, where those are all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandWords:
    """A command, or the program itself."""

    path: tuple[str, ...]
    """As `("audit", "verify")`; empty for the program."""
    line: str
    options: tuple[Option, ...] = ()
    takes: tuple[Kind, ...] = ()
    """What its words without a dash can be."""
    choices: tuple[str, ...] = ()
    """Words that stand there: commands below it, names."""

    @property
    def key(self) -> str:
        """The path as one word: `audit/verify`."""
        return "/".join(self.path)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that may come next: its options, and what stands without a dash."""
        return (*self.choices, *(name for option in self.options for name in option.names))
