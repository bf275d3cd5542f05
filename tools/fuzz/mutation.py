"""How messages are changed: as bytes, as tokens of XML, as trees of elements, and in their encoding."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from random import Random

from lxml import etree

_TOKENS = (
    b"<", b">", b"/>", b"</", b"&", b"&amp;", b"&#0;", b"&#x110000;", b"&l;", b"<![CDATA[", b"]]>", b"<!--", b"-->",
    b"<?a b?>", b'<?xml version="1.0" encoding="UTF-16"?>', b'<!DOCTYPE x [<!ENTITY l "l">]>', b"\0", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b' xsi:nil="true"', b' xsi:type="cim:cimUnsignedInt"', b' xmlns:p=""',
    b' xmlns="urn:x"', b' s:mustUnderstand="1"', b"=" * 50, b"9" * 400, b"<a>" * 70, b"_OUTPUT", b"_INPUT", b"Response",
)  # fmt: skip
_TEXTS = (
    "", " ", "-1", "0", "1", "true", "TRUE", "65536", "18446744073709551616", "1e999", "NaN", "²", "٣", "9" * 5000,
    "2026-10-08T15:15:36.68424Z", "9999-12-31T23:59:59.9999999-14:00", "0001-01-01T00:00:00+14:00", "P0DT0H5M0S", "PT",
    "P99999999999999999999D", "20261008151536.684240+000", "20261008******.******+***", "99999999235959.999999:000",
    "uuid:", "<INSTANCE CLASSNAME='X'/>", "a:b:c", ":", "仮想", "\U0001f5a5", "x" * 20000,
)  # fmt: skip
Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]


def mutated(chance: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Return `content` after one to six changes; `others` lend their parts."""
    for _ in range(chance.randint(1, 6)):
        content = chance.choice(_MUTATIONS)(chance, content, others)
    return content


def _cut(chance: Random, content: bytes) -> tuple[int, int]:
    start = chance.randint(0, len(content))
    return start, min(len(content), start + int(chance.expovariate(1 / 20)))


def _flip(chance: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    changed = bytearray(content or b"\0")
    changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _drop(chance: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _cut(chance, content)
    return content[:start] + content[end:]


def _repeat(chance: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _cut(chance, content)
    return content[:start] + content[start:end] * chance.choice([2, 3, 100]) + content[end:]


def _insert(chance: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(content))
    return content[:at] + chance.choice(_TOKENS) + content[at:]


def _splice(chance: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    return content[: chance.randint(0, len(content))] + other[chance.randint(0, len(other)) :]


def _recode(chance: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"]))


def _retree(chance: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Change the tree of elements, which bytes changed blindly seldom leave whole."""
    root = _tree(content)
    if root is None:
        return content
    nodes = list(root.iter("*"))
    node = chance.choice(nodes)
    match chance.randrange(7):
        case 0:
            node.text = chance.choice(_TEXTS)
        case 1:
            node.append(copy.deepcopy(chance.choice(nodes)))
        case 2:
            _graft(chance, node, _tree(chance.choice(others)))
        case 3:
            node.tag = chance.choice(nodes).tag
        case 4:
            node[:] = []
        case 5:
            node.set(chance.choice(["Name", "Code", "Dialect", "NAME", "TYPE"]), chance.choice(_TEXTS))
        case _:
            chance.shuffle(children := list(node))
            node[:] = children
    return bytes(etree.tostring(root))


def _graft(chance: Random, node: etree._Element, other: etree._Element | None) -> None:
    if other is not None:
        node.append(copy.deepcopy(chance.choice(list(other.iter("*")))))


def _tree(content: bytes) -> etree._Element | None:
    if len(content) > 1 << 20:  # changes add up: what has grown so far is only changed as bytes
        return None
    try:
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None


_MUTATIONS: tuple[Mutation, ...] = (
    _flip, _drop, _repeat, _insert, _splice, _recode, _retree, _retree, _retree, _retree, _retree,
)  # fmt: skip
