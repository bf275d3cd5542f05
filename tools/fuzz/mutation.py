"""How messages are changed: as bytes, as tokens of XML, as trees of elements, and in their encoding."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

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


def mutated(
    chance: Random, content: bytes, others: Sequence[bytes], mutations: Sequence[Mutation] | None = None
) -> bytes:
    """Return `content` after one to six changes, those of messages if no others are given; `others` lend their parts."""
    for _ in range(chance.randint(1, 6)):
        content = chance.choice(mutations or MESSAGES)(chance, content, others)
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


def _insert_other(chance: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """Insert what has a meaning in JSON, YAML, BER or MIME."""
    at = chance.randint(0, len(content))
    return content[:at] + chance.choice(_OTHER_TOKENS) + content[at:]


def _lengthen(chance: Random, content: bytes, _: Sequence[bytes]) -> bytes:
    """Change a byte to one that is a length or a tag of BER, or a count of another binary form."""
    changed = bytearray(content or b"\0")
    changed[chance.randrange(len(changed))] = chance.choice(
        [0, 1, 0x7F, 0x80, 0x81, 0x84, 0x85, 0xFF, 0x30, 0x31, 0x04]
    )
    return bytes(changed)


def _revalue(chance: Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Change the tree of a JSON document, or of one of its lines."""
    lines = content.split(b"\n") if b"\n{" in content else [content]
    at = chance.randrange(len(lines))
    try:
        document = json.loads(lines[at])
    except (ValueError, RecursionError):
        return content
    lent = json.loads(
        chance.choice(others).split(b"\n{")[0] if b"\n{" in others[0] else chance.choice(others)
    )
    lines[at] = json.dumps(_revalued(chance, document, lent)).encode("utf-8", "backslashreplace")
    return b"\n".join(lines)


def _revalued(chance: Random, value: Any, lent: Any) -> Any:
    """Return a tree with a change somewhere in it."""
    inner = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not inner or chance.randrange(8) == 0:
        return chance.choice((*_VALUES, lent, [value], {"a": value}))
    key = chance.choice(inner)
    match chance.randrange(8):
        case 0:
            del value[key]
        case 1 if isinstance(value, dict):
            value[chance.choice(_TEXTS)] = value[key]
        case 2 if isinstance(value, list):
            value.extend(value * chance.choice([1, 50]))
        case _:
            value[key] = _revalued(chance, value[key], lent)
    return value


_OTHER_TOKENS = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\ud800", b"\\u0000", b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"null",
    b'{"a":1,"a":2}', b"[" * 2000, b'{"a":' * 2000, b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\n", b"\r", b"\0", b"\xe2\x80\xa8",
    b"- ", b"? ", b"&a ", b"*a", b"<<: ", b"!!python/object:os.system ", b"|\n", b">\n", b"---\n", b"...\n", b"%YAML 9.9\n", b"# ",
    b"\t", b"'", b"~", b"0x", b"1:2:3", b"2026-13-45", b"--Encrypted Boundary\r\n", b"--Encrypted Boundary--\r\n", b";Length=9",
    b"\r\n", b" " * 3000, b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x04\x00" * 200, b"\x30\x03" * 200,
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, -(2**70), 10**30, 0.5, -1e308, "", "a", "hv1", "\ud800", "\0", "x" * 5000, [], {}, [[]],
    [None], {"a": None}, "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "00000000-0000-4000-8000-000000000001", float("nan"), float("inf"),
)  # fmt: skip
MESSAGES: tuple[Mutation, ...] = (
    _flip, _drop, _repeat, _insert, _splice, _recode, _retree, _retree, _retree, _retree, _retree,
)  # fmt: skip
LINES: tuple[Mutation, ...] = (_flip, _drop, _repeat, _insert_other, _splice, _lengthen)
BERS: tuple[Mutation, ...] = (_flip, _drop, _repeat, _insert_other, _splice, _lengthen, _lengthen)
YAMLS: tuple[Mutation, ...] = (_flip, _drop, _repeat, _insert_other, _insert_other, _splice, _recode)
JSONS: tuple[Mutation, ...] = (
    _flip, _drop, _repeat, _insert_other, _splice, _recode, _revalue, _revalue, _revalue, _revalue, _revalue, _revalue,
)  # fmt: skip
