"""Who is in the directory, and what each may do there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import spnego
from spnego.exceptions import SpnegoError

from lab.directory.accounts import PEOPLE
from lab.home.places import write_private

from .conftest import Site

MIGRATION = "Microsoft Virtual System Migration Service"


@pytest.mark.parametrize("role", PEOPLE)
def test_everybody_gets_a_ticket(running: Site, tmp_path: Path, role: str) -> None:
    """Each account logs on with the password that status tells, and with no other; the ticket can be forwarded."""
    account = running.account(role)
    ccache = tmp_path / "ccache"
    assert running.kinit(account["principal"], account["password"], ccache).returncode == 0
    flags = running.run("klist", "-f", ccache=ccache).stdout
    # "F" of MIT's klist: forwardable. The KDC does not give it to members of Protected Users, nor to the sensitive.
    forwardable = "Flags: F" in flags
    assert forwardable == (role not in {"protected", "sensitive"}), flags
    refused = running.kinit(account["principal"], "wrong", tmp_path / "other")
    assert "Preauthentication failed" in refused.stderr or "Password incorrect" in refused.stderr


@pytest.mark.parametrize("label", ["hv1", "hv2", "sofs"])
def test_every_computer_has_a_keytab(running: Site, tmp_path: Path, label: str) -> None:
    """Hosts and file servers log on with their keytabs, which their owner alone can read."""
    computer = running.status["computers"][label]
    keytab = Path(computer["keytab"])
    running.run("kinit", "-k", "-t", str(keytab), computer["account"], ccache=tmp_path / "ccache")
    assert stat.S_IMODE(keytab.stat().st_mode) == 0o600


def test_hosts_have_their_service_names(running: Site) -> None:
    """Every service that a migration or a client asks for is there by its full and its short name."""
    found = running.read("operator", "(sAMAccountName=HV1$)", "servicePrincipalName")
    names = {line.partition(": ")[2] for line in found.splitlines()}
    for service in (MIGRATION, "cifs", "HTTP", "WSMAN", "HOST"):
        assert {f"{service}/hv1.lab.example", f"{service}/HV1"} <= names


@pytest.mark.parametrize("service", [MIGRATION, "cifs", "WSMAN", "HTTP"])
def test_the_kdc_knows_names_with_spaces(running: Site, tmp_path: Path, service: str) -> None:
    """A ticket is to be had for each service; without the shim the one with spaces would be unknown."""
    account, ccache = running.account("operator"), tmp_path / "ccache"
    running.kinit(account["principal"], account["password"], ccache)
    escaped = service.replace(" ", "\\ ")
    for host in ("hv2.lab.example", "HV2"):
        running.run("kvno", f"{escaped}/{host}@LAB.EXAMPLE", ccache=ccache)
    unknown = running.run("kvno", f"{escaped}/hv9.lab.example@LAB.EXAMPLE", ccache=ccache, check=False)
    assert "not found in Kerberos database" in unknown.stderr


@pytest.mark.parametrize(
    ("role", "may"), [("directory_administrator", True), ("host_administrator", False), ("operator", False)]
)
def test_only_its_administrator_may_set_delegation(running: Site, role: str, *, may: bool) -> None:
    """Rights on the hosts are no rights in the directory: neither attribute nor flag can be written."""
    wished = [f"{MIGRATION}/hv2.lab.example"]
    for attributes in ({"msDS-AllowedToDelegateTo": wished}, {"userAccountControl": ["16781312"]}):
        said = running.replace("hv1", attributes, role, check=False)
        assert ("Insufficient access" in said) == (not may), said
    running.replace("hv1", {"msDS-AllowedToDelegateTo": [], "userAccountControl": ["4096"]})


def test_ldaps_proves_who_it_is(running: Site, another: Site) -> None:
    """The certificate is of this lab's own authority: with another lab's the connection is refused."""
    assert "dn: " in running.read("operator", "(objectClass=domain)", "dn")
    ca, running.status["ca"] = running.status["ca"], another.status["ca"]
    try:
        said = running.ldap("ldapsearch", "operator", "-b", running.base, check=False)
    finally:
        running.status["ca"] = ca
    assert "Can't contact LDAP server" in said


def test_passwords_are_in_their_files_alone(running: Site) -> None:
    """No password is anywhere in the lab's home but in files that their owner alone can read."""
    passwords = [running.account(role)["password"].encode() for role in PEOPLE]
    holders = set()
    for path in running.home.rglob("*"):
        if path.is_file() and any(password in path.read_bytes() for password in passwords):
            holders.add(path)
            assert path.name == "secret" or stat.S_IMODE(path.stat().st_mode) == 0o600, path
    expected = {Path(running.account(role)["credentials"]) for role in PEOPLE}
    assert holders - {running.home / "secret"} == expected | {running.home / "credentials.yaml"}


@pytest.mark.parametrize(
    ("role", "accepted"), [("host_administrator", True), ("operator", True), ("protected", False)]
)
def test_ntlm_goes_by_the_directorys_hashes(
    running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, *, accepted: bool
) -> None:
    """Hosts can check directory users by NTLM, but not members of Protected Users, who may not use it."""
    write_private(tmp_path / "ntlm", "\n".join(running.directory.ntlm_lines()) + "\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "ntlm"))
    account = running.account(role)
    client = spnego.client(account["user"], account["password"], protocol="ntlm")
    server = spnego.server(protocol="ntlm")
    token = client.step(server.step(client.step()))
    if accepted:
        server.step(token)
        assert server.client_principal == account["user"]
    else:
        with pytest.raises(SpnegoError):
            server.step(token)
