"""Every way in which an answer can break on its way from a host to us, as the bytes that arrive."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

NOISE = bytes(range(9)) + b"\xff\xfe"
"""What neither XML (1.0, section 2.2) nor UTF-8 has: noise makes an answer unreadable, never another answer."""
_SHARE = 50
_LINE, _EMPTY = b"\r\n", b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What arrives, and what becomes of the connection afterwards."""

    content: bytes
    closes: bool = True
    """Whether the host ends the connection after it."""
    late: bool = False
    """Whether it comes after the client's patience is over."""
    silent: bool = False
    """Whether nothing comes for as long as the client holds the connection."""


def _noisy(content: bytes) -> bytes:
    chance = random.Random(len(content))  # noqa: S311 - noise is no secret, and is the same in each run
    noisy = bytearray(content)
    for place in chance.sample(range(len(noisy)), min(len(noisy), 1 + len(noisy) // _SHARE)):
        noisy[place] = chance.choice(NOISE)
    return bytes(noisy)


def _http(
    status: HTTPStatus, body: bytes = b"", *headers: str, kind: str = "application/soap+xml;charset=UTF-8"
) -> bytes:
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *headers, f"Content-Type: {kind}"]
    if not any(each.startswith(("Content-Length", "Transfer-Encoding")) for each in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


def _parted(answer: bytes) -> tuple[bytes, bytes]:
    head, _, body = answer.partition(2 * _LINE)
    return head + 2 * _LINE, body


def _head_half(answer: bytes) -> Broken:
    head, _ = _parted(answer)
    return Broken(content=head[: len(head) // 2])


def _body_half(answer: bytes) -> Broken:
    head, body = _parted(answer)
    return Broken(content=head + body[: len(body) // 2])


def _body_noisy(answer: bytes) -> Broken:
    head, body = _parted(answer)
    return Broken(content=head + _noisy(body), closes=False)


def _head_noisy(answer: bytes) -> Broken:
    head, body = _parted(answer)
    return Broken(content=_noisy(head) + body)


def _length(difference: int) -> Callable[[bytes], Broken]:
    def broken(answer: bytes) -> Broken:
        _, body = _parted(answer)
        size = max(len(body) + difference, 0)
        return Broken(content=_http(HTTPStatus.OK, body, f"Content-Length: {size}"), closes=difference > 0)

    return broken


def _chunked(answer: bytes) -> Broken:
    _, body = _parted(answer)
    return Broken(content=_http(HTTPStatus.OK, b"zz\r\n" + body, "Transfer-Encoding: chunked"))


def _squeezed(answer: bytes) -> Broken:
    _, body = _parted(answer)
    return Broken(content=_http(HTTPStatus.OK, gzip.compress(body), "Content-Encoding: gzip"), closes=False)


def _doubled(answer: bytes) -> Broken:
    _, body = _parted(answer)
    return Broken(content=_http(HTTPStatus.OK, 2 * body), closes=False)


def _zeros(answer: bytes) -> Broken:
    _, body = _parted(answer)
    return Broken(content=_http(HTTPStatus.OK, bytes(len(body) or 64)), closes=False)


def _status(status: HTTPStatus, *headers: str, body: bytes = b"") -> Callable[[bytes], Broken]:
    return lambda _: Broken(content=_http(status, body, *headers, kind="text/html"), closes=False)


WAYS: dict[str, Callable[[bytes], Broken]] = {
    "cut": lambda _: Broken(content=b""),
    "truncated head": _head_half,
    "truncated body": _body_half,
    "garbled": _body_noisy,
    "garbled head": _head_noisy,
    "401": _status(HTTPStatus.UNAUTHORIZED, "WWW-Authenticate: Negotiate", "WWW-Authenticate: Kerberos"),
    "302": _status(HTTPStatus.FOUND, "Location: https://elsewhere.example/wsman"),
    "503": _status(HTTPStatus.SERVICE_UNAVAILABLE),
    "502": _status(HTTPStatus.BAD_GATEWAY, body=b"<html><body>Bad Gateway</body></html>"),
    "500": _status(HTTPStatus.INTERNAL_SERVER_ERROR),
    "zeros": _zeros,
    "noise": lambda answer: Broken(content=random.Random(len(answer)).randbytes(max(len(answer), 64))),  # noqa: S311 - as above
    "longer length": _length(64),
    "shorter length": _length(-64),
    "bad chunk": _chunked,
    "gzip": _squeezed,
    "empty 200": _status(HTTPStatus.OK),
    "plain text": _status(HTTPStatus.OK, body=b"The service is fine."),
    "body doubled": _doubled,
    "answer doubled": lambda answer: Broken(content=2 * answer, closes=False),
    "too late": lambda answer: Broken(content=answer, late=True),
    "half-open": lambda _: Broken(content=b"", silent=True),
}
"""Name -> what arrives in place of an answer."""


def unasked() -> bytes:
    """Return the answer that is broken where the request is not carried out: of the service, to nothing in particular."""
    return _http(
        HTTPStatus.OK, b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>"
    )
