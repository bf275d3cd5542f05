"""What a stack file asks for and the operator's policy forbids: refused as a whole, each setting with its line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

import hyperv_placement
from hyperv_placement.errors import PolicyError, StackFileError
from hyperv_placement.stackfile import load_text
from hyperv_placement.winrm.credentials import check_logins

from .sites import CREDENTIALS, STACK, Site, authority


def test_a_stack_within_the_policy_loads(site: Site) -> None:
    """And carries it for what asks later: the audit log, logins, the directory."""
    found = site.load(
        policy="hosts: [.corp.example]\nauth: [kerberos]\naudit: required\nplain_http: no\nports: [5986]\n"
    )
    assert found.policy.audit_required
    assert found.policy.permits_new_host(found.hosts["hv1"])  # type: ignore[index] # a name of a host
    assert found.hosts["hv2"].connection.policy == found.policy  # type: ignore[index] # the same


PASSWORD_ELSEWHERE = STACK.replace(
    "hv2: {address: hv2.corp.example}",
    "hv2: {address: 'https://127.0.0.1:24190/wsman', connection: {auth: basic, ca: ../docs/x.pem}}",
)
"""A pull request that sends the password to another address, by a login that shows it, with an authority of its own."""


def test_a_change_that_sends_the_password_elsewhere_is_refused_as_a_whole(site: Site) -> None:
    """Each setting with its line and the policy's, all at once."""
    (site.stacks.parent / "docs").mkdir()
    (site.stacks.parent / "docs" / "x.pem").write_text(authority("evil"))
    site.write(site.operator / "ca.pem", authority("corp"))
    found = site.refused(
        PASSWORD_ELSEWHERE, "hosts: [.corp.example]\nports: [5986]\nauth: [kerberos, ntlm]\nca: [ca.pem]\n"
    )
    assert [line.split(": the operator's policy forbids it: ")[0] for line in found] == [
        "4: hosts.hv2.address", "4: hosts.hv2.address", "4: hosts.hv2.connection.auth", "4: hosts.hv2.connection.ca",
    ]  # fmt: skip
    assert [f"({site.policy}:{number})" in line for number, line in enumerate(found, start=1)] == [True] * 4


