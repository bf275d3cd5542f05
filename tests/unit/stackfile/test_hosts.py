"""Addresses of hosts, and what else a hosts: section gets wrong."""

from __future__ import annotations

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.stackfile.addresses import endpoint

from .conftest import Findings, Load


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("hv1", "https://hv1:5986/wsman"),
        ("HV1.Corp.Example", "https://hv1.corp.example:5986/wsman"),
        ("hv1.corp.example:15986", "https://hv1.corp.example:15986/wsman"),
        ("10.0.0.11", "https://10.0.0.11:5986/wsman"),
        ("127.0.0.1:41001", "https://127.0.0.1:41001/wsman"),
        ("fe80::1", "https://[fe80::1]:5986/wsman"),
        ("[2001:DB8::1]:5986", "https://[2001:db8::1]:5986/wsman"),
        ("https://hv1", "https://hv1:5986/wsman"),
        ("HTTPS://hv1/", "https://hv1:5986/wsman"),
        ("https://hv1:443/wsman", "https://hv1:443/wsman"),
        ("https://gateway/hv1/wsman/", "https://gateway:5986/hv1/wsman"),
        ("http://hv1:5985/wsman", "http://hv1:5985/wsman"),
        ("http://hv1", "http://hv1:5985/wsman"),
        ("hv1:5985", "http://hv1:5985/wsman"),
    ],
)
def test_an_address_means_an_endpoint(address: str, expected: str) -> None:
    """A name, an IP address, a port or a whole URL: TLS, port 5986 and /wsman where nothing else is said."""
    assert endpoint(address) == expected


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("hv 1", "holds no host name"),
        ("hv1.", "holds no host name"),
        ("-hv1", "holds no host name"),
        ("a" * 64 + ".example", "holds no host name"),
        (":5986", "holds no host name"),
        ("hv1:0", "has port 0"),
        ("hv1:99999", "has no valid port"),
        ("hv1:https", "has no valid port"),
        ("999.1.1.1", "999.1.1.1 is no IP address"),
        ("10.0.0", "10.0.0 is no IP address"),
        ("hv1/wsman", "has a path but no scheme"),
        ("ftp://hv1", "is no address of a host"),
        ("https://hv1/wsman?x=1", "has a query"),
        ("https://hv1/wsman#", "has a query or fragment"),
        ("https://[fe80::1", "is no address"),
        ("\\\\hv1", "holds no host name"),
    ],
)
def test_what_is_no_address(address: str, problem: str) -> None:
    """The error says which part is wrong and shows what would be right."""
    with pytest.raises(ValueError, match=problem):
        endpoint(address)


@pytest.mark.parametrize(
    "entry",
    [
        "address: 'https://admin:hunter2@hv1'",
        "address: 'admin:hunter2@hv1'",
        "address: 'admin:hunter2@[hv1'",
        "address: hv1, connection: {proxy: 'http://admin:hunter2/@@proxy'}",
        "address: hv1, connection: {ca: [1], auth: 'x://admin:hunter2@y'}",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(findings: Findings, entry: str) -> None:
    """Who wrote a password into an URL does not find it in the log."""
    found = findings(f"hosts: {{hv1: {{{entry}}}}}\nvms: {{}}\n")

    assert not any("hunter2" in line for line in found)


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (
            "connection: {auth: basic}\nhosts: {hv1: {address: 'http://hv1:5985'}}",
            "2: hosts.hv1.address: 'http://hv1:5985' is plain http, and auth: basic cannot encrypt messages; write https://hv1:5986/wsman, or auth: kerberos",
        ),
        (
            "connection: {auth: ntlm}\nhosts: {hv1: {address: 'hv1:5985', connection: {auth: certificate}}}",
            "2: hosts.hv1.address: 'hv1:5985' is plain http, and auth: certificate cannot encrypt messages; write https://hv1:5986/wsman, or auth: kerberos",
        ),
        ("\nhosts: {hv1: {address: 'hv1:0'}}", "2: hosts.hv1.address: 'hv1:0' has port 0; a port is a number from 1 to 65535"),
        (
            "hosts:\n  hv1: {address: hv.corp.example}\n  hv2: {address: 'https://HV.corp.example:5986/x'}",
            "3: hosts.hv2: has the address of hv1 (line 2); one host is named once, correct the address or remove one",
        ),
        (
            "hosts:\n  hv1: {address: a, full_name: hv.dc.example}\n  hv2: {address: b, account: HV.dc.example.}",
            "3: hosts.hv2: has the full name of hv1 (line 2); one host is named once, correct the full name or remove one",
        ),
        (
            "hosts: {hv1: {address: a, account: hv1.corp.example, full_name: hv1.dc.example}}\n",
            ("1: hosts.hv1: account is 'hv1.corp.example' and full_name 'hv1.dc.example'; an account has the full name of its host"
            " (dNSHostName), so that full_name alone says both"),
        ),
        (
            "hosts: {hv1: {address: a, full_name: hv1}}",
            "1: hosts.hv1.full_name: 'hv1' has no DNS suffix, which is what this key is for; write it whole",
        ),
    ],
)  # fmt: skip
def test_hosts_that_cannot_be_dialled_as_declared(findings: Findings, hosts: str, expected: str) -> None:
    """Plain http and one machine under two names are refused at the host's line."""
    assert findings(f"{hosts}\nvms: {{}}\n") == [expected]


