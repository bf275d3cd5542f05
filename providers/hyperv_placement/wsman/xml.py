"""XML in and out: strict writing with the prefixes that Windows uses, hardened reading that ignores prefixes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from lxml import etree

from hyperv_placement.errors import ProtocolError

MAX_BYTES = 1024 * 1024
"""Largest message read: twice the MaxEnvelopeSize that requests ask for, which counts in UTF-16 (MS-WSMV 3.1.4.1.20)."""
MAX_DEPTH = 64
"""Deepest nesting read: envelopes nest about twelve levels."""
MAX_TAGS = 45_000
"""Most `<` in a message: a full page of 500 kB has some 13,000, and each may cost 500 bytes of memory once it is read."""
MAX_EQUALS = 50_000
"""Most `=` in a message: attributes, declared namespaces, and those within its texts; a full page has some 15,000."""
MAX_ATTRIBUTES = 64
"""Most attributes of one element: Windows writes two."""

Element = etree._Element  # noqa: SLF001 - the public name of lxml's element type in annotations
_TOO_WIDE = etree.XPath(f"boolean(//*[@*[{MAX_ATTRIBUTES + 1}]])")
_TOO_DEEP = etree.XPath(f"boolean(/{'/'.join('*' * (MAX_DEPTH + 1))})")
_NAME = re.compile(r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?", re.ASCII)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(text: str) -> str:
    """Return `text` as element content. Raises ProtocolError for characters that XML cannot carry."""
    if bad := _FORBIDDEN.search(text):
        raise ProtocolError(f"The character U+{ord(bad.group()):04X} cannot stand in XML", remedy="")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def quoted(text: str) -> str:
    """Return `text` as attribute value, without the quotes."""
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def tag(name: str, content: str | None = "", attributes: Mapping[str, str] | None = None) -> str:
    """Return an element around `content`, which is XML already; None closes the element itself.

    Raises ProtocolError where `name` is not an XML name: names of properties and methods come from outside, too.
    """
    start = _checked(name) + "".join(f' {key}="{quoted(value)}"' for key, value in (attributes or {}).items())
    return f"<{start}/>" if content is None else f"<{start}>{content}</{name}>"


@lru_cache(maxsize=4096)
def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ProtocolError(f"{name!r} cannot be the name of an element", remedy="")
    return name


def leaf(name: str, text: str, attributes: Mapping[str, str] | None = None) -> str:
    """Return an element that holds `text`."""
    return tag(name, escaped(text), attributes)


def parse(content: bytes) -> Element:
    """Return the root of `content`.

    Raises ProtocolError for anything but plain, bounded XML: DTDs, entities, too deep, too large.
    """
    if len(content) > MAX_BYTES:
        raise ProtocolError(f"A message of {len(content)} bytes is larger than the {MAX_BYTES} allowed")
    # Before parsing: afterwards the memory that they cost is already taken.
    if content.count(b"<") > MAX_TAGS or content.count(b"=") > MAX_EQUALS:
        raise ProtocolError(f"The message has more than {MAX_TAGS} tags or {MAX_EQUALS} attributes")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True,
        encoding=_unmarked_encoding(content),
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ProtocolError(f"The message is no XML: {error.msg}", detail=repr(content[:2000])) from error
    _refuse_what_soap_has_not(root)
    return root


def _refuse_what_soap_has_not(root: Element) -> None:
    """Refuse document types and processing instructions (SOAP 1.2 part 1, 5), and excessive nesting or attributes."""
    if root.getroottree().docinfo.doctype:  # type: ignore[attr-defined]  # the stubs know a docinfo without it
        raise ProtocolError("The message has a document type, which WS-Management never has")
    kind = etree.ProcessingInstruction
    # Each walk stops at its first one, in, before or after the root; XPath would collect all of them first.
    walks = (root.iter(kind), root.itersiblings(kind, preceding=True), root.itersiblings(kind))
    if any(next(iter(walk), None) is not None for walk in walks):
        raise ProtocolError("The message has a processing instruction, which WS-Management never has")
    if _TOO_DEEP(root):
        raise ProtocolError(f"The message nests deeper than {MAX_DEPTH} elements")
    if _TOO_WIDE(root):
        raise ProtocolError(f"An element of the message has more than {MAX_ATTRIBUTES} attributes")


def _unmarked_encoding(content: bytes) -> str | None:
    """Recognise UTF-16 without a byte order mark by its zeros: the HTTP charset may name it instead (DSP0226 13)."""
    match content[:2]:
        case b"<\0":
            return "UTF-16LE"
        case b"\0<":
            return "UTF-16BE"
        case _:
            return None


def local(element: Element) -> str:
    """Return the element's name without namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    """Return the element's namespace; empty where it has none."""
    return str(element.tag).rpartition("}")[0].lstrip("{")


def text_of(element: Element) -> str:
    """Return all text within the element."""
    if not len(element):  # most have nothing but text, and are many
        return str(element.text or "")
    return "".join(str(part) for part in element.itertext())


def child(element: Element, space: str, name: str) -> Element | None:
    """Return the first child of that name."""
    return next(element.iterchildren(f"{{{space}}}{name}" if space else name), None)


def need(element: Element, space: str, name: str) -> Element:
    """Return the first child of that name. Raises ProtocolError where there is none."""
    found = child(element, space, name)
    if found is None:
        raise ProtocolError(f"The message has no {name} in {local(element)}")
    return found


def child_text(element: Element, space: str, name: str) -> str | None:
    """Return the stripped text of the first child of that name, or None."""
    found = child(element, space, name)
    return None if found is None else text_of(found).strip()


def children(element: Element) -> Iterator[Element]:
    """Yield the child elements."""
    yield from element
