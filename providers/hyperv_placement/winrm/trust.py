"""TLS to a host: whose certificates are trusted, and which one we show."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from hyperv_placement.errors import AuthorityFileError, CertificateError, CredentialsError
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.system.files import read_bounded
from hyperv_placement.system.shown import shown

from .credentials import Credential

_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED (openssl, include/openssl/x509_vfy.h)."""
_TLS_PORT = 443
_LARGEST_CA = 16 << 20
"""Bytes; all authorities that a system trusts have 0.3 MiB."""
_PATIENCE = 10.0
"""Seconds."""
NEW_CERTIFICATE = (
    "winrm set winrm/config/Listener?Address=*+Transport=HTTPS '@{CertificateThumbprint=\"THUMBPRINT\"}'"
    " (thumbprints: Get-ChildItem Cert:\\LocalMachine\\My)"
)
"""Learn, "Installation and configuration for Windows Remote Management", and "How to configure WINRM for HTTPS"."""


def context_for(ca: Path | None) -> ssl.SSLContext:
    """Return a context that verifies by the certificates in `ca`, or by what the operating system trusts. Raises OSError."""
    if ca is not None:
        read_bounded(ca, _LARGEST_CA)  # OpenSSL would wait for a pipe, and read a device without end
    return ssl.create_default_context(cafile=None if ca is None else str(ca))


def trust(ca: Path | None, credential: Credential) -> ssl.SSLContext:
    """Return a context that verifies by `ca`, or by what the operating system trusts, and shows our certificate.

    Raises CertificateError or CredentialsError for files that cannot be read.
    """
    try:
        context = context_for(ca)
    except OSError as error:  # a missing file as well as one that holds no certificate (ssl.SSLError)
        raise unreadable(ca, error, "connection.ca") from error
    if credential.certificate is not None and credential.key is not None:
        _show(context, credential.certificate, credential.key, credential.key_password)
    return context


def unreadable(ca: Path | None, error: OSError, key: str) -> AuthorityFileError:
    """Return what is wrong with a file of authorities; `key`: where the stack file names it."""
    why = "it holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
    what = "What this system trusts" if ca is None else f"The CA file {shown(ca)}"
    return AuthorityFileError(
        f"{what} cannot be read: {why or error}", remedy=f"Correct {key} in the stack file"
    )


def distrusted(host: HostSpec, error: ssl.SSLCertVerificationError) -> CertificateError:
    """Return what is wrong with the certificate of a host; of one that has expired, since when, and what mends it."""
    if error.verify_code != _EXPIRED:
        return CertificateError(f"The certificate of {host.name} is not trusted: {error.verify_message}")
    parts = urlsplit(host.endpoint)
    direct = host.connection.proxy is None
    since = expired_since(error, parts.hostname or "", parts.port or _TLS_PORT) if direct else None
    if since is None:
        return CertificateError(
            f"The certificate of {host.name}, or of the authority that issued it, has expired",
            remedy="Look which, and have a new one issued (certlm.msc there; openssl x509 -enddate for connection.ca)",
        )
    return CertificateError(
        f"The certificate of {host.name} has expired: it was good until {since:%Y-%m-%d %H:%M} UTC",
        remedy="Have a new one issued, and on the host give it to the listener: " + NEW_CERTIFICATE,
    )


def expired_since(error: ssl.SSLCertVerificationError, server: str, port: int) -> datetime | None:
    """Return when the certificate that a server shows has expired; None where it is not that which is wrong.

    Nobody believes it: only its end is read, and nothing is sent.
    """
    if error.verify_code != _EXPIRED:
        return None
    try:
        text = ssl.get_server_certificate((server, port), timeout=_PATIENCE)
        end = x509.load_pem_x509_certificate(text.encode("ascii")).not_valid_after_utc
    except (OSError, ValueError):
        return None
    return end if end <= datetime.now(UTC) else None


def _show(context: ssl.SSLContext, certificate: Path, key: Path, password: str) -> None:
    """Load our own certificate; a host may ask for it only after the handshake (HTTP.sys does by default)."""
    try:
        # A callable even where there is no password: else OpenSSL asks at the terminal for that of an encrypted key.
        context.load_cert_chain(certificate, key, password=lambda: password)
    except OSError as error:
        raise CredentialsError(
            f"{shown(certificate)} and {shown(key)} are no certificate and key in PEM form that belong together",
            remedy="Correct the files; the password of an encrypted key is key_password: in the credentials file",
            detail=str(error),
        ) from error
    context.post_handshake_auth = True
