"""Our client of the directory against the real one, which other people's programs look at and change besides."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.directory.client import DirectoryClient
from hyperv_placement.errors import (
    CertificateError,
    DirectoryChangedError,
    DirectoryDeniedError,
    DirectoryLoginError,
)
from hyperv_placement.model.directory import (
    FLAG,
    TRUSTED_TO_AUTH,
    AccountChange,
    ComputerAccount,
    DirectoryAuthentication,
    DirectorySpec,
)
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.delegation.entries import change_of, entries_of, powershell
from hyperv_placement.planning.delegation.security_descriptor import sid_bytes
from tools.chaos.relay import Relay

from .conftest import Site

FOREIGN = ["HTTP/proxy.lab.example", "cifs/HV2"]
NAMES = {HostName(name): f"{name}.lab.example" for name in ("hv1", "hv2")}
WANTED = entries_of(HostName("hv1"), NAMES, "protocol-transition", ["fs1"])
Connect = Callable[..., DirectoryClient]


@pytest.fixture
def connect(running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Make clients, by account and scheme; nothing is delegated afterwards."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    made: list[DirectoryClient] = []

    def client(
        auth: DirectoryAuthentication = "simple",
        role: str = "directory_administrator",
        *,
        server: str = "",
        password: str = "",
        ca: Path | None = None,
    ) -> DirectoryClient:
        account = running.account(role)
        file = tmp_path / f"{len(made)}.yaml"
        file.touch(0o600)
        file.write_text(
            f"username: {account['principal']}\npassword: {password or account['password']}\n",
            encoding="utf-8",
        )
        spec = DirectorySpec(
            server=server or running.status["ldaps" if auth == "simple" else "ldap"], auth=auth, credentials=file,
            ca=ca or Path(running.status["ca"]), kerberos_host=running.status["controller"],
        )  # fmt: skip
        made.append(DirectoryClient(spec, clock=SystemClock()))
        return made[-1]

    yield client
    for each in made:
        each.close()
    running.replace("hv1", {"msDS-AllowedToDelegateTo": [], "userAccountControl": ["4096"]})


def hv1(client: DirectoryClient) -> ComputerAccount:
    """Return the account of the first host."""
    return client.computers(["HV1.lab.example"]).fit["hv1.lab.example"]


def seen(site: Site) -> tuple[set[str], int]:
    """Return what `ldapsearch` shows of hv1: whom it may delegate to, and its flags."""
    lines = site.read(
        "host_administrator", "(sAMAccountName=HV1$)", "msDS-AllowedToDelegateTo", "userAccountControl"
    )
    pairs = [line.split(": ", 1) for line in lines.splitlines() if ": " in line]
    flags = [int(value) for name, value in pairs if name == "userAccountControl"]
    return {value for name, value in pairs if name == "msDS-AllowedToDelegateTo"}, flags[0]


def full(account: ComputerAccount) -> AccountChange:
    """Return what hv1 lacks to delegate to hv2 and the file server."""
    return change_of(account, WANTED, {})


SCHEMES: list[DirectoryAuthentication] = ["simple", "kerberos"]


@pytest.mark.parametrize("auth", SCHEMES)
def test_accounts_are_read(connect: Connect, running: Site, auth: DirectoryAuthentication) -> None:
    """By the host's full name, in any case; a name that nobody has is missing."""
    running.replace("hv1", {"msDS-AllowedToDelegateTo": FOREIGN})
    found = connect(auth).computers(["HV1.LAB.example", "hv2.lab.example", "hv9.lab.example"]).fit
    assert set(found) == {"hv1.lab.example", "hv2.lab.example"}
    account = found["hv1.lab.example"]
    assert account.dn == running.status["computers"]["hv1"]["dn"]
    assert (account.account, account.flags, account.trusted_to_auth) == ("HV1$", 0x1000, False)
    assert account.allowed_to_delegate == set(FOREIGN)
    assert "Microsoft Virtual System Migration Service/hv1.lab.example" in account.services
    assert f"objectSid:: {base64.b64encode(sid_bytes(account.sid)).decode()}" in running.read(
        "host_administrator", "(sAMAccountName=HV1$)", "objectSid"
    )


