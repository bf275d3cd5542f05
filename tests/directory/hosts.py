"""Hosts of the lab that ask a directory, and clients that reach them by each scheme."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection, HostSpec
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.wsman import EndpointReference, resource_uri
from lab.directory.second_hop import KerberosSecondHop
from lab.directory.users import users_of
from lab.estate.building import build
from lab.estate.spec import EstateSpec
from lab.home import certificates, credentials
from lab.server import serve
from lab.world import World
from lab.world.clock import LabClock
from tests.clocks import FastClock

from .conftest import Site

SYSTEM = EndpointReference(
    resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": "HV1"}
)


class Hosts:
    """A world whose hosts are members of a running directory's domain."""

    def __init__(self, site: Site, world: World, home: Path, open_: ExitStack) -> None:
        """Wrap hosts that listen."""
        self.site, self.world, self.home, self._open = site, world, home, open_
        self.logins = Logins()

    def secret(self, name: str, **entries: str) -> Path:
        """Write a credentials file."""
        path = self.home / f"{name}.yaml"
        path.write_text(yaml.safe_dump(entries), encoding="utf-8")
        path.chmod(0o600)
        return path

    def login(self, role: str, **more: str) -> Path:
        """Write the credentials file of an account: user name and password."""
        account = self.site.account(role)
        return self.secret(
            role, **{"username": account["principal"], "password": account["password"], **more}
        )

    def spec(
        self,
        auth: Authentication,
        scheme: str,
        file: Path | None,
        host: str = "hv1",
        url: str = "",
        **more: Any,
    ) -> HostSpec:
        """Return how a host is reached."""
        lab_host = self.world.hosts[host]
        connection = Connection(
            auth=auth, credentials=file, ca=self.home / "ca.pem", kerberos_host=lab_host.full_name, **more
        )
        own = lab_host.url if scheme == "https" else lab_host.http_url
        account = None if scheme == "https" or auth == "kerberos" else lab_host.full_name
        return HostSpec(name=HostName(host), endpoint=url or own, connection=connection, account=account)

    def log(self, event: str) -> list[dict[str, Any]]:
        """Return the entries of one kind in the lab's log."""
        path = self.home / "lab.log"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [entry for line in lines if (entry := json.loads(line)).get("event") == event]

    def client(self, spec: HostSpec) -> Client:
        """Return a client of a host."""
        client = Client(spec, self.logins, FastClock())
        self._open.callback(client.close)
        return client


@contextmanager
def hosts_of(
    site: Site, spec: EstateSpec, home: Path, clock: LabClock, *, ticket_cache: float = 0
) -> Iterator[Hosts]:
    """Run hosts in this process that ask the directory of `site`, and keep its answers for `ticket_cache` seconds."""
    world = build(spec, home, clock, ports={host.name: 0 for host in spec.hosts})
    world.settings.ticket_cache = ticket_cache
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
    users = users_of(site.directory)
    servers = serve(world, home, users=users)
    world.second_hop = KerberosSecondHop(users, world)
    servers.start()
    try:
        with ExitStack() as open_:
            yield Hosts(site, world, home, open_)
    finally:
        servers.stop()
