"""Tables of Markdown: text of others cannot end a cell."""

from __future__ import annotations

import re


def row(*cells: str) -> str:
    """Return a line of a table; the cells are Markdown already."""
    return f"| {' | '.join(cells)} |"


def cell(text: str) -> str:
    """Return text as the contents of a cell: nothing in it is markup."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Return text as code in a cell; only a bar needs its backslash there (GitHub Flavored Markdown, 4.10)."""
    mark = "``" if "`" in text else "`"
    return f"{mark}{text}{mark}".replace("|", r"\|")


def heading_anchor(title: str) -> str:
    """Return the anchor that forges and the site give a heading."""
    return re.sub(r"[^\w\- ]", "", title.casefold()).strip().replace(" ", "-")
