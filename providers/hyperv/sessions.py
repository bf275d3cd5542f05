"""The few connections to one host: each is lent to one thread for one request and its answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from providers.errors import ProtocolError
from providers.model.stack import HostSpec
from providers.wsman import Fault, Request, Response, decode_response, encode_request

from .connection_errors import LoginLostError
from .credentials import Credential, read_credential
from .logins import Logins

if TYPE_CHECKING:
    from .transport import Transport

SESSIONS = 4
"""Connections per host; a host allows 25 operations to a user on its oldest builds (win32 WinRM page)."""


Heard = Callable[[Request, bytes], None]
"""Told of each request and its answer as it came."""


class Sessions:
    """Connections that are made when they are needed and then kept."""

    def __init__(self, host: HostSpec, logins: Logins, heard: Heard | None = None) -> None:
        """Read the credential and connect at the first request."""
        self._host = host
        self._heard = heard
        self._logins = logins
        self._free: list[Transport] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(SESSIONS)
        self._credential: Credential | None = None

    def exchange(self, request: Request, max_envelope_size: int) -> Response:
        """Have a request carried out at most once and return the answer, a fault too.

        Raises the errors of transport and login.
        """
        message_id = str(uuid4()).upper()
        message = encode_request(
            request,
            to=self._host.endpoint,
            message_id=message_id,
            max_envelope_size=max_envelope_size,
            locale="en-US",
        )
        with self._lent() as session:
            try:
                answer = self._sent(session, message)
            except LoginLostError:  # it was not carried out, so once more is safe for every request
                session.reset()
                answer = self._sent(session, message)
            if self._heard is not None:
                self._heard(request, answer)
            return self._decoded(answer, f"uuid:{message_id}")

    def _sent(self, session: Transport, message: bytes) -> bytes:
        """Send; where that proves who we are, one such call runs at a time until the credential is known."""
        if not session.logs_on:
            return session.send(message)
        return self._logins.use(session.credential, self._host.name, lambda: session.send(message))

    def _decoded(self, envelope: bytes, message_id: str) -> Response:
        try:
            answer = decode_response(envelope)
        except ProtocolError as error:
            detail = envelope[:2000].decode("utf-8", "replace")
            raise ProtocolError(f"{self._host.name}: {error.message}", detail=detail) from error
        if not isinstance(answer, Fault) and answer.header.relates_to not in {"", message_id}:
            raise ProtocolError(f"{self._host.name} answered another request than the one that was asked")
        return answer

    @contextmanager
    def _lent(self) -> Iterator[Transport]:
        with self._places:
            with self._lock:
                session = self._free.pop() if self._free else None
            session = session or self._connect()
            try:
                yield session
            except BaseException:  # whatever it was, half an answer may be left in the connection
                session.reset()
                raise
            finally:
                with self._lock:
                    self._free.append(session)

    def _connect(self) -> Transport:
        from .transport import Transport, knock  # noqa: PLC0415  # a third of a second that runs which dial nobody save

        with self._lock:
            if self._credential is None:
                self._credential = read_credential(self._host.connection, self._host.name)
            session = Transport(self._host, self._credential)
        knock(self._host)
        return session

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            for session in self._free:
                session.reset()
            self._free.clear()
