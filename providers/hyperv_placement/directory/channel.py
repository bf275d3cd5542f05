"""One connection to a domain controller: framed messages, TLS or sealing, each answer bounded in size and time."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from hyperv_placement.clock import Clock
from hyperv_placement.errors import CertificateError, DirectoryUnreachableError
from hyperv_placement.winrm.trust import context_for, expired_since, unreadable

PORTS = {"ldap": 389, "ldaps": 636}
CONNECT = 5.0
"""Seconds for a connection, and for the handshake of TLS."""
ANSWER = 15.0
"""Seconds from a request to the end of its answer; a server works at a search for no more than 10."""
_LOOK = 0.5
"""Seconds between looks at the clock while nothing arrives."""
LARGEST = 4 << 20
"""Bytes of one message, or of messages sealed together; an account with the 1,300 values that an object can hold needs a tenth."""
_CHUNK = 65536
_SEALED_HEAD = 4
"""Bytes before each sealed buffer: its length (RFC 4422 3.7)."""
_SEQUENCE, _LONG = 0x30, 0x80

Cipher = Callable[[bytes], bytes]


class ClosedError(Exception):
    """The connection ended; whether the last request was carried out is unknown."""


class Channel:
    """A connection that one thread uses at a time."""

    def __init__(self, server: str, ca: Path | None, clock: Clock) -> None:
        """Connect to `server`, an ldap or ldaps URL. Raises DirectoryUnreachableError or CertificateError."""
        parts = urlsplit(server)
        self.server = server
        self.host = parts.hostname or ""
        self._clock = clock
        self._wrap: Cipher | None = None
        self._unwrap: Cipher | None = None
        self._until = clock.now() + ANSWER
        self._received = bytearray()
        """Bytes received, still sealed where messages are sealed."""
        self._plain = bytearray()
        port = parts.port or PORTS[parts.scheme]
        trust = _trust(ca) if parts.scheme == "ldaps" else None
        try:
            plain = socket.create_connection((self.host, port), CONNECT)
            self._socket = plain if trust is None else _secured(plain, trust, self.host)
        except ssl.SSLCertVerificationError as error:
            raise _distrusted(server, error, expired_since(error, self.host, port)) from error
        except OSError as error:
            raise DirectoryUnreachableError(
                f"The directory {server} does not answer: {error.strerror or error}"
            ) from error

    @property
    def certificate(self) -> bytes | None:
        """The server's certificate in DER; None without TLS."""
        return self._socket.getpeercert(binary_form=True) if isinstance(self._socket, ssl.SSLSocket) else None

    def seal(self, wrap: Cipher, unwrap: Cipher) -> None:
        """Seal every message from now on."""
        self._wrap, self._unwrap = wrap, unwrap

    def send(self, message: bytes) -> None:
        """Send one message; its answer must be complete within ANSWER seconds. Raises ClosedError."""
        self._until = self._clock.now() + ANSWER
        if self._wrap is not None:
            sealed = self._wrap(message)
            message = len(sealed).to_bytes(_SEALED_HEAD, "big") + sealed
        try:
            self._socket.settimeout(ANSWER)
            self._socket.sendall(message)
        except OSError as error:
            raise ClosedError(str(error)) from error

    def receive(self) -> bytes:
        """Return the next message of an answer. Raises ClosedError, and DirectoryUnreachableError where none arrives in time."""
        self._check_time()
        while (length := _length(self._plain)) is None or len(self._plain) < length:
            self._bounded(length or 0)
            self._read()
        message = bytes(self._plain[:length])
        del self._plain[:length]
        return message

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _check_time(self) -> None:
        if self._clock.now() >= self._until:
            raise DirectoryUnreachableError(f"The directory {self.server} gave no answer within {ANSWER:g} s")

    def _read(self) -> None:
        came = b""
        while not came:
            self._check_time()
            try:
                self._socket.settimeout(_LOOK)
                if not (came := self._socket.recv(_CHUNK)):
                    raise ClosedError("the server closed the connection")
            except TimeoutError:
                continue
            except OSError as error:
                raise ClosedError(str(error)) from error
        (self._plain if self._unwrap is None else self._received).extend(came)
        self._unseal()

    def _unseal(self) -> None:
        while self._unwrap is not None and len(self._received) >= _SEALED_HEAD:
            length = int.from_bytes(self._received[:_SEALED_HEAD], "big")
            self._bounded(length)  # before it has come: four bytes can announce 4 GiB
            if len(self._received) < _SEALED_HEAD + length:
                return
            sealed = bytes(self._received[_SEALED_HEAD : _SEALED_HEAD + length])
            del self._received[: _SEALED_HEAD + length]
            self._plain += self._unwrap(sealed)
            self._bounded(len(self._plain))

    def _bounded(self, length: int) -> None:
        if length > LARGEST:
            raise DirectoryUnreachableError(f"{self.server} gave an answer of more than {LARGEST >> 20} MiB")


def _length(received: bytearray) -> int | None:
    """Return the length of the message that begins here; None until enough of it has arrived. Raises ClosedError."""
    if not received:
        return None
    # Every LDAPMessage is a SEQUENCE of definite length (RFC 4511 4.1.1 and 5.1): anything else is no directory.
    if received[0] != _SEQUENCE:
        raise ClosedError("received data that is not an LDAP message")
    head = 2
    if len(received) < head:
        return None
    first = received[1]
    if first < _LONG:
        return head + first
    digits = first - _LONG
    if not 1 <= digits <= _SEALED_HEAD:
        raise ClosedError("received data that is not an LDAP message")
    if len(received) < head + digits:
        return None
    return head + digits + int.from_bytes(received[head : head + digits], "big")


def _distrusted(server: str, error: ssl.SSLCertVerificationError, since: datetime | None) -> CertificateError:
    if since is not None:
        return CertificateError(
            f"The certificate of {server} has expired: it was good until {since:%Y-%m-%d %H:%M} UTC",
            # Learn, "Enable LDAP over SSL with a third-party certification authority"
            remedy="Have a new one issued to the domain controller, which takes it by itself",
        )
    return CertificateError(
        f"The certificate of {server} is not trusted: {error.verify_message}",
        remedy="Name the CA's file under directory.ca in the stack file; verification is never switched off",
    )


def _trust(ca: Path | None) -> ssl.SSLContext:
    try:
        return context_for(ca)
    except OSError as error:
        raise unreadable(ca, error, "directory.ca") from error


def _secured(plain: socket.socket, trust: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        return trust.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise
