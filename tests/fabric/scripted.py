"""A host that answers each request as a test has written it, with a certificate of the lab."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from hyperv_placement.wsman import Response, decode_request, encode_response
from lab.home import certificates

Reply = Callable[[BaseHTTPRequestHandler, bytes], None]
"""What to do with a request and its body."""


def status(code: int, body: bytes = b"", **headers: str) -> Reply:
    """Answer with an HTTP status."""

    def reply(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        handler.send_response(code)
        if code == 401 and "WWW-Authenticate" not in headers:
            handler.send_header("WWW-Authenticate", 'Basic realm="WSMAN"')
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def drop(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Cut the connection without an answer."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def answer(message: Response, code: int = 200) -> Reply:
    """Answer with a message of the codec, as the answer to whatever was asked."""

    def reply(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        asked = decode_request(body).header.message_id
        envelope = encode_response(
            message, relates_to=asked, message_id="00000000-0000-0000-0000-000000000001"
        )
        status(code, envelope)(handler, body)

    return reply


class Scripted:
    """Serves its replies one after the other, and counts requests and logins."""

    def __init__(self, home: Path, replies: Sequence[Reply], *, secure: bool = True) -> None:
        """Listen with the certificate of hv1 of the lab in `home`, or for plain HTTP."""
        scripted, left = self, list(replies)
        self.requests = self.logins = 0
        self.bodies: list[bytes] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 1 << 16

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                scripted.requests += 1
                scripted.bodies.append(body)
                scripted.logins += "Authorization" in self.headers
                left.pop(0)(self, body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def get_request(self) -> tuple[socket.socket, object]:
                plain, address = super().get_request()
                if not secure:
                    return plain, address
                return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, *_: object) -> None:
                """A connection without a handshake is a knock."""

        context = certificates.server_context(home, "hv1")
        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self._server.server_port}/wsman"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
