"""A report of tables as one page that needs nothing else: no script, no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from pathlib import Path

from hyperv_placement.visible import visible

from .values import Part, Sheet

_STYLE = Path(__file__).with_name("sheet.css")


def render_html(sheet: Sheet) -> str:
    """Return the page. Every text is escaped, and the page's policy lets no script run at all."""
    style = _STYLE.read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    # A hash, not unsafe-inline: no other style counts, whatever a name manages to become (CSP Level 3, hash sources).
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    body = "\n".join(line for part in sheet.parts for line in _part(part))
    notes = "\n".join(f"<p>{_text(note)}</p>" for note in sheet.notes)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_text(sheet.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<h1>{_text(sheet.title)}</h1>\n<p class=headline>{_text(sheet.headline)}</p>\n{body}\n{notes}\n</body>\n</html>\n"
    )


def _part(part: Part) -> Iterator[str]:
    yield f"<section>\n<h2>{_text(part.title)}</h2>"
    if part.rows:
        yield f'<div class=scroll tabindex=0 role=region aria-label="{_text(part.title)}">\n<table role=table>'
        yield f"<thead role=rowgroup><tr role=row>{_row(part, part.heads, 'th scope=col role=columnheader')}</tr></thead>\n<tbody role=rowgroup>"
        yield from (f"<tr role=row>{_row(part, row, 'td role=cell')}</tr>" for row in part.rows)
        yield "</tbody>\n</table>\n</div>"
    yield from (f"<p>{_text(note)}</p>" for note in part.notes)
    yield "</section>"


def _row(part: Part, cells: tuple[str, ...], tag: str) -> str:
    end = tag.partition(" ")[0]
    return "".join(
        f'<{tag}{" class=number" if number in part.numbers else ""} data-head="{_text(part.heads[number])}">{_text(cell)}</{end}>'
        for number, cell in enumerate(cells)
    )


def _text(value: str) -> str:
    return escape(visible(value))
