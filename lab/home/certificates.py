"""The lab's own certificate authority, one certificate for each host, and one for a client."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .places import write_private

CA_FILE = "ca.pem"
CLIENT_CERTIFICATE, CLIENT_KEY = "client.pem", "client.key"
CLIENT_SCHEME = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""What stands in Authorization where the client's certificate is the proof (DSP0226 C.3)."""
CLIENT_NAME = "administrator@localhost"
"""User principal name in the client's certificate, by which a host maps it to its local account."""
_UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_CA_KEY = "ca.key"
_FOLDER = "certificates"
_LOOPBACK = "127.0.0.1"
_VALID, _MARGIN = timedelta(days=825), timedelta(days=7)
_BACKDATED = timedelta(days=1)
_LONGEST_COMMON_NAME = 64
"""RFC 5280, ub-common-name; a longer one stands among the names alone."""


def ensure(home: Path, hosts: Iterable[tuple[str, str]]) -> None:
    """Have a CA (`ca.pem`) and a certificate for each host in `home`; what is there and valid stays.

    `hosts` are pairs of label and full name. Keys are readable by their owner alone. Raises OSError.
    """
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ca = _authority(home)
    for label, full_name in hosts:
        path = certificate_file(home, label)
        if not _is_current(path, ca, full_name):
            _issue(path, ca, (full_name, label))
    if not _is_ours(home / CLIENT_CERTIFICATE, ca):
        issue_client(home, home / CLIENT_CERTIFICATE, home / CLIENT_KEY, CLIENT_NAME)


def issue_server(home: Path, label: str, full_name: str, address: str) -> None:
    """Write a new certificate for a server that listens at another address of loopback. Raises OSError."""
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _issue(certificate_file(home, label), _authority(home), (full_name, label), address)


def certificate_file(home: Path, label: str) -> Path:
    """Return the file that holds a host's key and certificate."""
    return home / _FOLDER / f"{label}.pem"


def server_context(home: Path, label: str) -> ssl.SSLContext:
    """Return what a host's listener speaks: TLS 1.2 or newer with its own certificate. Raises OSError.

    A client may show a certificate of our CA. Any other ends the TLS handshake, where a Windows host would rather
    answer 401 (guess): Python can only accept what it can verify.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file(home, label))
    context.load_verify_locations(home / CA_FILE)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def end_point(home: Path, label: str) -> bytes:
    """Return a host's tls-server-end-point (RFC 5929 4.1), for channel bindings. Raises OSError."""
    certificate = x509.load_pem_x509_certificate(certificate_file(home, label).read_bytes())
    return b"tls-server-end-point:" + certificate.fingerprint(hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A client with a certificate of our CA."""

    name: str
    """The certificate's user principal name, empty where it has none."""

    @property
    def is_mapped(self) -> bool:
        """Whether the hosts have a local account for it."""
        return self.name.casefold() == CLIENT_NAME

    @classmethod
    def of(cls, connection: ssl.SSLSocket) -> Peer | None:
        """Return who the certificate at the other end is for, None where none was shown."""
        shown = connection.getpeercert(binary_form=True)
        return None if shown is None else cls(name=_principal(x509.load_der_x509_certificate(shown)))


def issue_client(home: Path, path: Path, key_path: Path, principal: str) -> None:
    """Write a client's certificate for a user principal name, and its key (0600). Raises OSError."""
    ca = _authority(home)
    authority = _certificate(ca)
    # trustme makes authorities with keys of elliptic curves; its type for them is wider.
    signing = cast(
        "ec.EllipticCurvePrivateKey", serialization.load_pem_private_key(ca.private_key_pem.bytes(), None)
    )
    key = ec.generate_private_key(ec.SECP256R1())
    now, text = datetime.now(UTC), principal.encode()
    # By hand: trustme makes no OtherName, and a user principal name is one (Microsoft's szOID_NT_PRINCIPAL_NAME).
    upn = x509.OtherName(_UPN, bytes([0x0C, len(text)]) + text)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, principal.partition("@")[0])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([upn]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(key_path, pem.decode())
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _principal(certificate: x509.Certificate) -> str:
    """Return the user principal name: a DER UTF8String in the subject's alternative names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    others = names.get_values_for_type(x509.OtherName)
    return next((o.value[2:].decode("utf-8", "replace") for o in others if o.type_id == _UPN), "")


def _authority(home: Path) -> trustme.CA:
    """Return the lab's authority; a new one where its files are missing, do not fit each other, or end soon."""
    certificate, key = home / CA_FILE, home / _FOLDER / _CA_KEY
    try:
        ca = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
        public = serialization.load_pem_private_key(key.read_bytes(), None).public_key()
    except (OSError, ValueError):
        ca, public = None, None
    if ca is None or public != _certificate(ca).public_key() or not _lasts(_certificate(ca)):
        ca = trustme.CA(organization_name="Hyper-V placement lab", path_length=0)
        write_private(key, ca.private_key_pem.bytes().decode())
        certificate.write_bytes(ca.cert_pem.bytes())
    return ca


def _certificate(ca: trustme.CA) -> x509.Certificate:
    return x509.load_pem_x509_certificate(ca.cert_pem.bytes())


def _issue(path: Path, ca: trustme.CA, names: tuple[str, str], address: str = _LOOPBACK) -> None:
    """Write a certificate for a full name and a label, and for one address beside `localhost`."""
    common = names[0] if len(names[0]) <= _LONGEST_COMMON_NAME else None
    leaf = ca.issue_cert(
        *dict.fromkeys((*names, "localhost")), address, common_name=common, not_after=datetime.now(UTC) + _VALID
    )  # fmt: skip
    write_private(path, leaf.private_key_and_cert_chain_pem.bytes().decode())


def _is_current(path: Path, ca: trustme.CA, full_name: str) -> bool:
    """Say whether the file holds a certificate of this CA, for this name, that will last."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(_certificate(ca))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is made
        return False
    return _lasts(certificate) and full_name in names.get_values_for_type(x509.DNSName)


def _is_ours(path: Path, ca: trustme.CA) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(_certificate(ca))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is made
        return False
    return _lasts(certificate)


def _lasts(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc > datetime.now(UTC) + _MARGIN
