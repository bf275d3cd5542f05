"""The MIME form of encrypted messages over HTTP (MS-WSMV 2.2.9.1): framing only, sealing is the caller's."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hyperv_placement.errors import ProtocolError

SPNEGO = "application/HTTP-SPNEGO-session-encrypted"
CREDSSP = "application/HTTP-CredSSP-session-encrypted"
KERBEROS = "application/HTTP-Kerberos-session-encrypted"
_PROTOCOLS = (SPNEGO, CREDSSP, KERBEROS)
_BOUNDARY = "Encrypted Boundary"
_SINGLE, _MULTIPLE = "multipart/encrypted", "multipart/x-multi-encrypted"
_PIECE = 16384
"""Bytes that CredSSP seals at once: a TLS record (MS-WSMV 2.2.9.1.3)."""
_PART = re.compile(
    rb"--[ \t]*Encrypted Boundary\r\n"
    rb"[ \t]*Content-Type:[ \t]*[^ \t\r\n]+[ \t]*\r\n"  # adjacent parts must not match the same characters, or matching takes quadratic time
    rb"[ \t]*OriginalContent:[^\r\n]*?;Length=(?P<length>[0-9]{1,9})[ \t]*\r\n"
    rb"--[ \t]*Encrypted Boundary\r\n"
    rb"[ \t]*Content-Type:[ \t]*application/octet-stream[ \t]*\r\n",
    re.IGNORECASE,
)
_NEXT = re.compile(rb"--[ \t]*Encrypted Boundary(?:--)?(?:\r\n|$)", re.IGNORECASE)
_TYPE = re.compile(r'protocol="?([^";]+)"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One sealed piece: signature (or TLS trailer) and data, and the length of the text that was sealed."""

    header: bytes
    data: bytes
    length: int


Seal = Callable[[bytes], Sealed]
Unseal = Callable[[Sealed], bytes]


def is_sealed(content_type: str) -> bool:
    """Say whether a Content-Type promises an encrypted message."""
    return content_type.partition(";")[0].strip().casefold() in {_SINGLE, _MULTIPLE}


def pack(envelope: bytes, protocol: str, seal: Seal) -> tuple[str, bytes]:
    """Return Content-Type and body of an envelope that `seal` encrypts, in one piece or for CredSSP in several."""
    several = protocol == CREDSSP and len(envelope) > _PIECE
    size = _PIECE if several else max(len(envelope), 1)
    pieces = [seal(envelope[start : start + size]) for start in range(0, len(envelope), size)]
    body = b"".join(_part(piece, protocol) for piece in pieces) + f"--{_BOUNDARY}--\r\n".encode()
    return f'{_MULTIPLE if several else _SINGLE};protocol="{protocol}";boundary="{_BOUNDARY}"', body


def unpack(content_type: str, body: bytes, protocol: str, unseal: Unseal) -> bytes:
    """Return the envelope within an encrypted body. `unseal` decrypts a piece; its errors pass through.

    Raises ProtocolError for another form, another protocol than `protocol`, and a piece of another length than
    announced.
    """
    named = _TYPE.search(content_type)
    if not is_sealed(content_type) or named is None or named[1].strip() not in _PROTOCOLS:
        raise ProtocolError(f"'{content_type}' is no type of an encrypted message")
    # Another scheme's envelope was not sealed with the keys of this login.
    if named[1].strip() != protocol:
        raise ProtocolError(f"a message is encrypted as {named[1]}, where the login was by another scheme")
    texts: list[bytes] = []
    for piece in _pieces(body):
        text = unseal(piece)
        if len(text) != piece.length:
            raise ProtocolError(
                f"an encrypted message has {len(text)} bytes where {piece.length} were promised"
            )
        texts.append(text)
    return b"".join(texts)


def _part(piece: Sealed, protocol: str) -> bytes:
    lines = (
        f"--{_BOUNDARY}",
        f"\tContent-Type: {protocol}",
        f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={piece.length}",
        f"--{_BOUNDARY}",
        "\tContent-Type: application/octet-stream",
        "",
    )
    return "\r\n".join(lines).encode() + struct.pack("<I", len(piece.header)) + piece.header + piece.data


def _pieces(body: bytes) -> Iterator[Sealed]:
    position = 0
    while match := _PART.match(body, position):
        end = _NEXT.search(body, match.end())
        if end is None:
            raise ProtocolError("an encrypted message does not end")
        yield _piece(body[match.end() : end.start()], int(match["length"]))
        position = end.start()
    closing = _NEXT.match(body, position)
    if position == 0 or closing is None or closing.end() != len(body):
        raise ProtocolError("an encrypted message has not the form of MS-WSMV 2.2.9.1")


def _piece(content: bytes, length: int) -> Sealed:
    # The signature's length comes first, little-endian (MS-WSMV 2.2.9.1); nothing has proved that number yet.
    size = struct.unpack_from("<I", content)[0] if len(content) > struct.calcsize("<I") else len(content)
    if not 0 < size <= len(content) - struct.calcsize("<I"):
        raise ProtocolError("an encrypted message is cut short")
    start = struct.calcsize("<I") + size
    return Sealed(header=content[struct.calcsize("<I") : start], data=content[start:], length=length)
