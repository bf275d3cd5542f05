"""One HTTP connection of a client to a host: keep-alive, login, encryption, and what HTTP itself refuses."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, cast

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import sealed
from lab.home.certificates import Peer
from lab.service import identify
from lab.service.answering import Service
from lab.service.interruptions import Dropped, Instead
from lab.wmi.accounts import Caller
from lab.world.faults import Fault

from . import spoiling
from .authentication import Challenge, Door, Granted, Login
from .handshakes import TokenRefusedError

if TYPE_CHECKING:
    import socketserver

PATH = "/wsman"
CONTENT_TYPE = "application/soap+xml;charset=UTF-8"
_IDLE_SECONDS = 120  # HTTP.sys closes an idle connection after two minutes (its "Idle Connection Timeout")
_CHARSETS = frozenset({"", "utf-8", "utf-16"})
_MOST_CHUNKS = 10_000
_HOST = re.compile(r"[!-~]*", re.ASCII)
_ORIGIN = re.compile(r"\Ahttps?://[^/]*", re.IGNORECASE)
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_MOST_DRAINED = 16 * 1024 * 1024  # bytes


class BadRequestError(Exception):
    """The request's framing cannot be trusted: the connection ends with this status."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class Connection(BaseHTTPRequestHandler):
    """Serves the requests of one connection, one after the other, in the thread that makes it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = _IDLE_SECONDS

    def __init__(
        self,
        connection: socket.socket,
        address: Any,
        service: Service,
        *,
        end_point: bytes = b"",
        peer: Peer | None = None,
    ) -> None:
        """Serve `connection` until it ends; `end_point` is that of its TLS channel, empty for plain HTTP."""
        self._service = service
        self._plain_allowed = bool(end_point) or service.world.settings.allow_unencrypted
        self._end_point, self._peer = end_point, peer
        self._accounts, self._login = service.accounts, self._new_login()
        self._other_certificate = service.shows_another_certificate()
        with service.connected() as self._welcome:
            super().__init__(connection, address, cast("socketserver.BaseServer", service))

    def _new_login(self) -> Login:
        service = self._service
        door = Door(
            accounts=service.accounts,
            computer=service.host.computer_name,
            basic=self._plain_allowed,
            credssp=service.host.credssp,
            bindings=self._end_point,
            domain=users.door(service.host.name) if (users := service.accounts.users) else None,
            peer=self._peer,
        )
        return Login(door)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing on the terminal; the lab's log has what matters."""

    def version_string(self) -> str:
        """Name the server as a Windows host does."""
        return "Microsoft-HTTPAPI/2.0"

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what the base class refuses (a bad request line, an unknown method) without a page."""
        del message, explain
        self.close_connection = True
        self.request_version = self.protocol_version  # else a line without a version would get no status line
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        if status == HTTPStatus.METHOD_NOT_ALLOWED and self._asked_path not in (PATH, identify.PATH):
            status = HTTPStatus.NOT_FOUND
        self._answer(status)

    def do_POST(self) -> None:
        """Answer one request, unless a fault of the lab has this host say nothing."""
        if self._service.is_down() or self._has_other_certificate():
            self.close_connection = True
        elif self._service.is_silent():
            self._say_nothing(while_silent=True)
        elif not self._welcome:
            self.close_connection = True
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._hear()

    def _hear(self) -> None:
        try:
            self._check_host()
            body = self._body()
        except BadRequestError as error:
            self.close_connection = True
            self._answer(error.status)
            return
        if self._asked_path not in (PATH, identify.PATH):
            self._answer(HTTPStatus.NOT_FOUND)
            return
        if self._is_anonymous() and self._introduced(body):
            return
        if self._asked_path == identify.PATH:
            self._answer(HTTPStatus.UNAUTHORIZED, offers=self._login.refuse().offers)
            return
        verdict = self._judged()
        if isinstance(verdict, Challenge):
            self._answer(HTTPStatus.UNAUTHORIZED, offers=verdict.offers)
        else:
            self._serve(verdict, body)

    @property
    def _asked_path(self) -> str:
        """The path without its query, in lower case: HTTP.sys matches it in any (win32, "UrlPrefix Strings").

        A URL with scheme and host is as good as its path (RFC 9112 3.2.2).
        """
        return _ORIGIN.sub("", self.path.partition("?")[0]).casefold()

    def _is_anonymous(self) -> bool:
        """Say whether the client asks without wanting to log on: by the path of DSP0226, or by Microsoft's header."""
        asked = (self.headers.get(identify.HEADER) or "").strip().casefold()
        return self._asked_path == identify.PATH or asked == "unauthenticated"

    def _introduced(self, body: bytes) -> bool:
        """Answer Identify without a login, and say whether it was that. A wrong type is refused as on /wsman (guess)."""
        if self._is_of_another_type():
            self._answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            return True
        try:
            reply = self._service.answer_anonymous(body, self._machine)
        except Instead as instead:
            self._answer(instead.status, instead.body)
            return True
        if reply is not None:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR if reply.fault else HTTPStatus.OK, reply.body)
        return reply is not None

    @property
    def _machine(self) -> str:
        """The name that the client has dialled."""
        return (self.headers.get("Host") or "").rpartition(":")[0] or self._service.host.computer_name

    def _check_host(self) -> None:
        """Refuse what is no host name, as HTTP.sys does (Learn, "Error logging in HTTP APIs", Hostname). Raises BadRequestError."""
        if not _HOST.fullmatch(self.headers.get("Host") or ""):
            raise BadRequestError(HTTPStatus.BAD_REQUEST)

    def _has_other_certificate(self) -> bool:
        """Say whether the listener has changed its certificate since this connection began."""
        return bool(self._end_point) and self._other_certificate != self._service.shows_another_certificate()

    def _judged(self) -> Granted | Challenge:
        """Judge the request's login, by the accounts as they are now."""
        if self._accounts is not self._service.accounts:
            self._accounts, self._login = self._service.accounts, self._new_login()
        if self._login.is_known and self._service.forgets_logins():
            self._login.forget()
        if self._service.refuses_logins():
            return self._login.refuse()
        return self._login.check(self.headers.get("Authorization"))

    def _serve(self, granted: Granted, body: bytes) -> None:
        """Answer a request of somebody who is known; a login with encryption begins with an empty one."""
        offers = (granted.token,) if granted.token else ()
        if not body:
            self._answer(HTTPStatus.OK, offers=offers)
            return
        encrypted = sealed.is_sealed(self.headers.get("Content-Type") or "")
        envelope = self._opened(granted, body) if encrypted else self._plain(body)
        if isinstance(envelope, HTTPStatus):
            self._answer(envelope, offers=offers)
            return
        caller = Caller(user=granted.user, address=str(self.client_address[0]))
        try:
            reply = self._service.answer(envelope, caller, self._machine)
        except Dropped:
            self.close_connection = True
            return
        except Instead as instead:
            unauthorized = instead.status == HTTPStatus.UNAUTHORIZED
            again = self._login.refuse().offers if unauthorized else ()
            self._answer(instead.status, instead.body, again, location=instead.location)
            return
        status = HTTPStatus.INTERNAL_SERVER_ERROR if reply.fault else HTTPStatus.OK
        kind, answer = CONTENT_TYPE, reply.body
        if encrypted and granted.channel is not None:
            kind, answer = granted.channel.closed(answer)
        if reply.spoil is None:
            self._answer(status, answer, offers, kind)
        else:
            self._spoil(reply.spoil, status, answer, kind)

    def _spoil(self, rule: Fault, status: HTTPStatus, answer: bytes, kind: str) -> None:
        """Send an answer as a fault of the lab has it arrive."""
        match rule.kind:
            case "no-answer":
                self._say_nothing(while_silent=False)
            case "answer-truncated":
                self.close_connection = True
                self._answer(status, answer, kind=kind, sent=spoiling.length(answer, rule))
            case "answer-garbled":
                self._answer(status, spoiling.garbled(answer, rule), kind=kind)
            case _:
                self._answer(status, 2 * answer, kind=kind)

    def _say_nothing(self, *, while_silent: bool) -> None:
        self.close_connection = True
        spoiling.hold(self.connection, self._service, while_silent=while_silent)

    def _plain(self, body: bytes) -> bytes | HTTPStatus:
        """Return an envelope that came as it is, or what HTTP says to it; 415 for other types is a guess.

        Over HTTP a host without AllowUnencrypted answers 500 and no SOAP (diyan/pywinrm issues 129 and 208).
        """
        if self._is_of_another_type():
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        return body if self._plain_allowed else HTTPStatus.INTERNAL_SERVER_ERROR

    def _is_of_another_type(self) -> bool:
        charset = (self.headers.get_content_charset() or "").casefold()
        return self.headers.get_content_type() != "application/soap+xml" or charset not in _CHARSETS

    def _opened(self, granted: Granted, body: bytes) -> bytes | HTTPStatus:
        """Return the envelope of an encrypted body; 500 for one that these keys do not open is a guess."""
        if granted.channel is None:
            return HTTPStatus.BAD_REQUEST
        try:
            return granted.channel.opened(self.headers.get("Content-Type") or "", body)
        except (ProtocolError, TokenRefusedError):
            self.close_connection = True
            return HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def _most_bytes(self) -> int:
        return self._service.host.winrm.max_envelope_bytes

    def _body(self) -> bytes:
        """Read the whole body.

        Raises BadRequestError where its length is unclear, and for more than MaxEnvelopeSizekb, which is answered
        with 413 and no SOAP (MS-WSMV 3.1.4.1.20).
        """
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").casefold():
            return b"".join(self._chunks())
        length = self.headers.get("Content-Length")
        if length is None:
            raise BadRequestError(HTTPStatus.LENGTH_REQUIRED)
        if not _LENGTH.fullmatch(length.strip()):
            raise BadRequestError(HTTPStatus.BAD_REQUEST)
        if int(length) > self._most_bytes:
            self._drain(int(length))
            raise BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self._exactly(int(length))

    def _chunks(self) -> Iterator[bytes]:
        total, most = 0, self._most_bytes
        for _ in range(_MOST_CHUNKS):
            try:
                size = int(self.rfile.readline(1024).partition(b";")[0], 16)
            except ValueError as error:
                raise BadRequestError(HTTPStatus.BAD_REQUEST) from error
            total += size
            if not 0 <= size <= most or total > most:
                raise BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            yield self._exactly(size)
            self.rfile.readline(1024)
            if size == 0:
                return
        raise BadRequestError(HTTPStatus.BAD_REQUEST)

    def _drain(self, size: int) -> None:
        """Read on, so that the client gets to see the answer, but not for ever."""
        left = min(size, _MOST_DRAINED)
        while left and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)

    def _exactly(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) != size:
            raise BadRequestError(HTTPStatus.BAD_REQUEST)
        return content

    def _answer(
        self, status: HTTPStatus, body: bytes = b"", offers: tuple[str, ...] = (), kind: str = CONTENT_TYPE,
        *, location: str = "", sent: int | None = None,
    ) -> None:  # fmt: skip
        """Send an answer; `sent`: of its body only so many bytes."""
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        for offer in offers:
            self.send_header("WWW-Authenticate", offer)
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[:sent])
