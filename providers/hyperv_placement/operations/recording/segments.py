"""An envelope cut into tags and texts, each text with the property and class that it belongs to.

The cutting works on the text as it was sent, not on a tree, so that everything else stays byte for byte.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hyperv_placement.errors import ProtocolError

_EMBEDDED = r"&lt;/?(?:INSTANCE|PROPERTY(?:\.\w+)*|VALUE(?:\.\w+)*|KEY\w+|CLASS\w*|DECLGROUP|CIM|DECLARATION)\b(?:(?!&lt;)[^<])*?&gt;"
"""A tag of CIM-XML that travels as text (DSP0201). No tag has the beginning of another within: each of many would look for an end."""
_PIECE = re.compile(rf"(<[^<>]*>|{_EMBEDDED})")
_NAME = re.compile(r"""\bname=(?:"|'|&quot;)(.*?)(?:"|'|&quot;)""", re.IGNORECASE)
_CLASS = re.compile(r"""\bclassname=(?:"|'|&quot;)(.*?)(?:"|'|&quot;)""", re.IGNORECASE)
_OPENED = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_WMI_CLASS = re.compile(r"(?:Msvm|CIM|Win32|MSCluster|MSFT)_\w+")
_MACHINE = re.compile(r'(\bMachine=")([^"]*)(")')
_METHOD_END = re.compile(r"_(?:INPUT|OUTPUT)$")
_SHELLS = frozenset({"VALUE", "Datetime", "Interval"})
"""Elements that only wrap a property's value."""
_LAYERS = 3
"""How often a text may be escaped: once in an envelope, once more in an instance that travels as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of an envelope, still escaped."""

    text: str
    property: str
    """The element that it stands in: a property, a selector by its name, or a part of the protocol."""
    class_name: str
    """The class of the innermost instance around it, or that of the request."""
    within: tuple[str, ...]
    """All elements around it, outermost first."""


@dataclass(slots=True)
class _Place:
    """Where in the envelope the walk stands."""

    class_name: str
    open: list[str]
    embedded_class: str = ""
    embedded_property: str = ""

    def enter(self, tag: str) -> None:
        if tag.startswith("&lt;"):
            self._enter_embedded(tag)
        elif tag.startswith("</"):
            if self.open:
                self.open.pop()
            self.embedded_class = self.embedded_property = ""
        elif not tag.endswith("/>") and (found := _OPENED.match(tag)):
            name = found.group(1)
            reported = _NAME.search(tag) if name == "Selector" else None
            self.open.append(reported.group(1) if reported else name)

    def _enter_embedded(self, tag: str) -> None:
        if tag.startswith("&lt;INSTANCE") and (found := _CLASS.search(tag)):
            self.embedded_class = found.group(1)
        elif tag.startswith("&lt;PROPERTY") and (found := _NAME.search(tag)):
            self.embedded_property = found.group(1)
        elif tag.startswith("&lt;/INSTANCE"):
            self.embedded_class = self.embedded_property = ""

    def text(self, text: str) -> Text:
        own = next((name for name in reversed(self.open) if name not in _SHELLS), "")
        classes = (_METHOD_END.sub("", name) for name in reversed(self.open))
        around = next((name for name in classes if _WMI_CLASS.fullmatch(name)), self.class_name)
        return Text(
            text=text,
            property=self.embedded_property or own,
            class_name=self.embedded_class or around,
            within=tuple(self.open),
        )


def texts(envelope: str, class_name: str) -> Iterator[Text]:
    """Yield every text that is more than white space. Raises ProtocolError for what cannot be cut safely."""
    for piece in pieces(envelope, class_name):
        if isinstance(piece, Text):
            yield piece


def rewritten(
    envelope: str, class_name: str, change: Callable[[Text], str], machine: Callable[[str], str]
) -> str:
    """Return the envelope with each text changed, and the Machine attribute of faults. Raises ProtocolError."""

    def named(found: re.Match[str]) -> str:
        return f"{found[1]}{machine(found[2])}{found[3]}"

    return "".join(
        change(piece) if isinstance(piece, Text) else _MACHINE.sub(named, piece)
        for piece in pieces(envelope, class_name)
    )


def pieces(envelope: str, class_name: str) -> Iterator[Text | str]:
    """Yield an envelope cut into texts and everything else: tags and white space. Raises ProtocolError as `texts` does."""
    # What cannot be cut safely is left out of a recording, not cut by chance: a name would come through.
    if "<!" in envelope:
        raise ProtocolError("it has a comment, CDATA or DTD, which no host was seen to send")
    place = _Place(class_name, [])
    for index, piece in enumerate(_PIECE.split(envelope)):
        if index % 2:
            place.enter(piece)
            yield piece
        elif piece.strip():
            yield place.text(piece)
        else:
            yield piece


def peeled(text: str) -> tuple[str, int]:
    """Return a text without the escapes of XML, and how often it was escaped."""
    for layers in range(_LAYERS):
        plain = html.unescape(text)
        if plain == text:
            return text, layers
        text = plain
    return text, _LAYERS


def wrapped(text: str, layers: int) -> str:
    """Return a text escaped so often; once, where it needs it."""
    for _ in range(max(layers, 1)):
        text = html.escape(text, quote=False)
    return text
