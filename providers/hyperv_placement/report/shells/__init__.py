"""Completion scripts for shells: one description of all words, written in the language of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .bash import bash, zsh
from .fish import fish
from .powershell import powershell
from .words import CommandWords

SHELLS: Mapping[str, Callable[[Sequence[CommandWords]], str]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
    "powershell": powershell,
}
"""Shell -> what writes its script."""
