"""The hardened reader: which XML is not read at all, and why."""

from __future__ import annotations

import pytest

from providers.errors import ProtocolError
from providers.wsman import xml

LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 9))
REFUSED = {
    "document type": (b"<!DOCTYPE x><x/>", "document type"),
    "internal entity": (b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "document type"),
    "external document type": (b'<!DOCTYPE x SYSTEM "file:///etc/hosts"><x/>', "document type"),
    "a billion laughs": (
        f'<!DOCTYPE x [<!ENTITY l0 "l">{LAUGHS}]><x y="&l8;"/>'.encode(),
        "amplification|document type",
    ),
    "unknown entity": (b"<x>&nbsp;</x>", "no XML"),
    "unbound prefix": (b"<p:x/>", "no XML"),
    "too deep": (b"<x>" * (xml.MAX_DEPTH + 1) + b"</x>" * (xml.MAX_DEPTH + 1), "deeper"),
    "too large": (b"<x>" + b" " * xml.MAX_BYTES + b"</x>", "larger"),
    "cut short": (b"<x><y>", "no XML"),
    "not in its encoding": (b'<?xml version="1.0" encoding="UTF-8"?><x>\xe4</x>', "no XML"),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_read(content: bytes, why: str) -> None:
    """Each for its own reason, not because it happens to be no envelope either."""
    with pytest.raises(ProtocolError, match=why):
        xml.parse(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_read(encoding: str) -> None:
    """Any declared encoding, as deep as allowed; comments and instructions leave no trace in the text around them."""
    depth = xml.MAX_DEPTH - 1
    text = "<x>" * depth + "<y>a<!-- c -->b<?z?>c</y>" + "</x>" * depth
    root = xml.parse(text.encode(encoding))
    innermost = next(root.iter("y"))
    assert innermost.text == "abc"