@pytest.mark.parametrize("auth", SCHEMES)
def test_what_is_missing_is_added_and_nothing_else_touched(
    connect: Connect, running: Site, auth: DirectoryAuthentication
) -> None:
    """Foreign entries stay, one that is there in capitals is not added again, and the second time nothing is left."""
    running.replace("hv1", {"msDS-AllowedToDelegateTo": FOREIGN})
    client = connect(auth)
    client.change(full(hv1(client)))
    services, flags = seen(running)
    assert services == {*FOREIGN, *(entry for entry in WANTED if entry not in (FLAG, "cifs/hv2"))}
    assert flags == 0x1000 | TRUSTED_TO_AUTH
    assert not full(hv1(client))


def test_what_was_added_goes_and_the_rest_stays(connect: Connect, running: Site) -> None:
    """Taking away names its values one by one; the flag goes alone."""
    running.replace("hv1", {"msDS-AllowedToDelegateTo": FOREIGN})
    client = connect()
    added = full(hv1(client))
    client.change(added)
    client.change(change_of(hv1(client), [], {}, [*added.delegate_to, FLAG]))
    assert seen(running) == (set(FOREIGN), 0x1000)


def test_who_was_faster_loses_nothing(connect: Connect, running: Site) -> None:
    """Flags or entries that somebody sets between our reading and our writing make us write nothing at all."""
    client = connect()
    change = full(hv1(client))
    running.replace("hv1", {"userAccountControl": [str(0x1000 | 0x10000)]})  # DONT_EXPIRE_PASSWORD
    with pytest.raises(DirectoryChangedError):
        client.change(change)
    assert seen(running) == (set(), 0x1000 | 0x10000)
    change = full(hv1(client))
    running.replace("hv1", {"msDS-AllowedToDelegateTo": ["cifs/hv2"]})
    with pytest.raises(DirectoryChangedError):
        client.change(change)
    assert seen(running) == ({"cifs/hv2"}, 0x1000 | 0x10000)
    client.change(full(hv1(client)))
    assert seen(running) == ({entry for entry in WANTED if entry != FLAG}, 0x1000 | 0x10000 | TRUSTED_TO_AUTH)


@pytest.mark.parametrize("auth", SCHEMES)
def test_who_may_not_is_told_what_it_takes(
    connect: Connect, running: Site, auth: DirectoryAuthentication
) -> None:
    """The error names object, right and privilege; its LDIF, given to somebody who may, does it."""
    client = connect(auth, "operator")
    change = full(hv1(client))
    with pytest.raises(DirectoryDeniedError) as caught:
        client.change(change)
    reported = str(caught.value)
    dn = running.status["computers"]["hv1"]["dn"]
    assert f"may not change msDS-AllowedToDelegateTo and userAccountControl of {dn}" in reported
    assert "SeEnableDelegationPrivilege" in reported
    assert powershell([change]) in reported
    assert seen(running) == (set(), 0x1000)
    script = reported[reported.index(f"dn: {dn}") : reported.index("or in PowerShell")]
    running.ldap("ldapmodify", "directory_administrator", given=script)
    assert not full(hv1(client))


def test_a_refused_password_is_tried_once(connect: Connect, running: Site) -> None:
    """Several threads that ask count as one wrong password, so that nobody's account is locked."""
    _counting(running, 10)
    client = connect(role="sensitive", password="wrong")
    failed: list[str] = []

    def ask() -> None:
        with pytest.raises(DirectoryLoginError) as caught:
            hv1(client)
        failed.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    counted = running.read("directory_administrator", "(sAMAccountName=sensitive)", "badPwdCount")
    _counting(running, 0)
    assert len(failed) == 4
    assert "wrong" not in " ".join(failed)
    assert "badPwdCount: 1" in counted


