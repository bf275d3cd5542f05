"""What is fuzzed: every reader of bytes from outside, and the writing again of what it read."""

from __future__ import annotations

from providers.errors import ProtocolError
from providers.wsman import (
    EnumerateResponse,
    Fragment,
    PullResponse,
    Response,
    Unsupported,
    decode_embedded,
    decode_request,
    decode_response,
    encode_embedded,
    encode_request,
    encode_response,
)


def answers(content: bytes) -> None:
    """Read an answer, give its rows a class, write it again. Raises ProtocolError."""
    read = decode_response(content)
    _typed(read)
    encode_response(read, relates_to=read.header.relates_to, message_id="1", lang=read.header.lang)


def _typed(read: Response) -> None:
    rows = read.items or () if isinstance(read, PullResponse | EnumerateResponse) else ()
    for row in rows:
        if isinstance(row, Fragment):
            row.typed("Msvm_ComputerSystem")


def requests(content: bytes) -> None:
    """Read a request, and write it again. Raises ProtocolError."""
    read = decode_request(content)
    if not isinstance(read, Unsupported):
        encode_request(read, to="http://h:5985/wsman", message_id="1")


def embedded(content: bytes) -> None:
    """Read the text of an embedded instance, and write it again. Raises ProtocolError."""
    encode_embedded(decode_embedded(content.decode("utf-8", "replace")))


TARGETS = (answers, requests, embedded)
EXPECTED = ProtocolError