@pytest.mark.parametrize(
    "address",
    [
        "hv1.corp.example.evil.org", "https://evil.org/wsman/hv1.corp.example", "evilcorp.example", "10.0.0.1", "'[::ffff:10.0.0.1]'",
        "'https://[::ffff:a00:1]:5986/wsman'", "corp.example", "HV1.CORP.EXAMPLE.EVIL.ORG",
        "http://evil.org:5985/wsman", "evil.org:5986",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_passes_the_policy(site: Site, address: str) -> None:
    """The place that would be dialled is judged, not what its text looks like."""
    (line,) = site.refused(STACK.replace("hv2.corp.example", address))
    assert line.startswith("4: hosts.hv2.address: the operator's policy forbids it: ")


@pytest.mark.parametrize(
    "address",
    ["hv1.corp.example@evil.org", "https://hv1.corp.example@evil.org/wsman", "https://evil/#hv1.corp.example", "hv2.corp.example.",
     "2130706433", "[::1%2f::1]", "0x7f.1", "0x0a000001", "hv2.corp.example.0x7f", "127.1", "010.0.0.1", "hv2.c\u043erp.example", "hv2.corp\u3002example", "https://evil.org\\.corp.example/wsman",
     "https://evil.org?.corp.example"],
)  # fmt: skip
def test_what_is_no_address_is_none_under_a_policy_either(site: Site, address: str) -> None:
    """Such texts are refused before anybody asks where they lead."""
    (line,) = site.refused(STACK.replace("hv2.corp.example", f"'{address}'"))
    assert line.startswith("4: hosts.hv2.address: ")


@pytest.mark.parametrize(
    "address", ["10.20.0.9", "'[::ffff:10.20.0.9]'", "HV2.corp.example:5986", "'[2001:db8::5]'"]
)
def test_addresses_of_a_network_may_be_dialled(site: Site, address: str) -> None:
    """IPv4 inside IPv6 is the IPv4 address that is dialled."""
    policy = "hosts: [.corp.example, 10.20.0.0/16, '2001:db8::/32']\n"
    assert site.load(STACK.replace("hv2.corp.example", address), policy).policy.files


def test_settings_of_all_hosts_are_said_once(site: Site) -> None:
    """At the line of the connection that they share."""
    proxied = STACK.replace(
        "auth: kerberos", "auth: credssp, proxy: 'http://proxy.evil.org:3128', kerberos_host: hv.evil.org"
    )
    proxied = proxied.replace("hv2.corp.example", "hv2.corp.example, account: dc1.evil.org")
    found = site.refused(proxied, "hosts: [.corp.example]\nauth: [kerberos]\n")
    assert sorted(line.split(": the ")[0] for line in found) == [
        "1: connection.auth", "1: connection.kerberos_host", "1: connection.proxy", "4: hosts.hv2.account",
    ]  # fmt: skip


def test_the_directory_and_who_changes_delegation(site: Site) -> None:
    """A stack that is not named may read, and must not declare delegation; nor change it where an earlier run has."""
    stack = (
        STACK
        + "directory: {server: 'ldaps://dc1.evil.org', auth: simple, credentials: a.yaml}\ndelegation: {hosts: all}\n"
    )
    found = site.refused(stack, "hosts: [.corp.example]\ndelegation: []\nauth: [kerberos]\n")
    assert [line.split(": the ")[0] for line in found] == [
        "6: directory.server",
        "6: directory.auth",
        "7: delegation",
    ]
    reader = site.load(STACK + "directory: {server: 'ldaps://dc1.corp.example'}\n", "delegation: [staging]\n")
    assert reader.directory is not None
    assert "must not change delegation" in reader.directory.unchangeable


@pytest.mark.parametrize(
    ("ca", "policy", "why"),
    [
        ("corp-ca.pem", "ca: [{corp}]", ""),
        ("corp-ca.pem", "ca: [ca.pem]", ""),
        ("corp-ca.pem", "ca: [system]", "SHA256:"),
        ("both.pem", "ca: [{corp}]", "SHA256:"),
        ("trusted.pem", "ca: [{corp}]", "holds more than certificates"),
        ("hidden.pem", "ca: [{corp}]", "holds more than certificates"),
        ("none.pem", "ca: [{corp}]", "cannot be read"),
        ("empty.pem", "ca: [{corp}]", "holds no certificate"),
        (None, "ca: [{corp}]", "there is no ca:"),
        (None, "ca: [system, {corp}]", ""),
    ],
)  # fmt: skip
def test_authorities_are_judged_by_their_certificates(
    site: Site, ca: str | None, policy: str, why: str
) -> None:
    """Every certificate that OpenSSL would trust by the file, whatever block it stands in."""
    corp, evil = authority("corp"), authority("evil")
    files = {
        "both.pem": corp + evil,
        "trusted.pem": corp + evil.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        "hidden.pem": corp + "x" * 254 + evil.replace(" CERTIFICATE", " X509 CERTIFICATE"),
        "empty.pem": "",
    }
    for name, text in files.items():
        (site.stacks / name).write_text(text)
    site.write(site.operator / "ca.pem", corp)
    fingerprint = x509.load_pem_x509_certificate(corp.encode()).fingerprint(hashes.SHA256()).hex(":").upper()
    given = policy.format(corp=f"'SHA256:{fingerprint}'") + "\n"
    stack = STACK.replace("ca: corp-ca.pem, ", "" if ca is None else f"ca: {ca}, ")
    if why:
        (line,) = site.refused(stack, given)
        assert why in line
    else:
        assert site.load(stack, given).policy.files


def test_logins_are_judged_before_anybody_is_dialled(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By domain and by file, for all hosts at once; the environment, which serves where the file is not there, is another source."""
    policy = f"domains: [BANK]\ncredentials: ['{site.secrets.parent}']\n"
    connections = {name: host.connection for name, host in site.load(policy=policy).hosts.items()}
    check_logins(connections)
    site.write(site.secrets, CREDENTIALS.replace("BANK", "EVIL"))
    with pytest.raises(PolicyError, match=r"2 hosts \(hv1, hv2\): .*'EVIL.placement' is no account"):
        check_logins(connections)
    site.secrets.unlink()
    monkeypatch.setenv("HYPERV_USERNAME", "BANK\\placement")
    monkeypatch.setenv("HYPERV_PASSWORD", "secret")
    with pytest.raises(PolicyError, match="must not come from the environment"):
        check_logins(connections)


def test_credentials_elsewhere_are_refused_through_links(site: Site, tmp_path: Path) -> None:
    """What a link leads to is what would be read."""
    other = site.write(tmp_path / "other.yaml", CREDENTIALS)
    site.secrets.unlink()
    site.secrets.symlink_to(other)
    (line,) = site.refused(policy=f"credentials: ['{site.secrets.parent}']\n")
    assert line.startswith(
        f"1: connection.credentials: the operator's policy forbids it: {other} is not among"
    )


def test_what_was_declared_before_is_held_against_no_policy(site: Site) -> None:
    """A review reports a change that mends a breach; by what was declared before nobody is dialled."""
    site.write(site.policy, "hosts: [.corp.example]\n")
    assert load_text(PASSWORD_ELSEWHERE.encode(), site.stack, Path("before"), past=True).hosts
    with pytest.raises(StackFileError, match="policy forbids it"):
        load_text(PASSWORD_ELSEWHERE.encode(), site.stack, Path("proposed"))


def test_hosts_come_from_stack_files_alone() -> None:
    """What is dialled has been held against the policy, for nobody else makes a host or a directory, or reads what stood before."""
    folder = Path(hyperv_placement.__file__).parent
    makers = {
        (path.relative_to(folder).as_posix(), name)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (name := getattr(node.func, "id", "")) in {"HostSpec", "DirectorySpec", "load_text"}
    }
    assert makers == {
        ("stackfile/hosts.py", "HostSpec"), ("stackfile/directory.py", "DirectorySpec"), ("workspace/base_revision.py", "load_text"),
    }  # fmt: skip
