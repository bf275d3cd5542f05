"""All hosts of a stack: swept in parallel, each answering, or failing, for itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.errors import CredentialsError, HostUnreachableError, PlacementError
from hyperv_placement.model.estate import (
    UNKNOWN_CLUSTER,
    Disk,
    Host,
    HostFacts,
    Inventory,
    Silence,
    UnreachableHost,
    VirtualMachine,
)
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.winrm.bounds import BOUNDS, Bounds
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.connection_errors import NotTriedError
from hyperv_placement.winrm.credentials import check_logins
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.winrm.sessions import Heard
from hyperv_placement.wsman import Instance

from . import host_facts, images, inventory
from .compatibility import read_vectors
from .host_facts import HostNames, Traits
from .templates import read_template

Result = TypeVar("Result")
WORKERS = 64
"""Hosts read at once."""


def unreachable(host: HostName, error: PlacementError) -> UnreachableHost:
    """Return a host that could not be read, by the error of its reading."""
    kind = Silence.UNREADABLE
    if isinstance(error, (CredentialsError, NotTriedError)):
        kind = Silence.UNASKED
    elif isinstance(error, HostUnreachableError):
        kind = Silence.SILENT
    return UnreachableHost(name=host, reason=str(error), kind=kind)


class Estate:
    """The hosts of one stack. Any number of threads may use it."""

    def __init__(
        self,
        hosts: Mapping[HostName, HostSpec],
        *,
        clock: Clock,
        heard: Heard | None = None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """Connect to nothing yet. `heard`: told of each request and its answer.

        Raises PolicyError where the operator's policy forbids a login.
        """
        check_logins({name: spec.connection for name, spec in hosts.items()})
        self.clock = clock
        self.specs = dict(hosts)
        logins = Logins()
        self._names: dict[HostName, HostNames] = {}
        self._traits: dict[HostName, Traits] = {}
        self._expected: Mapping[HostName, str] = {}
        self._templates: dict[tuple[HostName, int], Instance] = {}
        self._bounds = bounds
        self._clients = {
            name: Client(spec, logins, clock, heard=heard, bounds=bounds) for name, spec in hosts.items()
        }

    def expect(self, computers: Mapping[HostName, str]) -> None:
        """Hold hosts against the UUIDs that their computers had in the last run, from now on."""
        self._expected = dict(computers)

    def client(self, host: HostName) -> Client:
        """Return the client of a host."""
        return self._clients[host]

    def host(self, name: HostName) -> Host:
        """Read where the machines of one host are. Raises PlacementError."""
        client = self._clients[name]
        with client.budget.reading():
            return inventory.read_host(client)

    def sweep(self) -> Inventory:
        """Read in parallel where the machines of every host are.

        What only a move asks is not read. A host that fails is in `unreachable`, with its reason in one line.
        """
        hosts: dict[HostName, Host] = {}
        silent: dict[HostName, UnreachableHost] = {}
        read = self._each(self._clients, self.host)
        for name, result in read.items():
            if isinstance(result, PlacementError):
                silent[name] = unreachable(name, result)
            else:
                hosts[name] = result
        return Inventory(hosts=hosts, unreachable=silent)

    def whole(self) -> Inventory:
        """Read in parallel all that any move could ask of any host or machine: calls for every disk and machine.

        A host that fails at any of it is in `unreachable`: half of it would pass for all.
        """
        found = self.sweep()
        read = self._each(found.hosts, lambda name: self._wholly(found.hosts[name]))
        hosts = {name: host for name, host in read.items() if isinstance(host, Host)}
        failed = {
            name: unreachable(name, error)
            for name, error in read.items()
            if isinstance(error, PlacementError)
        }
        return Inventory(hosts=hosts, unreachable={**found.unreachable, **failed})

    def _wholly(self, host: Host) -> Host:
        with self._clients[host.name].budget.within(self._bounds.whole_seconds):
            return self._with_all(host)

    def _with_all(self, host: Host) -> Host:
        closer = self.host_closely(host, machines=True)
        if closer.facts is None:
            return closer
        facts = closer.facts
        vms = tuple(self.with_vectors(self.with_details(vm), facts) for vm in closer.vms)
        return replace(closer, vms=vms)

    def closely(
        self, found: Inventory, sources: Collection[HostName], hosts: Iterable[HostName]
    ) -> Inventory:
        """Return `found` with what moves ask of these hosts, and of the machines of `sources`, read now.

        A host that has fallen silent meanwhile stays as it is.
        """
        wanted = [name for name in dict.fromkeys((*sources, *hosts)) if name in found.hosts]
        read = self._each(wanted, lambda name: self.host_closely(found.hosts[name], machines=name in sources))
        closer = {name: host for name, host in read.items() if isinstance(host, Host)}
        return replace(found, hosts={**found.hosts, **closer})

    def host_closely(self, host: Host, *, machines: bool) -> Host:
        """Return a host with what moves ask of it, and of its machines (a query for each class), read now."""
        client = self._clients[host.name]
        with client.budget.reading():
            facts = self.facts(host.name)
            if not machines:
                return replace(host, facts=facts)
            vms = inventory.read_closely(client, host.vms, facts.computer_name)
            return replace(host, facts=facts, vms=tuple(vms))

    def _each(
        self, names: Iterable[HostName], read: Callable[[HostName], Result]
    ) -> dict[HostName, Result | PlacementError]:
        def one(name: HostName) -> Result | PlacementError:
            try:
                return read(name)
            except PlacementError as error:
                return error

        hosts = list(names)
        with ThreadPoolExecutor(min(WORKERS, max(1, len(hosts)))) as pool:
            return dict(zip(hosts, pool.map(one, hosts), strict=True))

    def names(self, host: HostName) -> HostNames:
        """Return what a host calls itself; read once."""
        if host not in self._names:
            self._names[host] = host_facts.read_names(self._clients[host])
        return self._names[host]

    def all_names(self, hosts: Iterable[HostName]) -> dict[HostName, HostNames]:
        """Return in parallel what hosts call themselves; one that does not answer is missing."""
        read = self._each(hosts, self.names)
        return {host: names for host, names in read.items() if isinstance(names, HostNames)}

    def builds(self, hosts: Iterable[HostName]) -> dict[HostName, int | None]:
        """Return in parallel the builds of hosts, None where one does not tell; one that does not answer is missing."""
        read = self._each(hosts, lambda host: host_facts.read_build(self._clients[host]))
        return {host: build for host, build in read.items() if not isinstance(build, PlacementError)}

    def uuids(self, hosts: Iterable[HostName]) -> dict[HostName, str]:
        """Return in parallel the UUIDs of hosts' computers; one that tells none, or does not answer, is missing."""
        read = self._each(hosts, lambda host: host_facts.read_uuid(self._clients[host]))
        return {host: uuid for host, uuid in read.items() if isinstance(uuid, str)}

    def template(self, host: HostName, kind: int) -> Instance:
        """Return a host's settings for a migration of `kind`, to be filled in; read once."""
        if (host, kind) not in self._templates:
            self._templates[host, kind] = read_template(self._clients[host], kind)
        return self._templates[host, kind]

    def facts(self, host: HostName) -> HostFacts:
        """Read what decides whether a move may start on `host` now."""
        now, client = self.clock.now(), self._clients[host]
        facts = host_facts.read_facts(client, self.names(host), now)
        traits = self._traits.get(host) or host_facts.read_traits(client, facts)
        if traits.cluster != UNKNOWN_CLUSTER:  # else it is asked again
            self._traits[host] = traits
        facts = host_facts.with_traits(facts, traits)
        return replace(facts, uuid_before=self._expected.get(host))

    def vm(self, host: HostName, vm: VmId) -> VirtualMachine | None:
        """Read one machine on `host`, None where the host does not have it."""
        return inventory.read_vm(self._clients[host], vm)

    def whereabouts(self, vm: VmId) -> tuple[list[VirtualMachine], list[HostName]]:
        """Ask every host for a machine, in parallel; return it as each one shows it that has it, and who did not answer."""
        read = self._each(self._clients, lambda name: self.vm(name, vm))
        found = [seen for seen in read.values() if isinstance(seen, VirtualMachine)]
        return found, [name for name, seen in read.items() if isinstance(seen, PlacementError)]

    def vm_closely(self, host: HostName, vm: VmId) -> VirtualMachine | None:
        """Read one machine on `host` with all that a move asks of it, None where the host does not have it."""
        return inventory.read_vm_closely(self._clients[host], vm, self.names(host).computer_name)

    def with_details(self, vm: VirtualMachine) -> VirtualMachine:
        """Return `vm` with size and parent of its disks."""
        return images.with_details(self._clients[vm.host], vm)

    def with_vectors(self, vm: VirtualMachine, facts: HostFacts) -> VirtualMachine:
        """Return `vm` with what it needs of a processor; `facts`: of its host."""
        service = host_facts.service_reference(facts.service)
        return replace(vm, vectors=read_vectors(self._clients[vm.host], service, vm.id))

    def disk(self, host: HostName, path: str) -> Disk:
        """Read size and parent of a virtual hard disk by its path."""
        return images.read_disk(self._clients[host], path)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()
