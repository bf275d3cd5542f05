"""All hosts of a stack: swept in parallel, each answering, or failing, for itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.errors import (
    AuthorityFileError,
    CredentialsError,
    HostUnreachableError,
    PlacementError,
)
from hyperv_placement.hyperv.read_machine import MachineRows, read_machine_rows, read_status
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
from hyperv_placement.model.running_job import RunningJob
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.tracing import span
from hyperv_placement.winrm.bounds import BOUNDS, Bounds
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.connection_errors import NotTriedError
from hyperv_placement.winrm.credentials import check_logins
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.winrm.sessions import Heard
from hyperv_placement.winrm.together import Soon, together
from hyperv_placement.wsman import Instance

from . import host_facts, images, inventory
from .cluster import ClusterView, read_cluster
from .compatibility import read_vectors
from .detail import Detail
from .host_facts import Traits
from .host_names import HostNames, read_names
from .lacking import read_build
from .running_jobs import read_running
from .templates import read_template

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
WORKERS = 64
"""Hosts read at once."""
SETTLED_MAX_AGE_S = 60.0
"""For so long the limits, networks and switches that an administrator sets for a host are taken to stay as they were read.
The host itself holds each order against them; what this process sets there, `forget` has read anew."""


def unreachable(host: HostName, error: PlacementError) -> UnreachableHost:
    """Return a host that could not be read, by the error of its reading."""
    kind = Silence.UNREADABLE
    if isinstance(error, (AuthorityFileError, CredentialsError, NotTriedError)):
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
        """Connect to nothing yet. `heard` is called with each request and its answer.

        Raises PolicyError where the operator's policy forbids a login.
        """
        check_logins({name: spec.connection for name, spec in hosts.items()})
        self.clock = clock
        self.specs = dict(hosts)
        logins = Logins()
        self._names: dict[HostName, HostNames] = {}
        self._traits: dict[HostName, Traits] = {}
        self._expected: Mapping[HostName, str] = {}
        self._read: dict[HostName, HostFacts] = {}
        """The last whole reading of each host."""
        self._switches: dict[HostName, list[Instance]] = {}
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

    def read(self, detail: Detail | Mapping[HostName, Detail], found: Inventory | None = None) -> Inventory:
        """Read hosts in parallel: all in the same detail, or each that is named in its own.

        `found`: a sweep that is at hand; without one the hosts are swept first. A host that does not answer the sweep is
        in `unreachable`, with its reason in one line, and so is one that could not be read in full where Detail.FULL is asked: a part
        would be taken for the whole. One that falls silent after the sweep stays as the sweep showed it.
        """
        found = found or self._swept()
        wanted = detail if isinstance(detail, Mapping) else dict.fromkeys(found.hosts, detail)
        closer = [name for name in wanted if name in found.hosts and wanted[name] > Detail.PLACEMENT]
        hosts, silent = dict(found.hosts), dict(found.unreachable)
        for name, result in self._each(
            closer, lambda name: self.read_host(name, wanted[name], found.hosts[name])
        ).items():
            if isinstance(result, Host):
                hosts[name] = result
            elif wanted[name] == Detail.FULL:
                silent[name] = unreachable(name, result)
                del hosts[name]
        return Inventory(hosts=hosts, unreachable=silent)

    def _swept(self) -> Inventory:
        hosts: dict[HostName, Host] = {}
        silent: dict[HostName, UnreachableHost] = {}
        with span("sweep", hosts=sorted(self._clients)) as note:
            read = self._each(self._clients, lambda name: self.read_host(name, Detail.PLACEMENT))
            note(
                silent=sorted(name for name, each in read.items() if isinstance(each, PlacementError)),
                machines=sum(len(each.vms) for each in read.values() if isinstance(each, Host)),
            )
        for name, result in read.items():
            if isinstance(result, PlacementError):
                _log.info("%s was not read: %s", name, result.message)
                silent[name] = unreachable(name, result)
            else:
                hosts[name] = result
        return Inventory(hosts=hosts, unreachable=silent)

    def read_host(
        self, name: HostName, detail: Detail, found: Host | None = None, facts: HostFacts | None = None
    ) -> Host:
        """Read one host. `found`: where its machines are, read before; `facts`: of the host, read just before. Raises PlacementError."""
        client = self._clients[name]
        if detail == Detail.FULL:
            # Not one reading: it asks for each disk and each machine, and takes as long as there are many.
            with client.budget.within(self._bounds.whole_seconds):
                return self._with_each_machine(self.read_host(name, Detail.MOVE, found))
        with client.budget.reading():
            host = found or inventory.read_host(client)
            if detail == Detail.PLACEMENT:
                return host
            facts = facts or self.facts(name)
            if detail == Detail.HOST:
                return replace(host, facts=facts)
            vms = inventory.read_for_moves(client, host.vms, facts.computer_name, self._switches[name])
            return replace(host, facts=facts, vms=tuple(vms))

    def _with_each_machine(self, host: Host) -> Host:
        facts = host.facts
        if facts is None:
            return host
        vms = tuple(self.with_vectors(self.with_details(vm), facts) for vm in host.vms)
        return replace(host, vms=vms)

    def _each(
        self, names: Iterable[HostName], read: Callable[[HostName], Result]
    ) -> dict[HostName, Result | PlacementError]:
        def one(name: HostName) -> Result | PlacementError:
            try:
                return read(name)
            # An error is an answer here: one silent host must not end the reading of all others.
            except PlacementError as error:
                return error

        hosts = list(names)
        with ThreadPoolExecutor(min(WORKERS, max(1, len(hosts)))) as pool:
            return dict(zip(hosts, pool.map(one, hosts), strict=True))

    def names(self, host: HostName) -> HostNames:
        """Return what a host calls itself; read once."""
        if host not in self._names:
            self._names[host] = read_names(self._clients[host])
        return self._names[host]

    def all_names(self, hosts: Iterable[HostName]) -> dict[HostName, HostNames]:
        """Return in parallel what hosts call themselves; one that does not answer is missing."""
        read = self._each(hosts, self.names)
        return {host: names for host, names in read.items() if isinstance(names, HostNames)}

    def builds(self, hosts: Iterable[HostName]) -> dict[HostName, int | None]:
        """Return in parallel the builds of hosts, None where one does not report it; a host that does not answer is missing."""
        read = self._each(hosts, lambda host: read_build(self._clients[host]))
        return {host: build for host, build in read.items() if not isinstance(build, PlacementError)}

    def uuids(self, hosts: Iterable[HostName]) -> dict[HostName, str]:
        """Return in parallel the UUIDs of hosts' computers; a host that reports none, or does not answer, is missing."""
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
        facts, traits, self._switches[host] = host_facts.read_facts(
            client, self.names(host), self._traits.get(host), now
        )
        if traits.cluster != UNKNOWN_CLUSTER:  # else it is asked again
            self._traits[host] = traits
        facts = replace(facts, uuid_before=self._expected.get(host))
        self._read[host] = facts
        return facts

    def room(self, host: HostName, *, arriving: bool) -> HostFacts:
        """Read what decides now whether one more move may start that leaves `host`, or arrives there.

        What an administrator sets is as it was read within the last minute. Of a host that is only left, memory, volumes
        and systems are no younger than that, and say nothing of whether a machine could come there.
        """
        # The time is taken before the host is asked: what starts while it answers counts on top of what it reports.
        now, before = self.clock.now(), self._read.get(host)
        if before is None or now - before.read_at > SETTLED_MAX_AGE_S:
            return self.facts(host)
        return host_facts.read_room(self._clients[host], before, now, arriving=arriving)

    def known(self, host: HostName, *, max_age: float) -> HostFacts | None:
        """Return the last whole reading of a host, None where it is older than `max_age` seconds."""
        before = self._read.get(host)
        return before if before is not None and self.clock.now() - before.read_at <= max_age else None

    def forget(self, host: HostName) -> None:
        """Read all of a host anew when it is asked for next: its settings were changed."""
        self._read.pop(host, None)

    def together(self, *hosts: HostName) -> AbstractContextManager[Soon]:
        """Return what takes readings of hosts that do not depend on each other: side by side where one of them is slow."""
        clients = [self._clients[host] for host in hosts]
        return together(lambda: any(client.slow for client in clients), len(clients))

    def read_vm(self, host: HostName, vm: VmId) -> VirtualMachine | None:
        """Read one machine on `host` with what a move must leave as it was; None where the host does not have it."""
        return inventory.read_vm(self._clients[host], vm)

    def read_for_order(
        self, host: HostName, known: VirtualMachine, cluster: str | None
    ) -> tuple[MachineRows, VirtualMachine] | None:
        """Read one machine right before it is moved: its rows, and what they show but for TPM, heartbeat, vectors and adapters.

        None where the host does not have it. `known`: as the host has shown it before. `cluster`: of the host; outside a
        cluster no machine is clustered.
        """
        client = self._clients[host]
        rows = read_machine_rows(client, known)
        if rows is None:
            return None
        view = ClusterView() if cluster is None else read_cluster(client, self.names(host).computer_name)
        if host not in self._switches:
            self._switches[host] = inventory.read_switches(client)
        found = rows.machine(client, self._switches[host], view)
        return None if found is None else (rows, found)

    def status(self, vm: VirtualMachine) -> tuple[int, ...] | None:
        """Read OperationalStatus of a machine on its host; None where the host does not have it any more."""
        return read_status(self._clients[vm.host], vm.id)

    def running(
        self, hosts: Iterable[HostName] | None = None
    ) -> dict[HostName, tuple[RunningJob, ...] | PlacementError]:
        """Read in parallel the migrations that run on hosts, on all of them by default; of one that does not answer its error.

        Where each leads to is a name as its job has it.
        """
        names = self._clients if hosts is None else hosts
        return self._each(names, lambda name: read_running(self._clients[name]))

    def has_virtual_tpm(self, vm: VirtualMachine) -> bool | None:
        """Say whether a machine has a virtual TPM now; None where its host does not let us see it."""
        return inventory.read_virtual_tpm(self._clients[vm.host], vm.id)

    def whereabouts(self, vm: VmId) -> tuple[list[VirtualMachine], list[HostName]]:
        """Ask every host for a machine, in parallel; return it as each one shows it that has it, and who did not answer."""
        read = self._each(self._clients, lambda name: self.read_vm(name, vm))
        found = [seen for seen in read.values() if isinstance(seen, VirtualMachine)]
        return found, [name for name, seen in read.items() if isinstance(seen, PlacementError)]

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
