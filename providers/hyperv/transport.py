"""Bytes to a host and back, through pywinrm: the only module that imports it, and that knows its errors."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter
from spnego.exceptions import SpnegoError
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError
from winrm.transport import Transport as WinrmTransport

from providers.errors import (
    AuthenticationError,
    CertificateError,
    HostUnreachableError,
    PlacementError,
    ProtocolError,
)
from providers.model.names import HostName
from providers.model.stack import HostSpec

from .credentials import Credential

CONNECT_SECONDS = 10
READ_SECONDS = 75
"""Longer than the OperationTimeout of 60 s that requests carry, so that the host gives up first."""
_PORTS = {"http": 80, "https": 443}


class AnswerLostError(HostUnreachableError):
    """A request may have reached the host, and no answer came: whoever sent it must look before doing it again."""

    def __init__(self, message: str, *, timed_out: bool = False) -> None:
        """`timed_out`: the connection stood all the while, but the host was silent."""
        super().__init__(message)
        self.timed_out = timed_out


class BusyHostError(HostUnreachableError):
    """A host answered that it cannot serve now (HTTP 503); nothing was done."""


class Transport:
    """One connection with one login. One request at a time: NTLM belongs to the connection (MS-NTHT)."""

    def __init__(self, host: HostSpec, credential: Credential) -> None:
        """Connect to nothing yet. Raises CertificateError or AuthenticationError for settings that cannot work."""
        self._host = host.name
        self.credential = credential
        self._auth = host.connection.auth
        self._tls = host.endpoint.casefold().startswith("https:")
        if self._auth == "basic" and not self._tls:
            raise AuthenticationError(
                f"{host.name}: basic authentication over plain HTTP would show the password",
                remedy="Use an https endpoint, or auth: ntlm",
            )
        self._trust = _trust(host.connection.ca) if self._tls else None
        self._winrm = WinrmTransport(
            endpoint=host.endpoint,
            username=credential.username,
            password=credential.password,
            auth_method=self._auth,
            ca_trust_path=cast("Any", None),
            server_cert_validation="validate",
            message_encryption="auto",
            proxy=host.connection.proxy,
            read_timeout_sec=cast("Any", (CONNECT_SECONDS, READ_SECONDS)),  # requests takes the two apart
        )

    def send(self, envelope: bytes) -> bytes:
        """Send one envelope and return the answer's, also where it is a fault (HTTP 500).

        Nothing is ever sent twice. Raises AuthenticationError, CertificateError, HostUnreachableError (nothing
        reached the host), AnswerLostError (it may have), BusyHostError, ProtocolError.
        """
        try:
            self._prepare()
            answer: bytes = self._winrm.send_message(envelope)
        except WinRMTransportError as error:
            return self._answer(error)
        except InvalidCredentialsError as error:
            raise self._refused(f"refused the credential of {self.credential.username}") from error
        except (PermissionError, KeyError, SpnegoError) as error:
            raise self._refused(f"does not accept {self._auth} ({type(error).__name__})") from error
        except OSError as error:  # RequestException among them
            raise _translated(self._host, error) from error
        except (WinRMError, UnicodeDecodeError) as error:
            raise ProtocolError(f"{self._host} gave an unreadable answer", detail=str(error)) from error
        return answer

    def reset(self) -> None:
        """Drop connection and login; the next request makes new ones."""
        self._winrm.close_session()
        self._winrm.encryption = None

    def _prepare(self) -> None:
        """Make the session ours: our trust, no redirects (they would repeat a request elsewhere)."""
        if self._winrm.session is not None:
            return
        session = self._winrm.build_session()
        session.max_redirects = 0
        if self._trust is not None:
            session.mount("https://", _TrustingAdapter(self._trust))

    def _answer(self, error: WinRMTransportError) -> bytes:
        text = str(error.response_text)
        if "Envelope" in text:
            return text.encode()
        match error.code:
            case 413:
                raise ProtocolError(
                    f"{self._host} refused the request as too large (HTTP 413)",
                    remedy="Raise MaxEnvelopeSizekb of its WinRM service to its default of 500",
                ) from error
            case 503:
                raise BusyHostError(
                    f"{self._host}: the WinRM service does not answer now (HTTP 503)"
                ) from error
            case code:
                raise ProtocolError(
                    f"{self._host} answered HTTP {code} without a SOAP body",
                    remedy="Check the endpoint in the stack file: host, port and path (/wsman)",
                    detail=text,
                ) from error

    def _refused(self, what: str) -> AuthenticationError:
        return AuthenticationError(f"{self._host} {what}")


class _TrustingAdapter(HTTPAdapter):
    """Verifies certificates by one TLS context alone, whatever bundles and variables requests would look at."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust = trust
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._trust)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._trust)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None


def _trust(ca: Path | None) -> ssl.SSLContext:
    """Return a context that verifies by `ca`, or by what the operating system trusts."""
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:  # a missing file as well as one that holds no certificate (ssl.SSLError)
        raise CertificateError(
            f"The CA file {ca} cannot be read as PEM: {error.strerror or error}",
            remedy="Correct connection.ca in the stack file",
        ) from error


def knock(host: HostSpec) -> None:
    """Open and close a TCP connection to what would be dialled. Raises HostUnreachableError."""
    parts = urlsplit(host.connection.proxy or host.endpoint)
    address = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
    try:
        socket.create_connection(address, timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise HostUnreachableError(
            f"{host.name} is unreachable at {parts.hostname}:{address[1]}: {_words(error)}"
        ) from error


def _translated(host: HostName, error: OSError) -> PlacementError:
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateError(f"The certificate of {host} is not trusted: {cause.verify_message}")
    words = next((_words(c) for c in causes if isinstance(c, OSError) and c.strerror), "no answer")
    if isinstance(error, requests.ConnectTimeout):
        return HostUnreachableError(f"{host} is unreachable: no connection within {CONNECT_SECONDS} s")
    if isinstance(error, requests.exceptions.ProxyError):
        return HostUnreachableError(
            f"{host} is unreachable through its proxy: {words}", remedy="Check connection.proxy"
        )
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
        return HostUnreachableError(f"{host} is unreachable: {words}")
    if isinstance(error, requests.ReadTimeout):
        return AnswerLostError(f"{host} did not answer within {READ_SECONDS} s", timed_out=True)
    return AnswerLostError(f"{host} dropped the connection: {words}")


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


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"no connection within {CONNECT_SECONDS} s"
    return (error.strerror or str(error) or type(error).__name__).casefold()
