"""One machine right before its order: three requests show what a reading of its host shows class by class."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.last_reading import read_last
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.wsman import Request, catalogue, decode_request
from lab.estate.building import build
from lab.estate.spec import DiskSpec, EstateSpec
from lab.home import certificates, credentials
from lab.server.servers import Servers, Site
from lab.service.answering import Reply, Service
from lab.wmi.accounts import Accounts, Caller
from lab.world import RunningClock, World
from lab.world.objects import ISO
from tests.clocks import FastClock
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
HV1, HV2 = HostName("hv1"), HostName("hv2")
SPEC = estate(
    machine("PLAIN"),
    machine("OFF", enabled_state=3, vtpm=True),
    machine("DYNAMIC", memory_minimum_mib=512, memory_maximum_mib=8192, memory_now_mib=3000),
    machine("CHECKPOINTS", checkpoints=("one", "two")),
    machine("DEVICES", assigned_devices=1, gpu_partitions=1, fibre_channel=("SAN",), processor_limited=True),
    machine("BARE", switches=("Corp", None), heartbeat=False, generation=1),
    machine("MEDIA", disks=(DiskSpec(path="D:\\a.vhdx"), DiskSpec(path="D:\\b.iso", kind=ISO), DiskSpec(path="D:\\c.vhdx", shared=True))),
    machine("THERE", host="hv2"),
    switches=("External", "Corp"),
    fibre_channel=("SAN",),
)  # fmt: skip


class WithoutSuperclasses(Service):
    """A host that answers no query of a superclass: of a class that it does not know."""

    def answer(self, content: bytes, caller: Caller, machine: str) -> Reply:
        """Answer as the lab does, but for those."""
        return super().answer(content.replace(b"FROM CIM_", b"FROM Unknown_"), caller, machine)


class OfSubclasses(Service):
    """A host that answers a query of a superclass with nothing, as if it looked at no subclass."""

    def answer(self, content: bytes, caller: Caller, machine: str) -> Reply:
        """Answer as the lab does, but for those."""
        return super().answer(_narrowed(content), caller, machine)


class OfSomeSubclasses(Service):
    """A host that leaves switches, planned systems and network adapters out of its answer to a query of a superclass."""

    def answer(self, content: bytes, caller: Caller, machine: str) -> Reply:
        """Answer as the lab does, but for those."""
        systems = b"CreationClassName = 'Msvm_ComputerSystem'"
        return super().answer(_narrowed(content, systems, b"ResourceType &lt;&gt; 33"), caller, machine)


class FailingSuperclasses(Service):
    """A host that fails at queries of a superclass, as where the provider of one of its subclasses does."""

    def answer(self, content: bytes, caller: Caller, machine: str) -> Reply:
        """Answer as the lab does, but for those."""
        if b"FROM CIM_" not in content:
            return super().answer(content, caller, machine)
        return self._reply(
            catalogue.internal_error(machine, 0x80041001, ""), decode_request(content).header.message_id
        )


class FailingAtFibreChannel(FailingSuperclasses):
    """One whose provider of virtual Fibre Channel fails."""

    def answer(self, content: bytes, caller: Caller, machine: str) -> Reply:
        """Answer as the lab does, but for those."""
        return super().answer(content.replace(b"FROM Msvm_FcPort", b"FROM CIM_FcPort"), caller, machine)


def _narrowed(
    content: bytes, systems: bytes = b"Name = 'none'", resources: bytes = b"InstanceID = 'none'"
) -> bytes:
    for name, condition in (
        (b"CIM_ComputerSystem", systems),
        (b"CIM_ResourceAllocationSettingData", resources),
    ):
        if b"FROM " + name in content:
            joint = b" AND " if b"FROM " + name + b" WHERE" in content else b" WHERE "
            content = content.replace(b"</w:Filter>", joint + condition + b"</w:Filter>")
    return content


@contextmanager
def served(
    home: Path, spec: EstateSpec, service: type[Service]
) -> Iterator[tuple[World, Estate, list[Request]]]:
    """Serve an estate by services of this kind; with what reads it, and what it has asked."""
    clock, asked = RunningClock(), list[Request]()
    world = build(spec, home, clock, ports={host.name: 0 for host in spec.hosts})
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
    accounts = Accounts.of(world, home)
    made = [service(world, host, accounts, now=FastClock().now) for host in world.hosts.values()]
    servers = Servers([Site.of(each, home) for each in made])
    servers.start()
    connection = Connection(auth="ntlm", credentials=home / credentials.FILE, ca=home / "ca.pem")
    specs = {
        HostName(name): HostSpec(name=HostName(name), endpoint=host.url, connection=connection)
        for name, host in world.hosts.items()
    }
    read = Estate(specs, clock=FastClock(), heard=lambda request, _: asked.append(request))
    try:
        yield world, read, asked
    finally:
        read.close()
        servers.stop()


def without_what_is_set_while_off(vm: VirtualMachine) -> VirtualMachine:
    """Return a machine without what the last reading leaves to others."""
    return replace(vm, vtpm=None, heartbeat_ok=None, vectors=None, adapters=None)


@pytest.mark.parametrize("service", [Service, WithoutSuperclasses, OfSubclasses, FailingSuperclasses])
def test_a_machine_is_the_same_by_all_its_rows_at_once_and_class_by_class(
    tmp_path: Path, service: type[Service]
) -> None:
    """Also where a host does not answer the one query that asks for all: then each class is asked by itself."""
    with served(tmp_path / "lab", SPEC, service) as (_, read, asked):
        found = read.read({HV1: Detail.MOVE, HV2: Detail.HOST}).hosts
        seen = {vm.name: vm for vm in found[HV1].vms}
        assert len(seen) == 7
        assert seen["DYNAMIC"].memory_mib == 4096
        for vm in seen.values():
            begun = len(asked)
            rows, again = read.read_for_order(HV1, vm, None) or (None, None)
            assert again == without_what_is_set_while_off(vm)
            assert rows is not None
            assert {disk.instance_id.casefold() for disk in (*vm.disks, *vm.frozen)} <= rows.media().keys()
            more = {"DYNAMIC": 1, "DEVICES": 1}.get(vm.name, 0)
            assert (len(asked) - begun == 3 + more) is (service is Service)
        (elsewhere,) = found[HV2].vms
        assert read.read_for_order(HV1, elsewhere, None) is None
        facts = found[HV2].facts
        assert facts is not None
        assert replace(read.room(HV2, arriving=True), read_at=0.0) == replace(facts, read_at=0.0)


def test_what_a_superclass_leaves_out_and_was_there_before_is_asked_by_its_class(tmp_path: Path) -> None:
    """Else a machine would seem to have no adapters, and its destination no switches."""
    with served(tmp_path / "lab", SPEC, OfSomeSubclasses) as (_, read, _):
        found = read.read({HV1: Detail.MOVE, HV2: Detail.HOST}).hosts
        for vm in found[HV1].vms:
            _, again = read.read_for_order(HV1, vm, None) or (None, None)
            assert again == without_what_is_set_while_off(vm)
        room, facts = read.room(HV2, arriving=True), found[HV2].facts
        assert facts is not None
        assert facts.switches
        assert room.switches == facts.switches


def test_devices_that_cannot_be_read_count_as_not_read_before_an_order_too(tmp_path: Path) -> None:
    """The plan warns of it, and the order is given: one class that fails does not hold up all moves of its host."""
    with served(tmp_path / "lab", SPEC, FailingAtFibreChannel) as (_, read, _):
        for vm in read.read({HV1: Detail.MOVE}).hosts[HV1].vms:
            assert vm.devices is None
            _, again = read.read_for_order(HV1, vm, None) or (None, None)
            assert again == without_what_is_set_while_off(vm)


@pytest.mark.parametrize(("minutes", "vtpm"), [(10, True), (20, False)])
def test_what_is_set_while_off_is_read_again_of_a_machine_that_has_not_run_for_long(
    tmp_path: Path, minutes: int, vtpm: bool
) -> None:
    """Two hosts may take five minutes each to be read: what they showed of a machine may be of the time before its start."""
    with served(tmp_path / "lab", SPEC, Service) as (world, read, _):
        hosts = read.read({HV1: Detail.MOVE, HV2: Detail.HOST}).hosts
        plain = next(vm for vm in hosts[HV1].vms if vm.name == "PLAIN")
        move = order(plain, Placement(host=HV2), hosts[HV1], hosts[HV2])
        assert move is not None
        restarted = next(vm for vm in world.vms() if vm.name == "PLAIN")
        restarted.vtpm, restarted.up_since = True, world.clock.now() - timedelta(minutes=minutes)
        assert read_last(read, move, read.facts(HV1), known_s=0.0).vm.vtpm is vtpm


def test_a_host_that_joins_a_cluster_is_seen_in_it(tmp_path: Path) -> None:
    """A run may wait for hours: what became a role of the cluster meanwhile is no longer ours to move."""
    with served(tmp_path / "lab", SPEC, Service) as (world, read, _):
        assert read.facts(HV1).cluster is None
        world.hosts[HV1].cluster = "CL1"
        read.clock.wait(61)
        assert read.room(HV1, arriving=False).cluster == "CL1"


def test_a_host_that_is_only_left_is_asked_for_its_service_alone(tmp_path: Path) -> None:
    """And all of it again after its settings were changed, or when a minute has passed."""
    with served(tmp_path / "lab", SPEC, Service) as (_, read, asked):
        whole = read.facts(HV1)
        counts: list[int] = []

        def room(**given: Any) -> None:
            begun = len(asked)
            found = read.room(HV1, **{"arriving": False, **given})
            assert replace(found, read_at=0.0) == replace(whole, read_at=0.0)
            counts.append(len(asked) - begun)

        room()
        room(arriving=True)
        read.forget(HV1)
        room()
        room()
        read.clock.wait(61)
        room()
        assert counts == [1, 4, 9, 1, 9]
