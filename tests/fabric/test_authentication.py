"""Each scheme over TLS and, where it encrypts messages, over HTTP, with the right secret and a wrong one."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import spnego
import spnego._gss
import yaml

from hyperv_placement.errors import AuthenticationError, MigrationFailedError, ProtocolError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.admission import Admission
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection, HostSpec
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.connection_errors import AnswerLostError, LoginImpossibleError, LoginLostError
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.wsman import EndpointReference, InvokeResponse, resource_uri
from lab.home import certificates, credentials
from lab.wmi.accounts import Accounts
from tests.clocks import FastClock
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.scripted import Reply, Scripted, status
from tests.unit.lab.conftest import estate, machine
from tools.chaos.relay import Relay

pytestmark = pytest.mark.lab
SYSTEM = EndpointReference(
    resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": "HV1"}
)
MATRIX = [
    ("ntlm", "https"), ("ntlm", "http"), ("credssp", "https"),
    ("basic", "https"), ("certificate", "https"),
]  # fmt: skip


class Site:
    """A lab and clients of it that share what is known of credentials, as those of an estate do."""

    def __init__(self, fabric: Fabric, open_: ExitStack) -> None:
        """Write a file with the right secrets and one with wrong ones."""
        self.fabric, self.logins, self._open = fabric, Logins(), open_
        self.heard: Callable[[], None] = lambda: None
        """Called after each answer that a client has heard."""
        account = credentials.read(fabric.home)
        self.accounts = Accounts.of(fabric.world, fabric.home)
        self._write("right", password=account.password, certificate="client.pem", key="client.key")
        certificates.issue_client(
            fabric.home, fabric.home / "stranger.pem", fabric.home / "stranger.key", "stranger@localhost"
        )
        self._write("wrong", password="s3cret-but-wrong", certificate="stranger.pem", key="stranger.key")

    def _write(self, name: str, **entries: str) -> None:
        path = self.fabric.home / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"username": self.fabric.account.username, **entries}), "utf-8")
        path.chmod(0o600)

    def spec(
        self, auth: Authentication, scheme: str, secret: str = "right", host: str = "hv1", url: str = ""
    ) -> HostSpec:
        """Return how a host is reached."""
        connection = Connection(
            auth=auth, credentials=self.fabric.home / f"{secret}.yaml", ca=self.fabric.home / "ca.pem"
        )
        lab_host = self.fabric.world.hosts[host]
        own = lab_host.url if scheme == "https" else lab_host.http_url
        account = None if scheme == "https" else lab_host.full_name  # over http nothing proves it
        return HostSpec(name=HostName(host), endpoint=url or own, connection=connection, account=account)

    def client(
        self, auth: Authentication, scheme: str, secret: str = "right", host: str = "hv1", url: str = ""
    ) -> Client:
        """Return a client of a host, by way of `url` where one is given."""
        client = Client(
            self.spec(auth, scheme, secret, host, url),
            self.logins,
            FastClock(),
            heard=lambda *_: self.heard(),
        )
        self._open.callback(client.close)
        return client

    def dial_all_by(self, auth: Authentication, scheme: str) -> Fabric:
        """Have the lab's own estate log on in another way."""
        self.fabric.estate.close()
        specs = {HostName(host): self.spec(auth, scheme, host=host) for host in self.fabric.world.hosts}
        self.fabric.estate = Estate(specs, clock=self.fabric.clock)
        self.fabric.admission = Admission(self.fabric.estate, clock=self.fabric.clock)
        return self.fabric

    def relay(self, scheme: str, host: str = "hv1") -> Relay:
        """Return a relay before a host's port."""
        lab_host = self.fabric.world.hosts[host]
        port = lab_host.port if scheme == "https" else lab_host.http_port
        return self._open.enter_context(Relay(port, scheme))


@pytest.fixture
def site(make_fabric: Maker) -> Iterator[Site]:
    """Three hosts with a machine."""
    with ExitStack() as open_:
        yield Site(make_fabric(estate(machine("WEB01"))), open_)


@pytest.mark.parametrize(("auth", "scheme"), MATRIX)
def test_the_right_secret_lets_in(site: Site, auth: Authentication, scheme: str) -> None:
    """A small request and a large answer pass, and a second one on the same connection."""
    client = site.client(auth, scheme)
    assert client.get(SYSTEM).text("ElementName") == "HV1"
    assert len(client.query("Msvm_ComputerSystem")) == 2


@pytest.mark.parametrize(("auth", "scheme"), MATRIX)
def test_a_wrong_secret_is_said_once_and_not_tried_again(
    site: Site, auth: Authentication, scheme: str
) -> None:
    """The error is one line without the secret; the next request does not even dial."""
    relay = site.relay(scheme)
    client = site.client(auth, scheme, "wrong", url=relay.url)
    with pytest.raises(AuthenticationError, match="hv1 refused the credential of") as caught:
        client.get(SYSTEM)
    assert "\n" not in str(caught.value)
    assert "s3cret" not in f"{caught.value} {caught.value!r} {caught.value.detail}"
    said = bytes(relay.sent)
    with pytest.raises(AuthenticationError, match="hv1 refused the credential of"):
        client.get(SYSTEM)
    assert said
    assert bytes(relay.sent) == said


