"""Which certificates a PEM file makes trusted: by their fingerprints, and without a doubt whether there are more."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

LARGEST = 4 * 1024 * 1024
"""Bytes; all authorities that a system trusts are less than 0.5 MiB."""
_BEGIN = b"-----BEGIN"
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_FINGERPRINT = re.compile(r"(?:SHA-?256:)?([0-9A-F]{2}(?::?[0-9A-F]{2}){31})", re.IGNORECASE)


def fingerprints(raw: bytes) -> frozenset[str]:
    """Return the SHA-256 of each certificate in the bytes of a PEM file, in hexadecimal.

    Raises ValueError with what is wrong where it holds anything else that OpenSSL would read, as a TRUSTED
    CERTIFICATE (openssl-x509, "Trust Settings"), for then these are not all that it makes trusted.
    """
    blocks = _BLOCK.findall(raw)
    if not blocks:
        raise ValueError("holds no certificate in PEM form")
    if len(blocks) != raw.count(_BEGIN):
        raise ValueError("holds more than certificates; leave BEGIN CERTIFICATE blocks alone in it")
    try:
        # Without `validate` base64 passes over what does not belong there (Python), and the fingerprint is of other bytes.
        return frozenset(hashlib.sha256(base64.b64decode(b"".join(block.split()), validate=True)).hexdigest() for block in blocks)  # fmt: skip
    except binascii.Error as error:
        raise ValueError("holds a certificate that is no base64") from error


def fingerprint(text: str) -> str | None:
    """Return a fingerprint as `openssl x509 -fingerprint -sha256` prints it in its one spelling; None for any other text."""
    match = _FINGERPRINT.fullmatch(text.rpartition("=")[2].strip())
    return match and match[1].replace(":", "").lower()
