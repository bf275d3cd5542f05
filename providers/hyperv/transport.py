"""Bytes to a host and back, on pywinrm's transport; the only module that knows winrm."""

from __future__ import annotations

import socket
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from winrm.exceptions import InvalidCredentialsError, WinRMError, WinRMTransportError
from winrm.transport import Transport as WinrmTransport

from providers.errors import AuthenticationError, CertificateError, HostUnreachableError, ProtocolError
from providers.model.stack import HostSpec

from .credentials import Credential

CONNECT_TIMEOUT = 10.0
"""Seconds for a connection; a host that needs longer counts as silent."""
READ_TIMEOUT = 75.0
"""Seconds for an answer: above the OperationTimeout of 60 s that each request carries."""


class Transport:
    """One authenticated connection: one request in flight at a time (NTLM belongs to the TCP connection)."""

    def __init__(self, host: HostSpec, credential: Credential) -> None:
        """Connect at the first request. Certificates are verified; no proxy but the configured one is used."""
        self._host = host
        self.credential = credential
        connection = host.connection
        self._winrm = WinrmTransport(
            host.endpoint,
            username=credential.username,
            password=credential.password,
            auth_method=connection.auth,
            server_cert_validation="validate",
            ca_trust_path=cast("Any", None if connection.ca is None else str(connection.ca)),
            read_timeout_sec=cast(
                "Any", (CONNECT_TIMEOUT, READ_TIMEOUT)
            ),  # requests takes connect and read apart
            message_encryption="auto",
            proxy=connection.proxy,
        )

    def send(self, message: bytes) -> bytes:
        """Send one envelope and return the answer's, faults (HTTP 500) included. Nothing is sent twice.

        Raises AuthenticationError, CertificateError, HostUnreachableError or ProtocolError.
        """
        name, endpoint = self._host.name, self._host.endpoint
        try:
            return bytes(self._winrm.send_message(message))
        except InvalidCredentialsError as error:
            raise AuthenticationError(f"{name} ({endpoint}) refused the user name or password") from error
        except WinRMTransportError as error:
            return self._answer_in(error)
        except requests.exceptions.SSLError as error:
            raise CertificateError(
                f"{name} ({endpoint}) has no trusted certificate: {_cause(error)}"
            ) from error
        except requests.exceptions.RequestException as error:
            raise HostUnreachableError(f"{name} ({endpoint}) did not answer: {_cause(error)}") from error
        except OSError as error:
            raise self._local(error) from error
        except WinRMError as error:
            raise ProtocolError(f"{name} ({endpoint}): {error}") from error

    def _answer_in(self, error: WinRMTransportError) -> bytes:
        """A fault comes with HTTP 500 and its envelope in the exception's text."""
        text = str(error.response_text or "")
        if "Envelope" in text:
            return text.encode()
        where = f"{self._host.name} ({self._host.endpoint})"
        match error.code:
            case 413:
                raise ProtocolError(f"{where} found the request too large (HTTP 413)", remedy="")
            case 503 | 502 | 504:
                raise HostUnreachableError(f"{where} is not ready (HTTP {error.code})")
            case _:
                raise ProtocolError(
                    f"{where} answered HTTP {error.code} without an envelope",
                    remedy="Is this the address of a WinRM listener (https://HOST:5986/wsman)?",
                    detail=text[:2000],
                )

    def _local(self, error: OSError) -> CertificateError | HostUnreachableError:
        """What requests lets through: a CA file that is not there, above all."""
        ca = self._host.connection.ca
        if ca is not None and not ca.exists():
            return CertificateError(f"The CA file {ca} of {self._host.name} does not exist")
        return HostUnreachableError(f"{self._host.name} ({self._host.endpoint}): {error}")

    def reset(self) -> None:
        """Forget the connection; the next request makes a new one."""
        self._winrm.close_session()
        self._winrm.encryption = None


def _cause(error: Exception) -> str:
    """Return the innermost reason in a few words, without addresses of objects."""
    reason: BaseException = error
    while reason.args and isinstance(reason.args[0], BaseException):
        reason = reason.args[0]
    inner = getattr(reason, "reason", None)
    text = str(inner if isinstance(inner, BaseException) else reason)
    return " ".join(text.rsplit(">: ", maxsplit=1)[-1].split(" object at 0x", maxsplit=1)[0].split())


def knock(host: HostSpec) -> None:
    """Connect to the listener and hang up, so that no login waits for a dead host. Raises HostUnreachableError.

    Where a proxy is configured the host itself cannot be reached from here, and nothing is tried.
    """
    if host.connection.proxy is not None:
        return
    address = urlsplit(host.endpoint)
    try:
        with socket.create_connection((address.hostname or "", address.port or 5986), CONNECT_TIMEOUT):
            return
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise HostUnreachableError(f"{host.name} ({host.endpoint}) did not answer: {reason}") from error
