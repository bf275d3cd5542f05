"""The hardened reader: which XML is not read at all, and why."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import xml

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
    "an instruction": (b"<x><?php exit ?></x>", "processing instruction"),
    "an instruction before": (b"<?xml-stylesheet href='file:///etc/hosts'?><x/>", "processing instruction"),
    "an instruction after": (b"<x/><?a?>", "processing instruction"),
    "too many tags": (b"<x>" + b"<a/>" * xml.MAX_TAGS + b"</x>", "tags"),
    "too many attributes": (b"<x>" + b'<a b=""/>' * xml.MAX_EQUALS + b"<a c='' /></x>", "attributes"),
    "too wide": (
        b"<x " + b" ".join(b'a%d=""' % i for i in range(xml.MAX_ATTRIBUTES + 1)) + b"/>",
        "more than 64 attributes",
    ),
    "too many namespaces": (
        b"<x " + b" ".join(b'xmlns:a%d="u"' % i for i in range(xml.MAX_EQUALS + 1)) + b"/>",
        "attributes",
    ),
    "an encoding nobody knows": (b'<?xml version="1.0" encoding="x-none"?><x/>', "no XML"),
    "UTF-16 that is none": (b'<?xml version="1.0" encoding="UTF-16"?><x/>', "no XML"),
    "half a character": ("<x>\U0001f5a5</x>".encode("utf-16")[:-9], "no XML"),
    "not in its encoding": (b'<?xml version="1.0" encoding="UTF-8"?><x>\xe4</x>', "no XML"),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_read(content: bytes, why: str) -> None:
    """Each for its own reason, not because it happens to be no envelope either."""
    with pytest.raises(ProtocolError, match=why):
        xml.parse(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_read(encoding: str) -> None:
    """Any declared encoding, as deep as allowed; comments leave no trace in the text around them."""
    depth = xml.MAX_DEPTH - 1
    text = "<x>" * depth + "<y>a<!-- c -->b<![CDATA[<?z?>]]>c</y>" + "</x>" * depth
    root = xml.parse(text.encode(encoding))
    innermost = next(root.iter("y"))
    assert innermost.text == "ab<?z?>c"
