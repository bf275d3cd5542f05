"""The page's parts put together: template, style, script, and the data, which no name in it can leave."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from hyperv_placement.planning.proposal import Review
from hyperv_placement.visible import visible_lines

from .contents import page_data

_HERE = Path(__file__).parent
_SCRIPTS = ("words", "estate", "columns", "arrows", "gantt", "tables", "machine", "controls", "start")
"""Parts of the one script, in the order in which they use each other."""
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What could end a script element, or begin a comment in it (HTML, 4.12.1.3); JSON reads the escapes as the same."""


def page(review: Review, code: int) -> str:
    """Return the page: HTML with style, script and data in it, which asks no network for anything."""
    style, script = _part("page.css"), _script()
    # Hashes, not unsafe-inline: no other script runs, whatever a name manages to become (CSP Level 3, hash sources).
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}';"
        " base-uri 'none'; form-action 'none'"
    )
    shown = _part("page.html")
    written = json.dumps(
        _shown(page_data(review, code)), separators=(",", ":")
    )  # ASCII: other characters are escapes already
    data = "".join(_UNSAFE.get(character, character) for character in written)
    parts = {"policy": policy, "style": style, "script": script, "data": data}
    for name, part in parts.items():  # data last: what stands in it replaces nothing
        shown = shown.replace(f"{{{{{name}}}}}", part)
    return shown


def _shown(value: Any) -> Any:
    """Return plain values with every text as it may be seen: a browser turns the direction of a line as a terminal does."""
    match value:
        case str():
            return visible_lines(value)
        case dict():
            return {_shown(key): _shown(each) for key, each in value.items()}
        case list() | tuple():
            return [_shown(each) for each in value]
        case _:
            return value


def _script() -> str:
    """Return one script, whose names no other can see."""
    parts = "\n".join(_part(f"script/{name}.js") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\n}})();'


def _part(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8").strip()


def _hash(part: str) -> str:
    digest = hashlib.sha256(part.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
