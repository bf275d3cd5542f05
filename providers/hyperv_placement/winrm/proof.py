"""Which names of a host are proven by reaching it: by its certificate, or by a ticket for it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from hyperv_placement.errors import HostUnreachableError
from hyperv_placement.model.names import is_ip_address
from hyperv_placement.model.stack import HostSpec

from .credentials import read_credential
from .trust import distrusted, trust

_SECONDS = 10.0
_PORT = 443


def proven_names(host: HostSpec) -> tuple[str, ...]:
    """Return the names that a host which answers has proven to bear, as far as the way to it proves any.

    Kerberos proves the name in the ticket, for the host cannot open it otherwise. TLS proves the name that is dialled. A host
    that is dialled by an address or a short name is what its certificate says, if that says one full name: of
    several, as in a certificate that hosts share, it could choose another's. Nothing is dialled where that answers
    already, and where the stack file declares the name. Raises CertificateError, CredentialsError, HostUnreachableError.
    """
    parts, connection = urlsplit(host.endpoint), host.connection
    dialled = parts.hostname or ""
    names: list[str] = []
    if connection.auth == "kerberos" and not is_ip_address(ticket := connection.kerberos_host or dialled):
        names.append(ticket)
    if parts.scheme == "https":
        if not is_ip_address(dialled):
            names.append(dialled)
        # Behind a proxy the host cannot be dialled from here, so there is no certificate to look at.
        if not _is_full(dialled) and host.declared is None and connection.proxy is None:
            names += _certified(host, dialled, parts.port or _PORT)
    return tuple(dict.fromkeys(names))


def _certified(host: HostSpec, dialled: str, port: int) -> Iterator[str]:
    """Yield the one full name in the certificate that the host shows; none where it has several, or a wildcard."""
    connection = host.connection
    context = trust(connection.ca, read_credential(connection, host.name))
    try:
        with (
            socket.create_connection((dialled, port), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=dialled) as secure,
        ):
            shown: Any = secure.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise distrusted(host, error) from error
    except OSError as error:
        raise HostUnreachableError(
            f"{host.name} did not show its certificate: {error.strerror or error}"
        ) from error
    # Alternative names alone: a common name identifies no server any more (RFC 9525 2).
    names = {text.lower() for kind, text in shown.get("subjectAltName", ()) if kind == "DNS" and "." in text}
    if len(names) == 1 and _is_full(name := names.pop()):
        yield name


def _is_full(name: str) -> bool:
    return "." in name.rstrip(".") and "*" not in name and not is_ip_address(name)
