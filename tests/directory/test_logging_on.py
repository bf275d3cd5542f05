"""People of the directory log on at hosts by each scheme, by our client and by one that others wrote."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

from hyperv_placement.errors import AuthenticationError, CredentialsError
from hyperv_placement.model.stack import Authentication
from hyperv_placement.winrm.connection_errors import LoginImpossibleError
from lab.world.faults import Fault
from tests.unit.lab.conftest import StillClock, estate, machine
from tools.chaos.relay import Relay

from .conftest import Site
from .hosts import SYSTEM, Hosts, hosts_of

pytestmark = pytest.mark.lab
MATRIX: list[tuple[Authentication, str]] = [
    ("ntlm", "https"), ("ntlm", "http"), ("kerberos", "https"), ("kerberos", "http"), ("credssp", "https"), ("credssp", "http"),
]  # fmt: skip


@pytest.fixture
def hosts(running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Three hosts of the domain, and no ticket of anybody's."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'tickets'}")
    with hosts_of(running, estate(machine("WEB01")), tmp_path / "lab", StillClock()) as one:
        yield one


@pytest.mark.parametrize(("auth", "scheme"), MATRIX)
@pytest.mark.parametrize("role", ["host_administrator", "directory_administrator"])
def test_the_right_password_lets_in(hosts: Hosts, auth: Authentication, scheme: str, role: str) -> None:
    """A small request and a large answer pass, and a second one on the same connection."""
    client = hosts.client(hosts.spec(auth, scheme, hosts.login(role)))
    assert client.get(SYSTEM).text("ElementName") == "HV1"
    assert len(client.query("Msvm_ComputerSystem")) == 2


@pytest.mark.parametrize(("auth", "scheme"), MATRIX)
def test_a_wrong_password_is_said_once(hosts: Hosts, auth: Authentication, scheme: str) -> None:
    """The error is one line without the secret, and the next request does not even dial."""
    file = hosts.login("host_administrator", password="s3cret-but-wrong")
    with Relay(
        hosts.world.hosts["hv1"].port if scheme == "https" else hosts.world.hosts["hv1"].http_port, scheme
    ) as relay:
        client = hosts.client(hosts.spec(auth, scheme, file, url=relay.url))
        said = []
        for _ in range(2):
            with pytest.raises(AuthenticationError, match="hv1 refused the credential of") as caught:
                client.get(SYSTEM)
            assert "\n" not in str(caught.value)
            assert "s3cret" not in f"{caught.value} {caught.value!r} {caught.value.detail}"
            said.append(bytes(relay.sent))
        assert said[0] == said[1]


@pytest.mark.parametrize("auth", ["ntlm", "kerberos", "credssp"])
def test_nothing_can_be_read_on_the_way(hosts: Hosts, auth: Authentication) -> None:
    """Over plain HTTP no byte of a request or an answer names a class."""
    with Relay(hosts.world.hosts["hv1"].http_port, "http") as relay:
        client = hosts.client(hosts.spec(auth, "http", hosts.login("host_administrator"), url=relay.url))
        assert len(client.query("Msvm_ComputerSystem")) == 2
        passed = bytes(relay.sent + relay.answered)
    assert b"multipart/" in passed
    for word in (b"Msvm_", b"<s:Envelope", "Msvm_".encode("utf-16-le")):
        assert word not in passed


def test_a_ticket_that_is_there_is_enough(hosts: Hosts, tmp_path: Path) -> None:
    """With neither password nor keytab the cache that KRB5CCNAME names counts, and the host knows whose it is."""
    account = hosts.site.account("operator")
    assert hosts.site.kinit(account["principal"], account["password"], tmp_path / "tickets").returncode == 0
    client = hosts.client(hosts.spec("kerberos", "http", hosts.secret("none")))
    assert client.get(SYSTEM).text("ElementName") == "HV1"


def test_without_a_ticket_one_line_says_how_to_get_one(hosts: Hosts) -> None:
    """The service that was asked for, and kinit."""
    client = hosts.client(hosts.spec("kerberos", "http", hosts.secret("none")))
    with pytest.raises(LoginImpossibleError, match=r"HTTP/hv1\.lab\.example") as caught:
        client.get(SYSTEM)
    assert "kinit -f" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_keytab_is_as_good_as_a_password(hosts: Hosts, tmp_path: Path) -> None:
    """A keytab with the principal's key logs on; one that others may read is refused before anything is sent."""
    account = hosts.site.account("host_administrator")
    keytab = tmp_path / "hvadmin.keytab"
    entry = f"addent -password -p {account['principal']} -k 1 -e aes256-cts-hmac-sha1-96"
    hosts.site.run("ktutil", given=f"{entry}\n{account['password']}\nwkt {keytab}\nquit\n")
    keytab.chmod(0o600)
    file = hosts.secret("keytab", username=account["principal"], keytab=str(keytab))
    for scheme in ("http", "https"):
        client = hosts.client(hosts.spec("kerberos", scheme, file))
        assert client.get(SYSTEM).text("ElementName") == "HV1"
    keytab.chmod(0o644)
    with pytest.raises(CredentialsError, match="can be read by others"):
        hosts.client(hosts.spec("kerberos", "http", file)).get(SYSTEM)


def test_a_new_ticket_is_taken_when_the_old_login_ends(hosts: Hosts, tmp_path: Path) -> None:
    """A run outlives its ticket: when a host forgets the login, the ticket that somebody has renewed meanwhile counts."""
    client = hosts.client(hosts.spec("kerberos", "http", hosts.secret("none")))
    for role in ("operator", "host_administrator"):
        account = hosts.site.account(role)
        hosts.site.kinit(account["principal"], account["password"], tmp_path / "tickets")
        assert client.get(SYSTEM).text("ElementName") == "HV1"
        hosts.world.faults.add(Fault(id=0, kind="login-lost", left=1, host="hv1"))
    (tmp_path / "tickets").unlink()
    with pytest.raises(LoginImpossibleError, match="kinit -f"):
        client.get(SYSTEM)