@pytest.mark.parametrize(("auth", "scheme"), MATRIX)
def test_a_wrong_secret_is_tried_on_one_host_of_several(
    site: Site, auth: Authentication, scheme: str
) -> None:
    """A sweep of three hosts would lock the account: two are not asked, and the line is the same for all."""
    relays = {host: site.relay(scheme, host) for host in ("hv1", "hv2", "hv3")}
    specs = {
        HostName(host): site.spec(auth, scheme, "wrong", host, relay.url) for host, relay in relays.items()
    }
    estate = Estate(specs, clock=FastClock())
    found = estate.read(Detail.PLACEMENT)
    estate.close()
    assert len(found.unreachable) == 3
    assert len({silent.reason for silent in found.unreachable.values()}) == 1
    assert len([relay for relay in relays.values() if relay.sent]) == 1


def test_credssp_over_http_sends_nothing_to_whom_kerberos_has_not_proven(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is dialled by that name could be anybody, and would get the password: not even a login is begun."""
    nowhere = tmp_path / "krb5.conf"
    nowhere.write_text("[libdefaults]\ndns_lookup_kdc = false\n", encoding="utf-8")
    monkeypatch.setenv("KRB5_CONFIG", str(nowhere))  # a domain that another test has started is not asked
    relay = site.relay("http")
    with pytest.raises(LoginImpossibleError, match=r"only to a host that Kerberos has proven.*https address"):
        site.client("credssp", "http", url=relay.url).get(SYSTEM)
    assert b"POST /wsman" in relay.sent
    assert b"Authorization" not in relay.sent


def test_nobody_on_the_way_can_read_a_message_over_http(site: Site) -> None:
    """Every byte of both directions is kept: neither envelopes nor the password are among them."""
    relay = site.relay("http")
    client = site.client("ntlm", "http", url=relay.url)
    assert len(client.query("Msvm_VirtualSystemSettingData")) > 0
    for kept in (bytes(relay.sent), bytes(relay.answered)):
        assert b"-session-encrypted" in kept
        words = ("Envelope", "Msvm_", "ElementName", "schemas.xmlsoap.org/soap", site.fabric.account.password)
        for word in words:
            assert word.encode() not in kept
            assert word.encode("utf-16-le") not in kept


@pytest.mark.parametrize(("auth", "scheme"), MATRIX[:3])
def test_a_login_that_the_host_forgot_is_made_anew(site: Site, auth: Authentication, scheme: str) -> None:
    """HTTP 401 in mid-session is met by a read, which may be repeated: an order comes after one, and is sent once."""
    client = site.client(auth, scheme)
    client.get(SYSTEM)
    for work in (lambda: client.get(SYSTEM), lambda: order(client)):
        site.fabric.fault("login-lost", host="hv1")
        work()
    assert site.fabric.servers.counts()["hv1"] == {"Get": 3, "MigrateVirtualSystemToHost": 1}


def test_a_host_that_keeps_forgetting_is_an_error(site: Site) -> None:
    """Two times in a row is no accident; the credential is not to blame."""
    client = site.client("ntlm", "http")
    client.get(SYSTEM)
    site.fabric.fault("login-lost", host="hv1", left=2)
    with pytest.raises(LoginLostError, match="hv1 forgot the login"):
        order(client)
    assert client.get(SYSTEM).text("Name") == "HV1"
    assert "MigrateVirtualSystemToHost" not in site.fabric.servers.counts()["hv1"]


@pytest.mark.parametrize(("auth", "scheme"), MATRIX)
def test_a_connection_that_was_cut_in_between_is_made_anew(
    site: Site, auth: Authentication, scheme: str
) -> None:
    """Nothing was under way, so nothing can have been lost: an order, too, is carried out, once."""
    relay = site.relay(scheme)
    client = site.client(auth, scheme, url=relay.url)
    client.get(SYSTEM)
    relay.cut()
    order(client)
    relay.cut()
    client.get(SYSTEM)
    assert site.fabric.servers.counts()["hv1"] == {"Get": 3, "MigrateVirtualSystemToHost": 1}


@pytest.mark.parametrize(("auth", "scheme"), MATRIX)
def test_an_answer_that_was_cut_off_is_asked_for_again_only_where_nothing_changes(
    site: Site, auth: Authentication, scheme: str
) -> None:
    """A read is repeated; an order may have been carried out and is not sent a second time."""
    relay = site.relay(scheme)
    client = site.client(auth, scheme, url=relay.url)
    client.get(SYSTEM)
    relay.cut_before_answer = 1
    client.get(SYSTEM)
    site.heard = lambda: setattr(relay, "cut_before_answer", 1)  # after the read before the order
    with pytest.raises(AnswerLostError):
        order(client)
    assert site.fabric.servers.counts()["hv1"] == {"Get": 4, "MigrateVirtualSystemToHost": 1}


@pytest.mark.parametrize(("auth", "scheme"), MATRIX[:4])
def test_a_login_that_was_cut_short_is_made_anew(site: Site, auth: Authentication, scheme: str) -> None:
    """Nothing but empty requests has left us: an order, too, is carried out, once."""
    relay = site.relay(scheme)
    client = site.client(auth, scheme, url=relay.url)
    relay.cut_before_answer = 1
    order(client)
    assert site.fabric.servers.counts()["hv1"] == {"Get": 1, "MigrateVirtualSystemToHost": 1}


def test_a_login_without_encryption_ends_before_a_message_is_sent(site: Site) -> None:
    """Somebody on the way who strips the flags of sealing from the host's challenge gets no message to read."""
    server = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)

    def challenge(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        with site.accounts.for_ntlm():
            token = server.step(b64decode(handler.headers["Authorization"].split()[1])) or b""
        flags = int.from_bytes(token[20:24], "little") & ~0x30  # NEGOTIATE_SIGN and NEGOTIATE_SEAL
        stripped = token[:20] + flags.to_bytes(4, "little") + token[24:]
        offer(f"Negotiate {b64encode(stripped).decode()}")(handler, b"")

    replies = [offer("Negotiate"), challenge, status(200)]
    with Scripted(site.fabric.home, replies, secure=False) as host:
        client = site.client("ntlm", "http", url=host.url)
        with pytest.raises(LoginImpossibleError, match="without encryption"):
            client.get(SYSTEM)
        assert host.requests == 3
        assert host.bodies == [b"", b"", b""]


def test_an_answer_without_encryption_is_none(site: Site) -> None:
    """Somebody on the way could have written it."""
    plain = b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"
    relay = site.relay("http")
    client = site.client("ntlm", "http", url=relay.url)
    client.get(SYSTEM)
    relay.instead_of_answer = b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n%s" % (len(plain), plain)
    with pytest.raises(ProtocolError, match="without encryption"):
        client.get(SYSTEM)


def test_a_host_that_does_not_offer_the_scheme_is_told_how_to(site: Site) -> None:
    """The remedy is a command; nothing is said against the credential, which other hosts may take."""
    with Scripted(site.fabric.home, [offer('Basic realm="WSMAN"')]) as host:
        with pytest.raises(LoginImpossibleError, match=r"offers Basic.*Enable-WSManCredSSP -Role Server"):
            site.client("credssp", "https", url=host.url).get(SYSTEM)
    assert site.client("credssp", "https").get(SYSTEM).text("Name") == "HV1"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_kerberos_without_its_libraries_is_one_line(
    site: Site, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an optional extra: the line says what to install, on a machine that lacks it or is made to."""
    monkeypatch.setattr(spnego._gss, "HAS_GSSAPI", False)
    with pytest.raises(LoginImpossibleError, match=r"gssapi and krb5.*requirements-kerberos\.txt") as caught:
        site.client("kerberos", scheme).get(SYSTEM)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("auth", ["basic", "certificate"])
def test_local_accounts_move_storage_and_nothing_else(site: Site, auth: Authentication) -> None:
    """Another host takes no credentials of theirs: the job fails as the field report has it."""
    fabric = site.dial_all_by(auth, "https")
    moved = fabric.run(fabric.order("WEB01", config="E:\\C", checkpoints="E:\\S", paging="E:\\P"))
    assert moved.roots.config == "E:\\C"
    with pytest.raises(MigrationFailedError, match="basic and certificate") as caught:
        fabric.run(fabric.order("WEB01", "hv2"))
    assert caught.value.codes == (0x8009030E,)
    job = fabric.world.jobs()[-1]
    assert len(job.errors) == 3
    assert job.owner == "HV1\\administrator"
    assert fabric.lab_vm("WEB01").host == "hv1"


def test_hosts_in_credssp_mode_want_callers_by_credssp(site: Site) -> None:
    """It hands the password over, so that the source can log on at the destination; NTLM does not."""
    for host in site.fabric.world.hosts.values():
        host.authentication = 0
    fabric = site.dial_all_by("ntlm", "http")
    with pytest.raises(MigrationFailedError):
        fabric.run(fabric.order("WEB01", "hv2"))
    fabric = site.dial_all_by("credssp", "https")
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"


def order(client: Client) -> InvokeResponse:
    """Ask for what changes something where it is accepted; here an argument is missing, and it is not."""
    service = EndpointReference(
        resource_uri("Msvm_VirtualSystemMigrationService"),
        {"CreationClassName": "Msvm_VirtualSystemMigrationService"},
    )
    answer = client.invoke(service, "MigrateVirtualSystemToHost", {})
    assert answer.return_value == 32773
    return answer


def offer(text: str) -> Reply:
    """Answer 401 with one offer."""
    return status(401, b"", **{"WWW-Authenticate": text})