@pytest.mark.parametrize(
    ("vm", "expected"),
    [
        ("{host: hv11}", "unknown host 'hv11' (known: hv1, hv2); did you mean 'hv1'?"),
        ("{host: HV2}", "unknown host 'HV2' (known: hv1, hv2); did you mean 'hv2'?"),
        ("{host: [hv1, elsewhere]}", "unknown host 'elsewhere' (known: hv1, hv2)"),
    ],
)
def test_an_unknown_host_gets_the_nearest_name(findings: Findings, vm: str, expected: str) -> None:
    """A slip of the pen costs one look."""
    hosts = "hosts: {hv1: {address: hv1}, hv2: {address: hv2}}\n"

    assert findings(f"{hosts}vms:\n  A: {vm}\n") == [f"3: vms.A.host: {expected}"]


ROOTS = "hosts: {hv1: {address: hv1, storage: {fast: 'D:\\a', slow: 'E:\\a'}}, hv2: {address: hv2, storage: {fast: 'D:\\a'}}}\n"


@pytest.mark.parametrize(
    ("vm", "expected"),
    [
        ("A: {host: hv1, storage: fats}", "vms.A.storage: no storage root 'fats' on hv1; did you mean 'fast'?"),
        ("A: {host: [hv1, hv2], storage: {disks: {a.vhdx: slow}}}", "vms.A.storage: no storage root 'slow' on hv2; add it there, or write a full path, such as 'D:\\Hyper-V\\A'"),
        ("A: {storage: tape}", "vms.A.storage: no storage root 'tape' on hv1, hv2; add it there"),
        ("'a:b': {host: hv1, storage: fast}", "vms.a:b: label holds ':' in 'a:b', which Windows reserves; use another name; the named root 'fast' means the folder <root>\\a:b: write a full path instead"),
    ],
)  # fmt: skip
def test_a_named_root_must_exist_where_the_machine_may_be(findings: Findings, vm: str, expected: str) -> None:
    """Every allowed host has the root, and the label can be a folder's name."""
    found = findings(f"{ROOTS}vms:\n  {vm}\n")

    assert len(found) == 1
    assert found[0].startswith(f"3: {expected}")


def test_a_machine_without_a_host_needs_a_root_somewhere(findings: Findings) -> None:
    """A free machine may name a root that only some hosts have: where it is decides, at plan time."""
    found = findings(f"{ROOTS}vms:\n  A: {{storage: slow}}\n  B: {{host: hv3}}\n")

    assert [line.partition(":")[0] for line in found] == ["4"]


@pytest.mark.parametrize("auth", ["ntlm", "kerberos", "credssp"])
def test_plain_http_is_for_those_that_encrypt_messages(load_text: Load, auth: str) -> None:
    """For all hosts, or for one that differs from the others."""
    everywhere = f"connection: {{auth: {auth}}}\nhosts: {{hv1: {{address: 'http://hv1'}}}}"
    own = f"hosts: {{hv1: {{address: hv1:5985, connection: {{auth: {auth}, kerberos_host: hv1.corp.example}}}}}}"
    for text in (everywhere, f"connection: {{auth: basic}}\n{own}"):
        assert load_text(f"{text}\nvms: {{}}\n").hosts[HostName("hv1")].endpoint == "http://hv1:5985/wsman"
    assert (
        load_text(f"{own}\nvms: {{}}\n").hosts[HostName("hv1")].connection.kerberos_host == "hv1.corp.example"
    )
