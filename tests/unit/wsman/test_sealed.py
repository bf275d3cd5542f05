"""The MIME form of encrypted messages, by the example of the specification's grammar and both ways."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman.sealed import CREDSSP, KERBEROS, SPNEGO, Sealed, is_sealed, pack, unpack

KIND = f'multipart/encrypted;protocol="{SPNEGO}";boundary="Encrypted Boundary"'
BODY = (
    b"--Encrypted Boundary\r\n"
    b"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=4\r\n"
    b"--Encrypted Boundary\r\n"
    b"\tContent-Type: application/octet-stream\r\n"
    b"\x03\x00\x00\x00sigDATA"
    b"--Encrypted Boundary--\r\n"
)
"""As pywinrm writes it, with a signature of three bytes."""


def turned(text: bytes) -> bytes:
    """Be a cipher."""
    return bytes(byte ^ 0x5A for byte in text)


def seal(text: bytes) -> Sealed:
    """Seal a piece with a signature of sixteen bytes."""
    return Sealed(header=b"s" * 16, data=turned(text), length=len(text))


def unseal(piece: Sealed) -> bytes:
    """Open a piece."""
    assert piece.header == b"s" * 16
    return turned(piece.data)


def test_the_form_is_that_of_the_specification() -> None:
    """MS-WSMV 2.2.9.1.2, byte for byte."""
    assert pack(b"data", SPNEGO, lambda text: Sealed(header=b"sig", data=text.upper(), length=4)) == (
        KIND,
        BODY,
    )
    assert unpack(KIND, BODY, SPNEGO, lambda piece: piece.data.lower()) == b"data"


def test_a_blank_after_the_dashes_is_taken() -> None:
    """Exchange writes the boundary so (pypsrp, encryption.py)."""
    spaced = BODY.replace(b"--Encrypted", b"-- Encrypted")
    assert unpack(KIND, spaced, SPNEGO, lambda piece: piece.data) == b"DATA"


@given(st.binary(min_size=1, max_size=50_000), st.sampled_from([SPNEGO, KERBEROS, CREDSSP]))
def test_unpack_undoes_pack(envelope: bytes, protocol: str) -> None:
    """Whatever the bytes, in one piece or in CredSSP's many."""
    kind, body = pack(envelope, protocol, seal)
    assert is_sealed(kind)
    assert unpack(kind, body, protocol, unseal) == envelope


def test_credssp_seals_in_pieces() -> None:
    """A TLS record holds 16 KiB (MS-WSMV 2.2.9.1.3)."""
    kind, body = pack(b"x" * 40_000, CREDSSP, seal)
    assert kind.startswith("multipart/x-multi-encrypted;")
    assert body.count(b"Length=16384\r\n") == 2
    assert body.count(b"Length=7232\r\n") == 1


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("application/soap+xml", BODY, "no type of an encrypted message"),
        (KIND.replace("SPNEGO", "Other"), BODY, "no type of an encrypted message"),
        (KIND.replace("SPNEGO", "CredSSP"), BODY, "by another scheme"),
        (KIND, b"", "has not the form"),
        (KIND, b"<s:Envelope/>", "has not the form"),
        (KIND, BODY + b"more", "has not the form"),
        (KIND, BODY.removesuffix(b"--Encrypted Boundary--\r\n"), "does not end"),
        (KIND, BODY.replace(b"\x03\x00\x00\x00", b"\xff\xff\x00\x00"), "cut short"),
        (KIND, BODY.replace(b"\x03\x00\x00\x00sigDATA", b"\x03"), "cut short"),
        (KIND, BODY.replace(b"Length=4", b"Length=5"), "4 bytes where 5 were promised"),
    ],
)
def test_what_is_no_encrypted_message(kind: str, body: bytes, said: str) -> None:
    """An error in one line, whatever was sent."""
    with pytest.raises(ProtocolError, match=said):
        unpack(kind, body, SPNEGO, lambda piece: piece.data)


@pytest.mark.parametrize(
    "body",
    [
        b"--Encrypted Boundary\r\n\tContent-Type: a" + b" " * (1 << 20),
        b"--Encrypted Boundary\r\n\tContent-Type:" + b"\t" * (1 << 20) + b"x",
        BODY.partition(b"OriginalContent:")[0] + b"OriginalContent: " + b";Length=1" * (1 << 17),
        BODY.partition(b"\x03\x00")[0] + b"-" * (1 << 20),
        b"--" + b" " * (1 << 20),
    ],
    ids=["blanks after a type", "blanks before a type", "lengths", "dashes", "blanks before a boundary"],
)
def test_a_message_without_an_end_is_refused_at_once(body: bytes) -> None:
    """Two neighbours that match the same blanks took the square of their number: hours for a mebibyte."""
    begun = time.process_time()
    with pytest.raises(ProtocolError):
        unpack(KIND, body, SPNEGO, lambda piece: piece.data)
    assert time.process_time() - begun < 2
