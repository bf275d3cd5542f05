"""LDAP messages (RFC 4511) as bytes and values, by the grammar in pyasn1-modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pyasn1.codec.ber import decoder

# DER satisfies the restrictions of BER in LDAP, such as a single form of TRUE (RFC 4511 5.1)
from pyasn1.codec.der import encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import namedtype, univ
from pyasn1_modules import rfc2251

SUCCESS, STRONGER_AUTH_REQUIRED, SASL_BIND_IN_PROGRESS = 0, 8, 14
NO_SUCH_ATTRIBUTE, TYPE_OR_VALUE_EXISTS = 16, 20
INVALID_CREDENTIALS, INSUFFICIENT_ACCESS = 49, 50
"""Result codes (RFC 4511 4.1.9)."""
_NAMES = {
    int(number): name
    for name, number in rfc2251.LDAPResult.componentType["resultCode"].asn1Object.namedValues.items()
}
_PAGED = b"1.2.840.113556.1.4.319"
"""Simple paged results (RFC 2696)."""
_PAGE = 200
"""Entries a page; Active Directory gives no more than 1,000 (MaxPageSize)."""
_SECONDS = 10
"""What the server may work at one search."""
_OPERATIONS = {"add": 0, "delete": 1, "replace": 2}
_VERSION = 3
Scope = Literal["base", "subtree"]
MAX_ELEMENTS = 20_000
"""Most elements of one message; each takes half a kilobyte while it is read, and 1,300 values are 1,300 elements."""
_CONSTRUCTED, _LONG, _NUMBER = 0x20, 0x80, 0x1F
_MOST_DIGITS = 4


class UnreadableError(Exception):
    """Bytes that are not an LDAP message."""


_PAGE_VALUE = univ.Sequence(
    componentType=namedtype.NamedTypes(
        namedtype.NamedType("size", univ.Integer()), namedtype.NamedType("cookie", univ.OctetString())
    )
)
"""realSearchControlValue (RFC 2696)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modification:
    """One step of a Modify request; all steps of one are carried out, or none."""

    operation: Literal["add", "delete", "replace"]
    attribute: str
    values: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An object that a search has found."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]
    """By name in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a request ended."""

    code: int
    text: str = ""
    """The server's own words."""
    token: bytes | None = None
    """Of a Bind: the next token of its security package."""
    cookie: bytes = b""
    """Of a search: where the next page begins; empty after the last one."""

    def __str__(self) -> str:
        """Code and words."""
        name = f"{self.code} {_NAMES.get(self.code, '')}".strip()
        return f"{name}: {self.text}" if self.text else name


def bind_simple(number: int, name: str, password: str) -> bytes:
    """Return a Bind with a password, to be sent only over an encrypted connection."""
    message = _message(number)
    _bind(message, name)["authentication"]["simple"] = password.encode()
    return _encoded(message)


def bind_spnego(number: int, token: bytes) -> bytes:
    """Return one leg of a Bind with GSS-SPNEGO (MS-ADTS 5.1.1.1.2)."""
    message = _message(number)
    sasl = _bind(message, "")["authentication"]["sasl"]
    sasl["mechanism"] = "GSS-SPNEGO"
    sasl["credentials"] = token
    return _encoded(message)


def search(  # noqa: PLR0913 - what a search is made of
    number: int,
    base: str,
    alternatives: Iterable[tuple[str, str]],
    attributes: Iterable[str],
    *,
    scope: Scope = "subtree",
    object_class: str | None = None,
    cookie: bytes = b"",
) -> bytes:
    """Return a paged search for objects with one of `alternatives` (attribute, value), or for the object `base`."""
    message = _message(number)
    request = message["protocolOp"]["searchRequest"]
    request["baseObject"] = base.encode()
    request["scope"] = {"base": 0, "subtree": 2}[scope]
    request["derefAliases"], request["sizeLimit"], request["timeLimit"] = 0, 0, _SECONDS
    request["typesOnly"] = False
    _filter(request["filter"], list(alternatives), object_class)
    request["attributes"].extend(name.encode() for name in attributes)
    page = _PAGE_VALUE.clone()
    page["size"], page["cookie"] = _PAGE, cookie
    control = message["controls"][0]
    # Critical: a server that cannot page refuses then, instead of cutting its answer off (RFC 4511 4.1.11).
    control["controlType"], control["criticality"] = _PAGED, True
    control["controlValue"] = encoder.encode(page)
    return _encoded(message)


