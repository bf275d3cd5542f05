"""What a login gives to pyspnego: the credential, and what binds it to its TLS connection, so that nobody in between can pass it on."""

from __future__ import annotations

from typing import Any

import spnego
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings

from .credentials import Credential


def channel_bindings(certificate: bytes | None) -> GssChannelBindings | None:
    """Return the end point of the TLS channel with a host of this certificate (RFC 5929 4.1)."""
    if certificate is None:
        return None
    loaded = x509.load_der_x509_certificate(certificate)
    used = loaded.signature_hash_algorithm
    # MD5 and SHA-1 give way to SHA-256, and so does a signature without a hash of its own, as Ed25519 (RFC 5929 4.1).
    weak = used is None or used.name in {"md5", "sha1"}
    digest = loaded.fingerprint(hashes.SHA256() if weak or used is None else used)
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest)


def spnego_credential(credential: Credential) -> Any:
    """Return the credential as pyspnego takes it; without password and keytab the ticket, or the logon, that is there."""
    if credential.password:
        return spnego.Password(credential.username, credential.password)
    if credential.keytab is not None:
        return spnego.KerberosKeytab(str(credential.keytab), credential.username or None)
    return spnego.CredentialCache(credential.username or None)
