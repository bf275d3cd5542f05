"""The lab's own certificate authority and one certificate for each host."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.home import write_private

CA_FILE = "ca.pem"
_CA_KEY = "ca.key"
_FOLDER = "certificates"
_VALID, _MARGIN = timedelta(days=825), timedelta(days=7)
_BACKDATED = timedelta(days=1)


def ensure(home: Path, hosts: Iterable[tuple[str, str]]) -> None:
    """Have a CA (`ca.pem`) and a certificate for each host in `home`; what is there and valid stays.

    `hosts` are pairs of label and full name. Keys are readable by their owner alone. Raises OSError.
    """
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ca, key = _authority(home, folder)
    for label, full_name in hosts:
        path = certificate_file(home, label)
        if not _is_current(path, ca, full_name):
            _issue(path, ca, key, label, full_name)


def certificate_file(home: Path, label: str) -> Path:
    """Return the file that holds a host's key and certificate."""
    return home / _FOLDER / f"{label}.pem"


def server_context(home: Path, label: str) -> ssl.SSLContext:
    """Return what a host's listener speaks: TLS 1.2 or newer with its own certificate. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file(home, label))
    return context


def _authority(home: Path, folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        ca = x509.load_pem_x509_certificate((home / CA_FILE).read_bytes())
        key = serialization.load_pem_private_key((folder / _CA_KEY).read_bytes(), None)
    except (OSError, ValueError):
        return _new_authority(home, folder)
    same = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == ca.public_key()
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not same or not _lasts(ca):
        return _new_authority(home, folder)
    return ca, key


def _new_authority(home: Path, folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hyper-V placement lab")])
    ca = (
        _begin(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / _CA_KEY, _pem(key))
    (home / CA_FILE).write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    return ca, key


def _issue(
    path: Path, ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, label: str, full_name: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, full_name)])
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    names = [x509.DNSName(each) for each in dict.fromkeys((full_name, label, "localhost"))]
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    certificate = (
        _begin(name, ca.subject, key)
        .add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(path, _pem(key) + certificate.public_bytes(serialization.Encoding.PEM).decode())


def _begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _VALID)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _is_current(path: Path, ca: x509.Certificate, full_name: str) -> bool:
    """Say whether the file holds a certificate of this CA, for this name, that will last."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        certificate.verify_directly_issued_by(ca)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is made
        return False
    return _lasts(certificate) and full_name in names.get_values_for_type(x509.DNSName)


def _lasts(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc > datetime.now(UTC) + _MARGIN
