"""What a sweep says of hosts that answer, of those that do not, and how often a password is tried."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest

from hyperv_placement.errors import AuthenticationError
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import DiskKind, Inventory, VmState
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.wsman.catalogue import CANNOT_PROCESS_FILTER
from lab.estate.generated import SHARE
from lab.estate.spec import DiskSpec
from lab.world import LabJob, MigrationRequest, person, vmms
from tests.fabric.conftest import Fabric, Maker, until
from tests.fabric.scripted import Scripted, status
from tests.unit.lab.conftest import AT_THE_HOST, estate, machine

HV1, HV2, HV3 = HostName("hv1"), HostName("hv2"), HostName("hv3")


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine of each sort on hv1, one on hv2."""
    return make_fabric(
        estate(
            machine("WEB01"),
            machine("OFF01", enabled_state=3),
            machine("SNAP01", checkpoints=("before", "after")),
            machine("TPM01", vtpm=True),
            machine("REPL01", replication_mode=1),
            machine("DVD01", disks=(
                DiskSpec(path="D:\\Hyper-V\\DVD01\\os.vhdx"),
                DiskSpec(path="D:\\ISO\\setup.iso", kind="iso"),
                DiskSpec(path="PHYSICALDRIVE1", kind="pass-through"),
                DiskSpec(path="D:\\Hyper-V\\DVD01\\shared.vhdx", shared=True, slot="scsi-1-0"),
            )),
            machine("SHARED01", folder=f"{SHARE}\\SHARED01"),
            machine("LONE01", switches=(None,), heartbeat=False),
            machine("FAR01", "hv2"),
        )
    )  # fmt: skip


@pytest.mark.lab
def test_a_sweep_shows_every_machine_as_its_host_holds_it(fabric: Fabric) -> None:
    """Names, states, memory, roots and disks agree with the lab's own record."""
    seen = {vm.id: vm for vm in fabric.inventory().vms()}
    for vm in fabric.world.vms():
        shown = seen.pop(vm.id)  # type: ignore[call-overload]
        assert (shown.name, shown.host, shown.enabled_state) == (vm.name, vm.host, vm.enabled_state)
        assert shown.memory_mib == vm.memory_mib
        assert shown.roots.config == vm.roots.config
        assert shown.checkpoints == len(vm.checkpoints)
        assert len({disk.slot for disk in shown.disks}) == len(shown.disks)
        assert sorted(disk.kind.value for disk in shown.disks) == sorted(d.kind for d in vm.disks)
    assert not seen


@pytest.mark.lab
def test_what_a_machine_had_that_has_left_since_the_sweep_was_not_read(fabric: Fabric) -> None:
    """A move that somebody began ends between two readings: no adapters, memory or devices are seen, and none is said."""
    swept = fabric.estate.read(Detail.PLACEMENT)
    job = person.move(fabric.world, "WEB01", "hv2")
    until(lambda: not job.running)
    closer = fabric.estate.read({HV1: Detail.MOVE, HV2: Detail.HOST}, swept)
    gone = next(vm for vm in closer.hosts[HV1].vms if vm.name == "WEB01")
    assert (gone.switches, gone.memory_mib, gone.devices) == (None, None, None)
    there = fabric.estate.read_vm(HV2, gone.id)
    assert there is not None
    assert there.switches == ("External",)


@pytest.mark.lab
def test_what_forbids_a_move_is_seen(fabric: Fabric) -> None:
    """Checkpoints, replication, vTPM, shared and pass-through disks, each where it is and nowhere else."""
    vms = {vm.name: vm for vm in fabric.inventory().vms()}
    assert [name for name, vm in vms.items() if vm.checkpoints] == ["SNAP01"]
    assert [name for name, vm in vms.items() if vm.vtpm] == ["TPM01"]
    assert [name for name, vm in vms.items() if vm.replication_mode] == ["REPL01"]
    assert vms["OFF01"].state == VmState.OFF
    disks = {disk.path: disk for disk in vms["DVD01"].disks}
    assert [disk.path for disk in disks.values() if disk.shared] == ["D:\\Hyper-V\\DVD01\\shared.vhdx"]
    assert [disk.kind for disk in disks.values()].count(DiskKind.PASS_THROUGH) == 1
    assert disks["D:\\ISO\\setup.iso"].kind == DiskKind.ISO
    assert vms["LONE01"].switches == ()
    assert vms["WEB01"].switches == ("External",)
    assert (vms["WEB01"].heartbeat_ok, vms["LONE01"].heartbeat_ok) == (True, False)
    assert all(vm.clustered is False for vm in vms.values())


