"""Hosts of which nothing is known are reported once for each cause, and none is said to be silent that was not asked."""

from __future__ import annotations

from hyperv_placement.errors import (
    AuthenticationError,
    AuthorityFileError,
    CredentialsError,
    HostUnreachableError,
    PlacementError,
)
from hyperv_placement.hyperv.estate import unreachable
from hyperv_placement.model.names import HostName
from hyperv_placement.model.unreachable import listed, reported
from hyperv_placement.winrm.connection_errors import NotTriedError


def lines(*found: tuple[str, PlacementError]) -> list[str]:
    """Return what is reported of hosts with these errors."""
    return list(reported(unreachable(HostName(name), error) for name, error in found))


def test_one_refused_credential_is_one_line() -> None:
    """The first host refused it, and the other thirty-one were spared."""
    refused = AuthenticationError("hv1 refused the credential of LAB\\a", remedy="")
    spared = NotTriedError(refused.message, remedy="")
    [line] = lines(("hv1", refused), *((f"hv{n}", spared) for n in range(2, 33)))
    assert line == (
        "hv1 could not be read and 31 hosts (hv2, hv3, hv4, hv5, hv6, hv7, hv8, hv9, ...) were not asked, their machines are"
        " unknown: hv1 refused the credential of LAB\\a"
    )


def test_each_cause_has_its_line_in_the_order_of_hosts() -> None:
    """Silence is a host's own; without a credential nobody is asked."""
    silent = HostUnreachableError("hv2 did not answer within 75 s", remedy="")
    none = CredentialsError("There are no credentials", remedy="")
    assert lines(("hv1", none), ("hv2", silent), ("hv3", none)) == [
        "2 hosts (hv1, hv3) were not asked, their machines are unknown: There are no credentials",
        "hv2 did not answer, its machines are unknown: hv2 did not answer within 75 s",
    ]


def test_a_list_of_hosts_has_each_cause_once() -> None:
    """Under one word where the same became of all, else with what became of each."""
    refused = AuthenticationError("hv1 refused the credential of LAB\\a", remedy="")
    spared, none = NotTriedError(refused.message, remedy=""), AuthorityFileError("There is no CA", remedy="")
    hosts = [
        unreachable(HostName("hv1"), refused),
        *(unreachable(HostName(n), spared) for n in ("hv2", "hv3")),
    ]
    assert list(listed(hosts)) == [
        "3 hosts (hv1, hv2, hv3): hv1 could not be read and 2 hosts (hv2, hv3) were not asked: hv1 refused the credential of LAB\\a"
    ]
    assert list(listed([unreachable(HostName(n), none) for n in ("hv4", "hv5")])) == [
        "2 hosts (hv4, hv5): were not asked: There is no CA"
    ]
    assert list(listed([unreachable(HostName("hv6"), HostUnreachableError("hv6 is off", remedy=""))])) == [
        "hv6: did not answer: hv6 is off"
    ]


def test_a_cause_that_names_each_host_itself_is_one_line() -> None:
    """A wrong authority hits all hosts; what differs is the name in each message."""
    found = [
        (name, PlacementError(f"The certificate of {name} is not trusted: self-signed", remedy=""))
        for name in ("hv1", "hv10", "hv2.corp.example")
    ]
    (line,) = lines(*found)
    assert line == (
        "3 hosts (hv1, hv10, hv2.corp.example) could not be read, their machines are unknown:"
        " The certificate of each is not trusted: self-signed"
    )
    assert lines(found[1]) == [
        "hv10 could not be read, its machines are unknown: The certificate of hv10 is not trusted: self-signed"
    ]


def test_hosts_that_say_different_things_keep_their_lines() -> None:
    """Two reasons that name the same host are not one because each names its own."""
    one = HostUnreachableError("hv1 did not answer within 75 s", remedy="")
    two = HostUnreachableError("hv1 refused the connection of hv2", remedy="")
    assert len(lines(("hv1", one), ("hv2", two))) == len(("hv1", "hv2"))


def test_hosts_that_are_off_are_one_line_whatever_their_addresses() -> None:
    """Behind a firewall or without a VPN all of them are; alone a host keeps its address."""
    found = [
        (
            name,
            HostUnreachableError(f"{name} is unreachable at {name}.corp.example:5986: timed out", remedy=""),
        )
        for name in ("hv1", "hv2")
    ]
    assert lines(*found) == [
        "2 hosts (hv1, hv2) did not answer, their machines are unknown: each is unreachable at its address: timed out"
    ]
    assert "hv1.corp.example:5986" in lines(found[0])[0]
