"""LDAP messages, held against bytes that others wrote, and against bytes that nobody should write."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.directory import messages
from hyperv_placement.directory.accounts import computer
from hyperv_placement.directory.messages import Entry, Modification, Result, UnreadableError
from hyperv_placement.errors import DirectoryDeniedError, DirectoryUnreachableError
from hyperv_placement.planning.delegation.security_descriptor import sid_bytes

SID = sid_bytes("S-1-5-21-1004336348-1177238915-682003330-1101")


def test_a_bind_is_written_as_the_specification_shows() -> None:
    """Version 3, the name, and the password under tag 0 (RFC 4511 4.2)."""
    assert messages.bind_simple(1, "cn=a", "b").hex() == "3011020101600c0201030404636e3d61800162"


def test_a_modify_is_written_as_the_specification_shows() -> None:
    """One step an attribute, in their order, the values in a set (RFC 4511 4.6)."""
    steps = [
        Modification(operation="delete", attribute="a", values=(b"1",)),
        Modification(operation="add", attribute="a", values=(b"2", b"3")),
    ]
    assert messages.modify(2, "cn=x", steps).hex() == (
        "302e020102" "6629" "0404636e3d78" "3021"
        "300d0a0101" "3008" "040161" "3103040131"
        "30100a0100" "300b" "040161" "3106040132040133"
    )  # fmt: skip


def test_a_page_is_asked_for() -> None:
    """The control of RFC 2696 with the cookie of the last page, and TRUE in the one form that LDAP knows."""
    raw = messages.search(
        3, "dc=x", [("dNSHostName", "*)(a=b")], ["a"], object_class="computer", cookie=b"next"
    )
    assert raw.endswith(bytes.fromhex("0101ff040c300a020200c8") + b"\x04\x04next")
    assert b"*)(a=b" in raw


ENTRY = bytes.fromhex("3020020105641b0404636e3d7830133011040b") + b"dNSHostName" + bytes.fromhex("31020400")


def test_an_entry_is_read() -> None:
    """Names of attributes in lower case, values as bytes."""
    assert messages.decoded(ENTRY) == (5, Entry(dn="cn=x", attributes={"dnshostname": (b"",)}))


def test_a_result_is_read_with_its_words() -> None:
    """Code, the name that RFC 4511 gives it, and what the server says, on one line."""
    raw = bytes.fromhex("3010020107670b0a013204000404") + b"no\n\0"
    number, result = messages.decoded(raw)
    assert (number, str(result)) == (7, "50 insufficientAccessRights: no")


def test_what_nobody_asked_about_is_passed_over() -> None:
    """A reference to another partition (RFC 4511 4.5.3) is neither an object nor an end."""
    raw = bytes.fromhex("3013020105730e040c") + b"ldap://x/y=z"
    assert messages.decoded(raw) == (5, None)


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda more: ENTRY[:12] + more))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Whatever a server sends, there is one error for what is no message."""
    with contextlib.suppress(UnreadableError):
        number, content = messages.decoded(raw)
        assert isinstance(number, int)
        assert content is None or isinstance(content, Entry | Result)


def entry(**more: tuple[bytes, ...]) -> Entry:
    """Return the object of a computer."""
    attributes = {
        "samaccountname": (b"HV1$",), "dnshostname": (b"hv1.corp.example",), "useraccountcontrol": (b"4096",),
        "objectsid": (SID,), "msds-allowedtodelegateto": (b"cifs/hv2",), **more,
    }  # fmt: skip
    return Entry(dn="CN=HV1", attributes={name: values for name, values in attributes.items() if values})


def test_a_computer_is_read() -> None:
    """Attributes that are not set are empty."""
    account = computer(entry())
    assert account.allowed_to_delegate == {"cifs/hv2"}
    assert (account.services, account.acting, account.descriptor) == (frozenset(), frozenset(), b"")


@pytest.mark.parametrize("hidden", ["useraccountcontrol", "objectsid", "samaccountname"])
def test_what_may_not_be_read_is_not_taken_for_unset(hidden: str) -> None:
    """Every account has these: where they are missing somebody keeps them from us."""
    with pytest.raises(DirectoryDeniedError, match="cannot be read in full"):
        computer(entry(**{hidden: ()}))


def test_a_part_of_the_values_is_not_taken_for_all() -> None:
    """A server that gives values in ranges (MS-ADTS 3.1.1.3.1.3.3) is not read as one that has no more."""
    partial = entry(
        **{"msds-allowedtodelegateto": (), "msds-allowedtodelegateto;range=0-1499": (b"cifs/hv2",)}
    )
    with pytest.raises(DirectoryUnreachableError, match="more values of msDS-AllowedToDelegateTo"):
        computer(partial)


def test_a_descriptor_that_cannot_be_read_is_an_error() -> None:
    """Else a write would replace what others have set."""
    with pytest.raises(DirectoryUnreachableError, match="malformed values"):
        computer(entry(**{"msds-allowedtoactonbehalfofotheridentity": (b"\x01\x00\x04\x80",)}))