@pytest.mark.lab
def test_a_sweep_is_five_requests_a_host_and_nothing_that_only_moves_ask(fabric: Fabric) -> None:
    """Whatever the number of machines; the rest is unknown until it is read for a move."""
    before = _enumerates(fabric)
    found = fabric.estate.read(Detail.PLACEMENT)
    assert {name: count - before[name] for name, count in _enumerates(fabric).items()} == dict.fromkeys(
        ("hv1", "hv2", "hv3"), 5
    )
    assert all(host.facts is None for host in found.hosts.values())
    vms = list(found.vms())
    assert {(vm.memory_mib, vm.clustered, vm.vtpm, vm.switches, vm.devices) for vm in vms} == {(None,) * 5}


@pytest.mark.lab
def test_what_refuses_queries_is_read_all_the_same(make_fabric: Maker) -> None:
    """A host that takes no WQL at all shows the same machines, class by class."""
    spec = estate(*(machine(f"VM{n}", disks=(DiskSpec(path=f"D:\\{n}.vhdx"),)) for n in range(5)))
    fabric = make_fabric(spec)
    expected = fabric.estate.read(Detail.PLACEMENT)
    refusing = Estate(fabric.specs, clock=fabric.clock)
    fabric.fault("wsman-fault", operation="Enumerate", code=CANNOT_PROCESS_FILTER, host="hv1", left=2)
    try:
        assert refusing.read(Detail.PLACEMENT) == expected
    finally:
        refusing.close()


def _enumerates(fabric: Fabric) -> dict[str, int]:
    return {name: counts.get("Enumerate", 0) for name, counts in fabric.servers.counts().items()}


@pytest.mark.lab
def test_hosts_tell_their_own_names_and_room(fabric: Fabric) -> None:
    """The full name is the host's word, not the address dialled; volumes and memory are the host's."""
    host = fabric.inventory().hosts[HV2].facts
    assert host is not None
    assert host.full_name == "hv2.lab.example"
    assert host.computer_name == "HV2"
    assert host.memory_free_mib == fabric.world.memory_free_mib("hv2")
    assert {volume.path for volume in host.volumes or ()} == {"C:\\", "D:\\", "E:\\"}
    assert host.migration.addresses == tuple(fabric.world.hosts["hv2"].addresses)


@pytest.mark.lab
@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_each_authentication_reads_the_same(fabric: Fabric, auth: str) -> None:
    """Basic and NTLM over TLS are two ways to one answer."""
    vms = {vm.name for vm in _swept({HV1: fabric.spec("hv1", auth=auth)}, fabric).vms()}
    assert vms == {vm.name for vm in fabric.world.vms() if vm.host == "hv1"}


@pytest.mark.lab
def test_a_clustered_machine_is_known_as_one(make_fabric: Maker) -> None:
    """Machines of a cluster's hosts are roles or not; hosts outside have no such namespace."""
    spec = estate(machine("ROLE01", clustered=True), machine("PLAIN01"), machine("OUT01", "hv3"))
    hosts = tuple(
        dataclasses.replace(host, cluster="CL1") if host.name != "hv3" else host for host in spec.hosts
    )
    fabric = make_fabric(dataclasses.replace(spec, hosts=hosts))
    found = fabric.inventory()
    assert {vm.name: vm.clustered for vm in found.vms()} == {"ROLE01": True, "PLAIN01": False, "OUT01": False}
    facts = [found.hosts[name].facts for name in (HV1, HV2, HV3)]
    assert [each.cluster for each in facts if each] == ["CL1", "CL1", None]


