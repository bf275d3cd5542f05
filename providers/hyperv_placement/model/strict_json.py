"""JSON that others may have written, read strictly: bounded in depth and number of values, and with one meaning alone."""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 64
"""Of objects and arrays within each other; ours nest about twelve."""
MAX_VALUES = 2_000_000
"""Most values of a document: an inventory of 10,000 machines has some 600,000, and each may cost 100 bytes of memory."""
_LONGEST_NUMBER = 32
"""Characters: 64 bits need 20."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(content: str | bytes) -> Any:
    """Return what a document holds.

    Raises ValueError for what is no JSON in UTF-8, and for what readers take in different ways (RFC 8259 4, 6 and 8.2): names
    that stand twice in an object, numbers that are none or too long, halves of characters.
    """
    # Windows PowerShell writes a byte order mark, which a reader may pass over (RFC 8259 8.1).
    text = content if isinstance(content, str) else content.decode("utf-8-sig")
    # Counted in the text: once the values are there, so is the memory that they take.
    if sum(text.count(mark) for mark in ",[{") > MAX_VALUES:
        raise ValueError(f"more than {MAX_VALUES} values")
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_refuse
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(content, bytes) or _SURROGATE.search(text):
        json.dumps(found, ensure_ascii=False).encode()  # a UnicodeEncodeError is a ValueError
    _check_depth(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # Readers differ on which of two wins (RFC 8259 4): what was looked at must be what is used.
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _integer(text: str) -> int:
    # int() takes time by the square of the digits (CVE-2020-10735).
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(text)


def _real(text: str) -> float:
    found = float(text)
    # 1e999 is a number to JSON and infinity to float(), which no JSON can say again.
    if not math.isfinite(found):
        raise ValueError("a number is too large")
    return found


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _check_depth(found: Any) -> None:
    """Go through a document level by level: no recursion, whatever its depth."""
    level = [found]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise ValueError(f"nested deeper than {MAX_DEPTH}")
