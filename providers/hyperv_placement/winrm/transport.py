"""Bytes to a host and back, through pywinrm: the only module that imports it, and that knows its errors."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError
from winrm.transport import Transport as WinrmTransport

from hyperv_placement.errors import AuthenticationError, HostUnreachableError, PlacementError, ProtocolError
from hyperv_placement.model.stack import HostSpec

from .bounds import BOUNDS, Bounds
from .connection_errors import AnswerLostError, BusyHostError, LoginLostError
from .credentials import Credential
from .exchange import AnswerTooLargeError, BoundedAdapter, CompressedAnswerError, Exchange
from .negotiation import NEGOTIATED, Negotiation, Reply, SealingError
from .trust import distrusted, trust

_PORTS = {"http": 80, "https": 443}
_DETAIL = 2000
"""Characters of a host's own words that an error keeps."""
_ENDPOINT = "Check the endpoint in the stack file: host, port and path (/wsman)"
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})
"""What OpenSSL, by its versions, calls an answer in plain text."""
_PLAIN = "If a listener without TLS has that port, write http:// in its address (mostly port 5985)"
_SECURE = f"{HostUnreachableError.remedy}; if that port is one of TLS, write https:// (mostly port 5986)"


class Transport:
    """One connection with one login. One request at a time: NTLM belongs to the connection (MS-NTHT)."""

    def __init__(self, host: HostSpec, credential: Credential, bounds: Bounds = BOUNDS) -> None:
        """Raises CertificateError, CredentialsError or AuthenticationError for settings that cannot work."""
        self._host = host
        self.credential = credential
        self.status: int | None = None
        """HTTP's, of the answer to the last envelope; None where none came."""
        self._auth = host.connection.auth
        tls = host.endpoint.casefold().startswith("https:")
        if not tls and self._auth not in NEGOTIATED:
            raise AuthenticationError(
                f"{host.name}: auth: {self._auth} over plain HTTP cannot be: messages would go unencrypted",
                remedy="Use an https address, or auth: kerberos",
            )
        self._trust = trust(host.connection.ca, credential) if tls else None
        self._bounds = bounds
        self._exchange = Exchange(bounds.answer_bytes)
        self._login: Negotiation | None = None
        self._winrm = WinrmTransport(
            endpoint=host.endpoint,
            username=credential.username or "-",  # Kerberos needs none, but pywinrm asks for one
            password=credential.password,
            # It must be given a scheme; for those that we negotiate its handler is taken out of the session in _prepare.
            auth_method="ntlm" if self._auth in NEGOTIATED else self._auth,
            cert_pem=None if credential.certificate is None else str(credential.certificate),
            cert_key_pem=None if credential.key is None else str(credential.key),
            ca_trust_path=cast("Any", None),
            server_cert_validation="validate",
            message_encryption="never",  # by pywinrm; ours takes its place
            proxy=host.connection.proxy,
            read_timeout_sec=cast("Any", (bounds.connect_seconds, bounds.answer_seconds)),
        )

    @property
    def logs_on(self) -> bool:
        """Whether the next `send` logs on; basic and certificate do so each time."""
        return self._login is None

    def send(self, envelope: bytes) -> bytes:
        """Send one envelope and return the answer's, also where it is a fault (HTTP 500).

        Nothing is ever sent twice, and no envelope before the login has succeeded. Raises AuthenticationError,
        CertificateError, HostUnreachableError (nothing reached the host), LoginLostError (it was not carried
        out), AnswerLostError (it may have been), BusyHostError, ProtocolError.
        """
        begun, self.status = time.monotonic(), None
        try:
            self._prepare()
            answer: bytes = self._winrm.send_message(envelope)
        except WinRMTransportError as error:
            self.status = error.code
            return self._answer(error)
        except InvalidCredentialsError as error:
            self.status = requests.codes.unauthorized
            raise self._unauthorized() from error
        except SealingError as error:
            raise LoginLostError(
                f"{self._host.name}: the login of {self.credential.owner} encrypts no more"
            ) from error
        except requests.TooManyRedirects as error:
            code = 302 if error.response is None else error.response.status_code
            raise ProtocolError(
                f"{self._host.name} answered HTTP {code}, a redirect, which is not followed", remedy=_ENDPOINT
            ) from error
        except OSError as error:  # RequestException among them
            raise self._translated(error, begun) from error
        except (WinRMError, UnicodeDecodeError) as error:
            raise ProtocolError(f"{self._host.name} gave an unreadable answer", detail=str(error)) from error
        self.status = requests.codes.ok
        return answer

    def reset(self) -> None:
        """Drop connection and login; the next request makes new ones."""
        self._winrm.close_session()
        self._winrm.encryption = self._login = None

    def _prepare(self) -> None:
        """Have a session of ours, logged on where the scheme does that once for a connection."""
        if self._winrm.session is None:
            session = self._winrm.build_session()
            session.max_redirects = 0  # a redirect would repeat the request elsewhere, with its body
            session.trust_env = False  # and ~/.netrc would replace our credential
            session.cert = None  # it is in our TLS context
            # requests would ask for gzip, of which a megabyte can become a gigabyte (docs/adr/0033).
            session.headers["Accept-Encoding"] = "identity"
            if self._auth in NEGOTIATED:
                # pywinrm's handlers send the message along with every leg of a login (docs/adr/0007).
                session.auth = None
            session.mount(
                "http://" if self._trust is None else "https://", BoundedAdapter(self._exchange, self._trust)
            )
        if self._auth in NEGOTIATED and self._login is None:
            self._log_on()

    def _log_on(self) -> None:
        login, begun = Negotiation(self._host, self.credential), time.monotonic()
        try:
            login.log_on(partial(self._post_nothing, begun + self._bounds.answer_seconds))
        except OSError as error:
            raise self._translated(error, begun, nothing_sent=True) from error
        self._login = login
        # Over TLS messages are not encrypted once more.
        if self._trust is None:
            self._winrm.encryption = cast("Any", login)

    def _post_nothing(self, until: float, headers: Mapping[str, str]) -> Reply:
        """Post an empty body on the one connection of the session, as pywinrm does before it encrypts.

        `until`: when the whole login must have ended. Over TLS, too: masterzen/winrm and virt-who log in so at https addresses.
        """
        if (left := until - time.monotonic()) <= 0:
            raise requests.ReadTimeout("the login took too long")
        session = self._winrm.build_session()
        request = session.prepare_request(requests.Request("POST", self._host.endpoint, headers=headers))
        answer = session.send(request, timeout=(self._bounds.connect_seconds, left), allow_redirects=False)
        if answer.content and answer.status_code == requests.codes.ok:
            raise ProtocolError(f"{self._host.name} answered an empty request with a text")
        if answer.status_code == requests.codes.service_unavailable:
            raise self._busy()
        return Reply(
            status=answer.status_code,
            offers=answer.headers.get("WWW-Authenticate", ""),
            certificate=self._exchange.certificate,
        )

    def _unauthorized(self) -> PlacementError:
        """Return what HTTP 401 means: a refusal, or after a login that the host has forgotten it."""
        if self._login is not None:
            return LoginLostError(f"{self._host.name} forgot the login of {self.credential.owner} (HTTP 401)")
        return AuthenticationError(f"{self._host.name} refused the credential of {self.credential.owner}")

    def _busy(self) -> BusyHostError:
        return BusyHostError(f"{self._host.name}: the WinRM service does not answer now (HTTP 503)")

    def _answer(self, error: WinRMTransportError) -> bytes:
        text, name = str(error.response_text), self._host.name
        # A fault comes with HTTP 500 and a SOAP body, which says more than the status (recordings of jborean93/pypsrp).
        if "Envelope" in text:
            return text.encode()
        match error.code:
            # Larger than MaxEnvelopeSizekb, which a host answers without SOAP (MS-WSMV 3.1.4.1.20).
            case 413:
                raise ProtocolError(
                    f"{name} refused the request as too large (HTTP 413)",
                    remedy="Raise MaxEnvelopeSizekb of its WinRM service to its default of 500",
                ) from error
            case 503:
                raise self._busy() from error
            case code:
                raise ProtocolError(
                    f"{name} answered HTTP {code} without a SOAP body",
                    remedy=_ENDPOINT,
                    detail=text[:_DETAIL],
                ) from error

    def _translated(self, error: OSError, begun: float, *, nothing_sent: bool = False) -> PlacementError:
        # By an alert a host ends TLS where it refuses our certificate, and not always during the handshake (RFC 8446 6.2).
        if self.credential.certificate is not None and any(
            isinstance(cause, ssl.SSLError) and "ALERT" in (cause.reason or "") for cause in _causes(error)
        ):
            return AuthenticationError(
                f"{self._host.name} refused {self.credential.owner}",
                remedy="Check that the host trusts its issuer and maps it to an account (New-Item WSMan:...)",
            )
        translated = _translated(self._host, error, time.monotonic() - begun)
        # Where nothing but the empty requests of a login was sent, no order can have been lost.
        if not nothing_sent or not isinstance(translated, AnswerLostError):
            return translated
        if translated.timed_out:
            return HostUnreachableError(translated.message)
        return LoginLostError(translated.message, remedy=translated.remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a host's certificate says."""

    end: datetime
    names: tuple[str, ...]
    """DNS names that it is for, in its order."""


def certificate(host: HostSpec, seconds: float = BOUNDS.connect_seconds) -> Certificate | None:
    """Return the certificate that a host shows; None over plain HTTP and behind a proxy.

    Raises CertificateError where it is not trusted, HostUnreachableError.
    """
    parts = urlsplit(host.endpoint)
    if parts.scheme != "https" or host.connection.proxy is not None:
        return None
    name = parts.hostname or ""
    context, begun = trust(host.connection.ca, Credential()), time.monotonic()
    try:
        with (
            socket.create_connection((name, parts.port or _PORTS["https"]), timeout=seconds) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            shown: Any = secure.getpeercert() or {}
    except TimeoutError as error:
        took = time.monotonic() - begun
        raise HostUnreachableError(f"{host.name} did not show its certificate within {took:.0f} s") from error
    except OSError as error:
        raise _translated(host, error, time.monotonic() - begun) from error
    return Certificate(
        end=datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown.get("notAfter"))), UTC),
        # Alternative names alone: a common name identifies no server any more (RFC 9525 2).
        names=tuple(text for kind, text in shown.get("subjectAltName", ()) if kind == "DNS"),
    )