@pytest.mark.lab
def test_a_dead_host_is_unreachable_and_delays_nobody(fabric: Fabric) -> None:
    """Its machines are unknown; the reason is one line."""
    fabric.fault("host-down", host="hv2")
    found = fabric.estate.read(Detail.PLACEMENT)
    assert set(found.hosts) == {HV1, HV3}
    assert "\n" not in found.unreachable[HV2].reason
    assert "hv2" in found.unreachable[HV2].reason


@pytest.mark.lab
def test_a_host_that_comes_back_is_read_again(fabric: Fabric) -> None:
    """A dropped connection is no reason to give a host up."""
    fabric.estate.read(Detail.PLACEMENT)
    rule = fabric.fault("host-down", host="hv2")
    assert HV2 in fabric.estate.read(Detail.PLACEMENT).unreachable
    fabric.world.faults.clear(rule)
    assert not fabric.estate.read(Detail.PLACEMENT).unreachable


@pytest.mark.lab
@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_a_wrong_password_is_one_clear_error(fabric: Fabric, auth: str) -> None:
    """Every host that shares the credential gets the same line, which shows no password."""
    found = _swept(_with_password(fabric, "not the password", auth), fabric)
    reasons = {host.reason for host in found.unreachable.values()}
    assert len(found.unreachable) == 3
    assert all("refused" in reason and "not the password" not in reason for reason in reasons)


@pytest.mark.lab
def test_a_refused_credential_is_not_tried_again(fabric: Fabric) -> None:
    """Three hosts and two sweeps, one try: more would lock the account."""
    with Scripted(fabric.home, [status(401)] * 9) as refusing:
        specs = {
            name: dataclasses.replace(spec, endpoint=refusing.url)
            for name, spec in _with_password(fabric, "x", "basic").items()
        }
        estate_ = Estate(specs, clock=fabric.clock)
        try:
            found = [estate_.read(Detail.PLACEMENT) for _ in range(2)]
            with pytest.raises(AuthenticationError):
                estate_.facts(HV2)
        finally:
            estate_.close()
    assert all(len(sweep.unreachable) == 3 for sweep in found)
    assert refusing.logins == 1


@pytest.mark.lab
def test_an_untrusted_certificate_is_refused(fabric: Fabric) -> None:
    """Without the lab's CA nothing is sent, and the remedy names the setting."""
    spec = fabric.spec("hv1")
    bare = dataclasses.replace(spec, connection=dataclasses.replace(spec.connection, ca=None))
    reason = _swept({HV1: bare}, fabric).unreachable[HV1].reason
    assert "connection.ca" in reason
    assert "certificate" in reason


def _with_password(fabric: Fabric, password: str, auth: str) -> dict[HostName, HostSpec]:
    path = fabric.home / "wrong.yaml"
    path.write_text(f"username: '{fabric.account.username}'\npassword: '{password}'\n", encoding="utf-8")
    path.chmod(0o600)
    return {name: fabric.spec(name, auth=auth, file="wrong.yaml") for name in (HV1, HV2, HV3)}


def _swept(hosts: dict[HostName, HostSpec], fabric: Fabric) -> Inventory:
    estate_ = Estate(hosts, clock=fabric.clock)
    try:
        return estate_.read(Detail.PLACEMENT)
    finally:
        estate_.close()


def test_a_job_that_changes_its_state_meanwhile_is_not_lost(make_fabric: Maker) -> None:
    """Jobs are asked for by the state that a first reading showed; one that has gone on since is asked for by its id."""
    fabric = make_fabric(estate(machine("WEB01")))
    fabric.fault("stall", vm="WEB01", after=20)
    vm = fabric.lab_vm("WEB01")
    request = MigrationRequest(
        vm_id=vm.id, type=32771, destination="hv2.lab.example", roots=vm.roots, caller=AT_THE_HOST,
        disks={disk.slot: disk.path for disk in vm.disks},
    )  # fmt: skip
    assert isinstance(vmms.migrate(fabric.world, "hv1", request), LabJob)
    until(lambda: fabric.world.state.jobs[0].percent > 0)
    client = fabric.estate.client(HostName("hv1"))
    (job,) = inventory.read_jobs(client)
    stale = replace(job, state=3)
    (reported,) = inventory.reported_jobs(client, [stale])
    assert (reported.id, reported.state) == (job.id, 4)
    assert reported.destination == "hv2.lab.example"
