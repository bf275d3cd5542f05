"""Text of others in Markdown: as code, where no markup, HTML or mention is read."""

from __future__ import annotations

import re

from .cells import visible

_TICKS = re.compile("`+")


def code(text: str) -> str:
    r"""Return `text` as a span of code (CommonMark 6.1). For lists and paragraphs: no escape keeps `\|` in a cell of a table (GFM 4.10)."""
    shown = visible(" ".join(text.split())) or " "
    longest = max((len(ticks) for ticks in _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
