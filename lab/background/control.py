"""How `bin/lab` talks to the lab that runs in the background: JSON over loopback, with a token."""

from __future__ import annotations

import hmac
import http.client
import http.server
import json
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.home.places import write_private
from lab.world.person import CommandError

FILE = "control.json"
_LOOPBACK = "127.0.0.1"
_LONGEST_REQUEST = 1 << 20
_PING = json.dumps({"verb": "ping", "arguments": {}})
_PATIENCE = 120.0  # seconds; the checksums of a thousand machines take a minute where the machine is busy

Verbs = Mapping[str, Callable[..., Any]]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking for the machine's name, which can take seconds where DNS does not answer."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = _LOOPBACK, self.server_address[1]


class ControlServer:
    """The daemon's end: answers each verb with its result, or with an error of one line."""

    def __init__(self, verbs: Verbs) -> None:
        """Bind a free port of loopback."""
        self._token = secrets.token_urlsafe(32)
        self._server = _Server((_LOOPBACK, 0), _handler(verbs, self._token))

    def start(self, home: Path) -> None:
        """Answer from now on, and say in `control.json` (0600) where."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        content = {"port": self._server.server_address[1], "token": self._token, "pid": os.getpid()}
        write_private(home / FILE, json.dumps(content))

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(verbs: Verbs, token: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = self.headers.get("Authorization", "")
            length = int(self.headers.get("Content-Length", 0))
            if (
                not hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
                or length > _LONGEST_REQUEST
            ):
                self.send_error(403)
                return
            answer = json.dumps(_answer(verbs, json.loads(self.rfile.read(length)))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Write no access log."""

    return Handler


def _answer(verbs: Verbs, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": verbs[request["verb"]](**request["arguments"])}
    except CommandError as error:
        return {"error": str(error)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The command's end: a lab that answered."""

    port: int
    token: str
    pid: int

    def call(self, verb: str, **arguments: object) -> Any:
        """Return what the lab answers to `verb`. Raises CommandError, also where it does not answer."""
        try:
            answer = self._exchange(json.dumps({"verb": verb, "arguments": arguments}))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CommandError(f"the lab does not answer ({error}); bin/lab down, then bin/lab up") from error
        if "error" in answer:
            raise CommandError(answer["error"])
        return answer["result"]

    def listens(self) -> bool:
        """Say whether somebody still listens on the control port."""
        try:
            socket.create_connection((_LOOPBACK, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _exchange(self, body: str, patience: float = _PATIENCE) -> dict[str, Any]:
        connection = http.client.HTTPConnection(_LOOPBACK, self.port, timeout=patience)
        try:
            connection.request("POST", "/", body, {"Authorization": f"Bearer {self.token}"})
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise ValueError(f"HTTP {response.status}")
            return dict(json.loads(response.read()))
        finally:
            connection.close()


def connect(home: Path) -> Control | None:
    """Return the lab that runs in `home`, or None: no note of it, or nobody there who knows the token.

    Raises CommandError where somebody listens there but does not answer.
    """
    path = home / FILE
    try:
        control = Control(**json.loads(path.read_text(encoding="utf-8")))
        control._exchange(_PING, patience=5)  # noqa: SLF001 - of this module
    except TimeoutError as error:
        raise CommandError(
            f"the lab does not answer; end its process (its pid is in {path}), then remove {path}"
        ) from error
    except (OSError, ValueError, TypeError, http.client.HTTPException):
        return None
    return control
