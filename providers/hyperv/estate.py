"""All hosts of a stack: swept in parallel, each answering, or failing, for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from providers.clock import Clock
from providers.errors import PlacementError
from providers.model.estate import Disk, Host, Inventory, UnreachableHost, VirtualMachine
from providers.model.names import HostName, VmId
from providers.model.plan import MigrationType
from providers.model.stack import HostSpec
from providers.wsman import Instance

from . import inventory, orders
from .client import Client
from .inventory import HostFacts, HostNames
from .logins import Logins

Result = TypeVar("Result")
WORKERS = 64
"""Hosts read at once."""


class Estate:
    """The hosts of one stack. Any number of threads may use it."""

    def __init__(self, hosts: Mapping[HostName, HostSpec], *, clock: Clock) -> None:
        """Connect to nothing yet."""
        self.clock = clock
        self.specs = dict(hosts)
        logins = Logins()
        self._names: dict[HostName, HostNames] = {}
        self._templates: dict[tuple[HostName, MigrationType], Instance] = {}
        self._clients = {name: Client(spec, logins, clock) for name, spec in hosts.items()}

    def client(self, host: HostName) -> Client:
        """Return the client of a host."""
        return self._clients[host]

    def sweep(self) -> Inventory:
        """Read every host in parallel. A host that fails is in `unreachable`, with its reason in one line."""
        hosts: dict[HostName, Host] = {}
        silent: dict[HostName, UnreachableHost] = {}
        for name, result in self._each(self._host).items():
            if isinstance(result, PlacementError):
                silent[name] = UnreachableHost(name=name, reason=str(result))
            else:
                hosts[name] = result
        return Inventory(hosts=hosts, unreachable=silent)

    def _host(self, name: HostName) -> Host:
        return inventory.read_host(self._clients[name], self.names(name), self.clock.now())

    def _each(self, read: Callable[[HostName], Result]) -> dict[HostName, Result | PlacementError]:
        def one(name: HostName) -> Result | PlacementError:
            try:
                return read(name)
            except PlacementError as error:
                return error

        with ThreadPoolExecutor(min(WORKERS, max(1, len(self._clients)))) as pool:
            return dict(zip(self._clients, pool.map(one, self._clients), strict=True))

    def names(self, host: HostName) -> HostNames:
        """Return what a host calls itself; read once."""
        if host not in self._names:
            self._names[host] = inventory.read_names(self._clients[host])
        return self._names[host]

    def template(self, host: HostName, kind: MigrationType) -> Instance:
        """Return a host's settings for a migration of `kind`, to be filled in; read once."""
        if (host, kind) not in self._templates:
            self._templates[host, kind] = orders.read_template(self._clients[host], kind)
        return self._templates[host, kind]

    def facts(self, host: HostName) -> HostFacts:
        """Read what decides whether a move may start on `host` now."""
        return inventory.read_facts(self._clients[host], self.names(host), self.clock.now())

    def vm(self, host: HostName, vm: VmId) -> VirtualMachine | None:
        """Read one machine on `host`, None where the host does not have it."""
        return inventory.read_vm(self._clients[host], vm)

    def with_details(self, vm: VirtualMachine) -> VirtualMachine:
        """Return `vm` with size and parent of its disks."""
        return inventory.with_details(self._clients[vm.host], vm)

    def disk(self, host: HostName, path: str) -> Disk:
        """Read size and parent of a virtual hard disk by its path."""
        return inventory.read_disk(self._clients[host], path)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()
