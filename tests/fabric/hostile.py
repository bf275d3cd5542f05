"""A host that wants to cost as much as it can: it goes on with its answer until whoever asked hangs up."""

from __future__ import annotations

import itertools
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from hyperv_placement.wsman import EnumerateResponse, Fragment, Item, PullResponse, Response, encode_response
from lab.home import certificates

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml;charset=UTF-8\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = 1 << 16
DRIP = 0.02
"""Seconds between two bytes of an answer that drips."""
Answer = Callable[[bytes], Iterable[bytes]]
"""What is said to a request, piece by piece."""
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"uuid:[0-9A-F-]{36}")


def endless(head: bytes, piece: bytes) -> Answer:
    """Say `head`, and then the same for ever."""
    return lambda _: itertools.chain([head], itertools.repeat(piece))


def chunk(content: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(content), content)


def whole(content: bytes, head: bytes = OK) -> Answer:
    """Say something that has an end."""
    return lambda _: [head + b"Content-Length: %d\r\n\r\n" % len(content) + content]


def dripping(head: bytes, content: bytes = b" ") -> Answer:
    """Say `head`, and then a byte now and then for ever."""

    def said(_: bytes) -> Iterator[bytes]:
        yield head
        pause = threading.Event()
        for byte in itertools.cycle(content):
            pause.wait(DRIP)
            yield bytes([byte])

    return said


def silent(_: bytes) -> Iterable[bytes]:
    """Say nothing."""
    return ()


def pages(*items: Item, pause: float = 0.0) -> Answer:
    """Begin an enumeration, and give the same page of it for ever."""

    def said(request: bytes) -> Iterable[bytes]:
        threading.Event().wait(pause)
        first = b"/enumeration/Enumerate<" in request
        page = EnumerateResponse(context="uuid:1") if first else PullResponse(context="uuid:1", items=items)
        return whole(envelope(page, request))(request)

    return said


def enumerations(pages: int) -> Answer:
    """Give so many pages of a row of half a mebibyte to each enumeration, one enumeration at a time."""
    left = [0]

    def said(request: bytes) -> Iterable[bytes]:
        if b"/enumeration/Enumerate<" in request:
            left[0] = pages
            begun = EnumerateResponse(context="uuid:1" if pages else None, items=(), end=not pages)
            return whole(envelope(begun, request))(request)
        left[0] -= 1
        end = not left[0]
        page = PullResponse(context=None if end else "uuid:1", items=(row(1 << 19),), end=end)
        return whole(envelope(page, request))(request)

    return said


def row(size: int = 100) -> Fragment:
    """Return a row whose text has so many characters."""
    return Fragment({"Name": "x" * size})


def envelope(message: Response, request: bytes) -> bytes:
    """Return a message of the codec as the answer to a request."""
    asked = _ID.search(request)
    return encode_response(message, relates_to=asked[0].decode() if asked else "", message_id="1")


class Hostile:
    """Gives each request the same answer, and listens until whoever asked hangs up."""

    def __init__(self, home: Path, answer: Answer, *, secure: bool = True) -> None:
        """Listen with the certificate of hv1 of the lab in `home`, or for plain HTTP."""
        self._answer = answer
        self._context = certificates.server_context(home, "hv1") if secure else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._listen)]
        self.requests = 0
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self.port}/wsman"

    def __enter__(self) -> Self:
        """Listen."""
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """End: nobody is connected any more, or it is the fault of who still is."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(plain,)))
                self._threads[-1].start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), plain:
            self._open.add(plain)
            with self._dressed(plain) as connection:
                self._open.add(connection)
                self._converse(connection)

    def _dressed(self, plain: socket.socket) -> socket.socket:
        return plain if self._context is None else self._context.wrap_socket(plain, server_side=True)

    def _converse(self, connection: socket.socket) -> None:
        while request := _request(connection):
            self.requests += 1
            said = False
            for piece in self._answer(request):
                said = True
                connection.sendall(piece)
            if not said:
                connection.recv(1)


class Dumb(Hostile):
    """Takes a connection for TLS, and answers the first greeting with what `answer` says, without any handshake."""

    def _dressed(self, plain: socket.socket) -> socket.socket:
        plain.recv(PIECE)
        for piece in self._answer(b""):
            plain.sendall(piece)
        plain.recv(PIECE)
        raise ssl.SSLError("no handshake")


def _request(connection: socket.socket) -> bytes:
    """Return a whole request, empty where none comes any more."""
    came = b""
    while b"\r\n\r\n" not in came:
        if not (more := connection.recv(PIECE)):
            return b""
        came += more
    head, _, body = came.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    while length is not None and len(body) < int(length[1]):
        body += connection.recv(PIECE)
    return head + b"\r\n\r\n" + body