def knock(host: HostSpec, seconds: float = BOUNDS.connect_seconds) -> None:
    """Open and close a TCP connection to what would be dialled. Raises HostUnreachableError."""
    parts = urlsplit(host.connection.proxy or host.endpoint)
    address = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
    try:
        socket.create_connection(address, timeout=seconds).close()
    except OSError as error:
        raise HostUnreachableError(
            f"{host.name} is unreachable at {parts.hostname}:{address[1]}: {_words(error, seconds)}"
        ) from error


def _translated(spec: HostSpec, error: OSError, seconds: float) -> PlacementError:
    """Return an error of a connection in words of ours; `seconds`: how long it has taken."""
    host, causes = spec.name, tuple(_causes(error))
    if (refused := _refused(spec, causes)) is not None:
        return refused
    words = next((_words(c, seconds) for c in causes if isinstance(c, OSError) and c.strerror), "no answer")
    # "Unreachable" is only what failed before a connection stood: anything later may have carried the request to the host.
    if isinstance(error, requests.ConnectTimeout):
        return HostUnreachableError(f"{host} is unreachable: no connection within {seconds:.0f} s")
    if isinstance(error, requests.exceptions.ProxyError):
        return HostUnreachableError(
            f"{host} is unreachable through its proxy: {words}", remedy="Check connection.proxy"
        )
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
        return HostUnreachableError(f"{host} is unreachable: {words}")
    if isinstance(error, requests.ReadTimeout):
        return AnswerLostError(f"{host} did not answer within {seconds:.0f} s", timed_out=True)
    return _dropped(spec, causes, words)


def _dropped(spec: HostSpec, causes: Iterable[BaseException], words: str) -> AnswerLostError:
    """Return the error of a connection that stood and ended; the other scheme than that of the address is a common cause."""
    if any(isinstance(cause, ssl.SSLError) and cause.reason in _NOT_TLS for cause in causes):
        words, remedy = "what came is not TLS", _PLAIN
    else:
        remedy = _SECURE if urlsplit(spec.endpoint).scheme == "http" else HostUnreachableError.remedy
    return AnswerLostError(f"{spec.name} dropped the connection: {words}", remedy=remedy)


def _refused(spec: HostSpec, causes: Iterable[BaseException]) -> PlacementError | None:
    """Return the error where it was this side that refused to read or to trust; None otherwise."""
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return distrusted(spec, cause)
        if isinstance(cause, AnswerTooLargeError | CompressedAnswerError):
            return ProtocolError(
                f"{spec.name} was not read to the end: its answer is {cause}", remedy=_ENDPOINT
            )
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what lies within and behind an exception: requests and urllib3 keep causes among arguments."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        waiting += [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]


def _words(error: OSError, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no connection within {seconds:.0f} s"
    return (error.strerror or str(error) or type(error).__name__).casefold()
