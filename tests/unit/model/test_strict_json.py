"""JSON that somebody else has written: what is not read, and what it costs to say so."""

from __future__ import annotations

import time

import pytest

from hyperv_placement.model import strict_json

REFUSED = {
    "no JSON": b"{",
    "nothing": b"",
    "deep arrays": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a level too deep": b"[" * 66 + b"]" * 66,
    "too many values": b"[" + b"[]," * 2_000_000 + b"[]]",
    "a number without an end": b"9" * 10_000_000,
    "a number that is none": b"[NaN]",
    "no end to a number": b"[-Infinity]",
    "a number that is too large": b"[1e999]",
    "a name that stands twice": b'{"a": 1, "\\u0061": 2}',
    "half a character": b'["\\ud800"]',
    "half a character in a name": b'{"\\uDFFF": 1}',
    "no UTF-8": b'["\xed\xa0\x80"]',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_read(content: bytes) -> None:
    """One kind of error, and soon."""
    begun = time.process_time()
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(content)
    assert time.process_time() - begun < 2


def test_what_is_read() -> None:
    """As deep as allowed, all that JSON has, whole characters of two escapes, and the mark that editors of Windows leave."""
    assert strict_json.loads(b"[" * 65 + b"]" * 65)
    assert strict_json.loads(
        b'\xef\xbb\xbf{"a": [1, -2.5e3, true, null, "\\ud83d\\udda5"], "b": 18446744073709551615}'
    ) == {
        "a": [1, -2500.0, True, None, "\U0001f5a5"],
        "b": 18446744073709551615,
    }
    assert strict_json.loads('"\\u00e4"') == "ä"
