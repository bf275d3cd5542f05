"""The words of a command line, as a completion script needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Takes = Literal["nothing", "a word", "a file", "a stack"]
"""What stands behind an option, or in a place of its own; the shell knows files, and its script looks stacks up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option of a command."""

    names: tuple[str, ...]
    line: str
    """What it does, in a few words."""
    takes: Takes = "nothing"
    choices: tuple[str, ...] = ()
    """The words that it takes, where those are all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandWords:
    """A command, or the program itself."""

    path: tuple[str, ...]
    """As `("audit", "verify")`; empty for the program."""
    line: str
    options: tuple[Option, ...] = ()
    takes: Takes = "nothing"
    """What its words without a dash are; of several kinds the one that can be looked up."""
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
