"""What binds a login to the TLS connection it is made on, so that nobody in between can pass it on (RFC 5929)."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings


def channel_bindings(certificate: bytes | None) -> GssChannelBindings | None:
    """Return the end point of the TLS channel with a host of this certificate (RFC 5929 4.1)."""
    if certificate is None:
        return None
    loaded = x509.load_der_x509_certificate(certificate)
    used = loaded.signature_hash_algorithm
    weak = used is None or used.name in {"md5", "sha1"}
    digest = loaded.fingerprint(hashes.SHA256() if weak or used is None else used)
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest)