def _counting(site: Site, threshold: int) -> None:
    """Samba counts wrong passwords where it would lock accounts alone."""
    lines = (
        f"dn: {site.base}",
        "changetype: modify",
        "replace: lockoutThreshold",
        f"lockoutThreshold: {threshold}",
        "",
    )
    site.ldap("ldapmodify", "directory_administrator", given="\n".join(lines))


def test_a_strange_certificate_ends_it(connect: Connect, another: Site) -> None:
    """A domain controller whose authority is not the one in the stack file gets no password."""
    with pytest.raises(CertificateError, match="is not trusted"):
        hv1(connect(ca=Path(another.status["ca"])))


def test_kerberos_over_tls_is_one_layer_too_many_for_samba(connect: Connect, running: Site) -> None:
    """It insists on sealing and forbids it inside of TLS; the error says which address to write."""
    with pytest.raises(DirectoryLoginError, match=r"write ldap:// in directory\.server"):
        hv1(connect("kerberos", server=running.status["ldaps"]))


def test_nothing_goes_out_in_the_clear(connect: Connect, running: Site) -> None:
    """What passes on port 389 shows neither what is asked nor what is answered, and no password."""
    with Relay(389, "ldap", host=running.status["ldap"].removeprefix("ldap://")) as relay:
        client = connect("kerberos", server=relay.url.removesuffix("/wsman"))
        client.change(full(hv1(client)))
        client.close()
        passed = bytes(relay.sent + relay.answered).lower()
    assert len(passed) > 3000
    for word in (b"dnshostname", b"msds-", b"cifs/", b"useraccount", b"hv1.lab"):
        assert word not in passed
    assert running.account("directory_administrator")["password"].lower().encode() not in passed


def test_a_connection_that_was_cut_is_made_anew(connect: Connect, running: Site) -> None:
    """Domain controllers close idle connections (MaxConnIdleTime): a read does not notice."""
    with Relay(389, "ldap", host=running.status["ldap"].removeprefix("ldap://")) as relay:
        client = connect("kerberos", server=relay.url.removesuffix("/wsman"))
        before = hv1(client)
        relay.cut()
        assert hv1(client) == before
        client.close()


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("hvadmin@LAB.EXAMPLE", (False, False)),
        ("LAB\\sensitive", (True, False)),
        ("protected", (True, True)),
        ("nobody", None),
    ],
)
def test_people(connect: Connect, principal: str, expected: tuple[bool, bool] | None) -> None:
    """Who is never delegated is told by flag and group, however the person is written."""
    person = connect().person(principal)
    assert (person and (person.sensitive, person.protected)) == expected


def test_a_keytab_serves_as_well(connect: Connect, running: Site, tmp_path: Path) -> None:
    """A computer's own keytab logs on, and may read, not write."""
    file = tmp_path / "keytab.yaml"
    file.touch(0o600)
    file.write_text(
        f"username: HV2$@LAB.EXAMPLE\nkeytab: {running.status['computers']['hv2']['keytab']}\n",
        encoding="utf-8",
    )
    spec = DirectorySpec(
        server=running.status["ldap"], credentials=file, kerberos_host=running.status["controller"]
    )
    assert os.environ["KRB5_CONFIG"] == str(running.directory.krb5_conf)
    client = DirectoryClient(spec, clock=SystemClock())
    with pytest.raises(DirectoryDeniedError, match=r"HV2\$@LAB.EXAMPLE may not change"):
        client.change(full(hv1(client)))
    client.close()
    assert connect() is not None


def test_a_domain_controller_is_known_by_its_account(connect: Connect, running: Site) -> None:
    """Of machines' names, in any case; those of members and of nobody are none."""
    controller = running.directory.domain.controller
    assert connect().controllers([controller.upper(), "hv1", "nobody)(x"]) == {controller.upper()}
