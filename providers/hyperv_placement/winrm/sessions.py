"""The few connections to one host: each is lent to one thread for one request and its answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from hyperv_placement.errors import AuthenticationError, CredentialsError, HostUnreachableError, ProtocolError
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.winrm.wire_tap import exchanged
from hyperv_placement.wsman import Fault, Get, Invoke, Request, Response, decode_response, encode_request

from .bounds import BOUNDS, Bounds
from .connection_errors import AnswerLostError, BusyHostError, LoginLostError
from .credentials import Credential, read_credential
from .logins import Logins

if TYPE_CHECKING:
    from .transport import Transport

_log = logging.getLogger(__name__)
SESSIONS = 4
"""Connections per host; a host allows 25 operations to a user on its oldest builds (win32 WinRM page)."""

PROOFS = 4
"""How often a read before an order is tried: each answer may be lost."""

Heard = Callable[[Request, bytes], None]
"""Is called with each request and its answer as it came."""


class Sessions:
    """Connections that are made when they are needed and then kept."""

    def __init__(
        self,
        host: HostSpec,
        logins: Logins,
        heard: Heard | None = None,
        bounds: Bounds = BOUNDS,
        waiting: Callable[[], Callable[[], None]] = lambda: lambda: None,
        noted: Callable[[Callable[[], bytes]], bytes] = lambda send: send(),
    ) -> None:
        """`waiting`: called before other hosts' logins are waited for; what it returns, afterwards. `noted`: sends, and notes the time."""
        self._host = host
        self._heard = heard
        self._logins = logins
        self._bounds = bounds
        self._waiting = waiting
        self._noted = noted
        self._decoding = threading.Lock()
        """One tree of elements at a time: it is the largest thing that an answer makes."""
        self._free: list[Transport] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(SESSIONS)
        self._credential: Credential | None = None

    def exchange(self, request: Request, max_envelope_size: int) -> Response:
        """Have a request carried out at most once and return the answer, which may be a fault.

        Where the credential is refused and its file holds another one by now, that is tried once. Raises the errors of transport and
        login.
        """
        return self._renewing(lambda session: self._exchanged(session, request, max_envelope_size))

    def order(self, request: Invoke, max_envelope_size: int) -> Response:
        """Send an order, which changes something: once, on a connection that has just answered a read, and never again.

        So it is the read, which may be repeated, that finds out that a host has forgotten our login. Raises AnswerLostError where the
        order was sent and the service itself did not answer it: HTTP 401 or 503 do not say what was done.
        """

        def sent(session: Transport) -> Response:
            self._prove(session, Get(target=request.target), max_envelope_size)
            message, message_id = self._encoded(request, max_envelope_size)
            try:
                answer = self._carried(session, request, message)
            except (AuthenticationError, LoginLostError, BusyHostError) as error:
                raise AnswerLostError(f"{error.message}, in answer to an order") from error
            return self._heard_and_decoded(request, answer, message_id)

        return self._renewing(sent)

    def _renewing(self, exchange: Callable[[Transport], Response]) -> Response:
        """Exchange on a connection; once more on a new one where the credential was refused and its file has changed meanwhile."""
        used: Credential | None = None
        try:
            with self._lent() as session:
                used = session.credential
                return exchange(session)
        except AuthenticationError:
            if used is None or not self._renewed(used):
                raise
        # Outside the block above, which has given its place back: with all places taken, threads would wait for each other.
        with self._lent() as session:
            return exchange(session)

    def _renewed(self, refused: Credential) -> bool:
        """Read the credential again; return whether it differs from the refused one, whose connections are dropped then."""
        with self._lock:
            try:
                now = read_credential(self._host.connection, self._host.name)
            except CredentialsError:  # a file that is being written, or is gone: the refusal is what counts
                return False
            if now == refused:
                return False
            _log.info(
                "%s: the credential was refused and has changed since: trying the new one", self._host.name
            )
            self._credential = now
            for session in self._free:
                session.reset()
            self._free.clear()
            return True

    def _prove(self, session: Transport, read: Get, max_envelope_size: int) -> None:
        """Wait for any answer to a read, on a new login where the present one gives none. Raises HostUnreachableError."""
        for left in range(PROOFS - 1, -1, -1):
            try:
                self._exchanged(session, read, max_envelope_size)
            except (AnswerLostError, BusyHostError, ProtocolError) as error:
                # Silence has lasted for all its time, and would again.
                silent = isinstance(error, AnswerLostError) and error.timed_out
                if not left or (silent and left < PROOFS - 1):
                    raise HostUnreachableError(f"{error.message}; nothing was ordered") from error
                _log.info("%s: reading once more before an order: %s", self._host.name, error.message)
                session.reset()
            else:
                return

    def _exchanged(self, session: Transport, request: Request, max_envelope_size: int) -> Response:
        message, message_id = self._encoded(request, max_envelope_size)
        try:
            answer = self._sent(session, request, message)
        except LoginLostError as error:
            # It was not carried out, so once more is safe for every request but an order.
            _log.info("%s: logging on again: %s", self._host.name, error.message)
            session.reset()
            answer = self._sent(session, request, message)
        return self._heard_and_decoded(request, answer, message_id)

    def _encoded(self, request: Request, max_envelope_size: int) -> tuple[bytes, str]:
        message_id = str(uuid4()).upper()
        message = encode_request(
            request,
            to=self._host.endpoint,
            message_id=message_id,
            max_envelope_size=max_envelope_size,
            locale="en-US",
        )
        return message, f"uuid:{message_id}"

    def _heard_and_decoded(self, request: Request, answer: bytes, message_id: str) -> Response:
        if self._heard is not None:
            # Before it is decoded: what cannot be read is what a recording is for.
            self._heard(request, answer)
        try:
            with self._decoding:
                response = decode_response(answer)
        except ProtocolError as error:
            detail = answer[:2000].decode("utf-8", "replace")
            raise ProtocolError(f"{self._host.name}: {error.message}", detail=detail) from error
        # A fault is taken as it is: one with MSFT_WmiError may come without RelatesTo (WinRb/WinRM, wmi_error_v2.xml).
        if not isinstance(response, Fault) and response.header.relates_to not in {"", message_id}:
            raise ProtocolError(f"{self._host.name} answered another request than the one that was asked")
        return response

    def _sent(self, session: Transport, request: Request, message: bytes) -> bytes:
        """Send; where that logs on, one such call at a time until a host has accepted the credential."""
        if not session.logs_on:
            return self._carried(session, request, message)
        over = self._waiting()

        def sent() -> bytes:
            over()
            return self._carried(session, request, message)

        return self._logins.use(session.credential, self._host.name, sent)

    def _carried(self, session: Transport, request: Request, message: bytes) -> bytes:
        return self._noted(lambda: exchanged(self._host.name, session, request, message))

    @contextmanager
    def _lent(self) -> Iterator[Transport]:
        with self._places:
            with self._lock:
                session = self._free.pop() if self._free else None
            session = session or self._connect()
            try:
                yield session
            except BaseException:  # whatever it was, half an answer may be left on the connection
                session.reset()
                raise
            finally:
                with self._lock:
                    current = session.credential == self._credential
                    if current:
                        self._free.append(session)
                if not current:  # the credential has changed meanwhile
                    session.reset()

    def _connect(self) -> Transport:
        from .transport import Transport, knock  # noqa: PLC0415 - it takes a third of a second to load

        with self._lock:
            if self._credential is None:
                self._credential = read_credential(self._host.connection, self._host.name)
            session = Transport(self._host, self._credential, self._bounds)
        _log.debug(
            "%s: connecting to %s, auth: %s", self._host.name, self._host.endpoint, self._host.connection.auth
        )
        knock(self._host, self._bounds.connect_seconds)
        return session

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            for session in self._free:
                session.reset()
            self._free.clear()
