"""TLS to a host: whose certificates are trusted, and which one we show."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter

from providers.errors import CertificateError, CredentialsError

from .credentials import Credential


class TrustingAdapter(HTTPAdapter):
    """Verifies certificates by one TLS context alone, whatever bundles and variables requests would look at."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        """Use `trust` for every connection."""
        self._trust = trust
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool with our context."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._trust)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make the pool behind a proxy with our context, too."""
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._trust)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002
        """Leave everything to the context."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None


def trust(ca: Path | None, credential: Credential) -> ssl.SSLContext:
    """Return a context that verifies by `ca`, or by what the operating system trusts, and shows our certificate.

    Raises CertificateError or CredentialsError for files that cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:  # a missing file as well as one that holds no certificate (ssl.SSLError)
        raise CertificateError(
            f"The CA file {ca} cannot be read as PEM: {error.strerror or error}",
            remedy="Correct connection.ca in the stack file",
        ) from error
    if credential.certificate is not None and credential.key is not None:
        _show(context, credential.certificate, credential.key, credential.key_password)
    return context


def _show(context: ssl.SSLContext, certificate: Path, key: Path, password: str) -> None:
    """Load our own certificate; a host may ask for it only after the handshake (HTTP.sys does by default)."""
    try:
        context.load_cert_chain(certificate, key, password=lambda: password)
    except OSError as error:
        raise CredentialsError(
            f"{certificate} and {key} are no certificate and key in PEM form that belong together",
            remedy="Correct the files; the password of an encrypted key is key_password: in the credentials file",
            detail=str(error),
        ) from error
    context.post_handshake_auth = True
