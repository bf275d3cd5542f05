"""The project's pages as tests read them: their shell blocks, and what they say about exit codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"# exit code (\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Commands that a reader types."""

    text: str
    code: int
    """How the last one ends: as a comment behind it says, else 0."""


def blocks(page: Path) -> Iterator[Block]:
    """Yield the shell blocks of a page, in order."""
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        text = dedent(match.group(2))
        said = _CODE.search(text.rstrip())
        yield Block(text=text, code=int(said.group(1)) if said else 0)