def modify(number: int, dn: str, steps: Sequence[Modification]) -> bytes:
    """Return a Modify of one object."""
    message = _message(number)
    request = message["protocolOp"]["modifyRequest"]
    request["object"] = dn.encode()
    for position, step in enumerate(steps):
        part = request["modification"][position]
        part["operation"] = _OPERATIONS[step.operation]
        part["modification"]["type"] = step.attribute
        part["modification"]["vals"].extend(step.values)
    return _encoded(message)


def elements(raw: bytes) -> int:
    """Count the elements of a message without building any. Raises UnreadableError where there are too many, or none.

    LDAP has only definite lengths, and no tag longer than a byte (RFC 4511 5.1).
    """
    count, at = 0, 0
    while at < len(raw):
        count += 1
        head, size = raw[at : at + 2], 0
        if len(head) < 2 or head[0] & _NUMBER == _NUMBER or count > MAX_ELEMENTS:  # noqa: PLR2004 - tag and length
            raise UnreadableError(f"it is cut off, or has more than {MAX_ELEMENTS} elements")
        size, at = head[1], at + 2
        if size >= _LONG:
            digits = size - _LONG
            if not 1 <= digits <= _MOST_DIGITS:
                raise UnreadableError("an element has no definite length")
            size, at = int.from_bytes(raw[at : at + digits], "big"), at + digits
        if not head[0] & _CONSTRUCTED:
            at += size
    return count


def text(raw: bytes) -> str:
    """Return a text of the directory. Raises UnreadableError where it is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(str(error)) from error


def decoded(raw: bytes) -> tuple[int, Entry | Result | None]:
    """Return number and content of a message; None for an unsolicited one. Raises UnreadableError."""
    elements(raw)
    try:
        message, rest = decoder.decode(raw, asn1Spec=rfc2251.LDAPMessage())
        if rest:
            raise UnreadableError("more than one message")
        return int(message["messageID"]), _content(message)
    except (PyAsn1Error, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UnreadableError(str(error)) from error


def _content(message: Any) -> Entry | Result | None:
    kind, operation = message["protocolOp"].getName(), message["protocolOp"].getComponent()
    if kind == "searchResEntry":
        return Entry(
            dn=bytes(operation["objectName"]).decode(),
            attributes={
                bytes(each["type"]).decode().lower(): tuple(bytes(value) for value in each["vals"])
                for each in operation["attributes"]
            },
        )
    if kind not in {"bindResponse", "searchResDone", "modifyResponse", "extendedResp"}:
        return None
    token = operation["serverSaslCreds"] if kind == "bindResponse" else None
    controls = message["controls"] if message["controls"].isValue else ()
    paged = (each for each in controls if bytes(each["controlType"]) == _PAGED)
    page = next((bytes(each["controlValue"]) for each in paged), None)
    return Result(
        code=int(operation["resultCode"]),
        text=" ".join(bytes(operation["errorMessage"]).decode(errors="replace").strip("\0").split()),
        token=bytes(token) if token is not None and token.isValue else None,
        cookie=b"" if page is None else bytes(decoder.decode(page, asn1Spec=_PAGE_VALUE)[0]["cookie"]),
    )


def _message(number: int) -> Any:
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    return message


def _bind(message: Any, name: str) -> Any:
    request = message["protocolOp"]["bindRequest"]
    request["version"] = _VERSION
    request["name"] = name.encode()
    return request


def _filter(target: Any, alternatives: list[tuple[str, str]], object_class: str | None) -> None:
    """Fill in a filter; values travel as octets, so that nothing in them is interpreted."""
    if not alternatives:
        target["present"] = "objectClass"
        return
    both = target["and"]
    _equals(both[0], "objectClass", object_class or "top")
    for position, (attribute, value) in enumerate(alternatives):
        _equals(both[1]["or"][position], attribute, value)


def _equals(target: Any, attribute: str, value: str) -> None:
    target["equalityMatch"]["attributeDesc"] = attribute
    target["equalityMatch"]["assertionValue"] = value.encode()


def _encoded(message: Any) -> bytes:
    return bytes(encoder.encode(message))
