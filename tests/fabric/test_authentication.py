"""Each scheme over TLS and, where it encrypts messages, over HTTP, with the right secret and a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import yaml

from lab import credentials
from lab.wire import certificates
from providers.hyperv.client import Client
from providers.hyperv.logins import Logins
from providers.model.names import HostName
from providers.model.stack import Authentication, Connection, HostSpec
from providers.wsman import EndpointReference, resource_uri
from tests.clocks import FastClock
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.relay import Relay
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
SYSTEM = EndpointReference(
    resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": "HV1"}
)
MATRIX = [
    ("ntlm", "https"), ("ntlm", "http"), ("credssp", "https"), ("credssp", "http"),
    ("basic", "https"), ("certificate", "https"),
]  # fmt: skip


class Site:
    """A lab and clients of it that share what is known of credentials, as those of an estate do."""

    def __init__(self, fabric: Fabric, open_: ExitStack) -> None:
        """Write a file with the right secrets and one with wrong ones."""
        self.fabric, self.logins, self._open = fabric, Logins(), open_
        account = credentials.read(fabric.home)
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
        return HostSpec(name=HostName(host), endpoint=url or own, connection=connection)

    def client(
        self, auth: Authentication, scheme: str, secret: str = "right", host: str = "hv1", url: str = ""
    ) -> Client:
        """Return a client of a host, by way of `url` where one is given."""
        client = Client(self.spec(auth, scheme, secret, host, url), self.logins, FastClock())
        self._open.callback(client.close)
        return client

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
