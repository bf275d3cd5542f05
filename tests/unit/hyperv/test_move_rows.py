"""What only a move asks of a machine, joined from the rows of a dozen classes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hyperv_placement.hyperv.cluster import ClusterView
from hyperv_placement.hyperv.compatibility import vectors_in
from hyperv_placement.hyperv.move_rows import MoveRows, complete
from hyperv_placement.model.estate import Adapter, Devices, Vector, VirtualMachine, VmState
from hyperv_placement.model.memory import needed_mib
from hyperv_placement.wsman import Instance, Value, encode_embedded
from tests.estates import guid, machine

VM, CHECKPOINT, SWITCH, SAN = guid(1), guid(9), guid(77), guid(78)


def row(class_name: str, owner: str, **values: Value) -> Instance:
    """Return a row of a machine's or checkpoint's settings."""
    return Instance(class_name, {"InstanceID": f"Microsoft:{owner}\\x", **values})


def memory(**values: Value) -> Instance:
    """Return the row of a machine with 4 GiB."""
    return row("Msvm_MemorySettingData", VM, **{"VirtualQuantity": 4096, "Reservation": 4096, **values})


def connection(class_name: str, switch: str) -> Instance:
    """Return an adapter's connection, its switch named by the WMI path."""
    return row(class_name, VM, HostResource=(f'\\\\HV1\\root:Msvm_Switch.Name="{switch.lower()}"',))


def named(class_name: str, name: str, title: str) -> Instance:
    """Return a switch."""
    return Instance(class_name, {"Name": name, "ElementName": title})


def rows(**more: object) -> MoveRows:
    """Return what a host tells of one machine, and the rows that a real host mixes in."""
    checkpoint = row("Msvm_MemorySettingData", CHECKPOINT, VirtualQuantity=512)
    values: dict[str, object] = {
        "ports": [
            connection("Msvm_EthernetPortAllocationSettingData", SWITCH),
            row("Msvm_EthernetPortAllocationSettingData", VM),
        ],
        "switches": [named("Msvm_VirtualEthernetSwitch", SWITCH, "external")],
        "heartbeats": [
            Instance("Msvm_HeartbeatComponent", {"SystemName": VM, "OperationalStatus": (2, 32775)})
        ],
        "memory": [memory(), checkpoint, row("Msvm_MemorySettingData", "Definition", VirtualQuantity=1)],
        "summaries": [Instance("Msvm_SummaryInformation", {"Name": VM.lower(), "MemoryUsage": 6000})],
        "security": [row("Msvm_SecuritySettingData", VM, TpmEnabled=True)],
        "processors": [row("Msvm_ProcessorSettingData", VM, LimitProcessorFeatures=True, VirtualQuantity=4)],
        "assigned": [],
        "gpu_partitions": [row("Msvm_GpuPartitionSettingData", "Definition")],
        "fc_ports": [],
        "fc_switches": [named("Msvm_VirtualFcSwitch", SAN, "Fabric A")],
        "dvd_drives": [],
    }
    return MoveRows(**{**values, **more})  # type: ignore[arg-type]


def only(found: MoveRows, cluster: ClusterView | None = None, **vm: Any) -> VirtualMachine:
    """Return VM001 completed by those rows."""
    plain = dataclasses.replace(machine(1, **vm), memory_mib=None, switches=None, devices=None)
    (completed,) = complete([plain], found, cluster or ClusterView())
    return completed


def test_what_protects_a_machine_is_read() -> None:
    """vTPM, switches by name, the heartbeat's first status, no device of the templates."""
    vm = only(rows())
    assert (vm.vtpm, vm.switches, vm.heartbeat_ok) == (True, ("external",), True)
    assert vm.devices == Devices(processor_limited=True)
    assert (vm.processors, only(rows(processors=None)).processors) == (4, None)


@pytest.mark.parametrize(
    ("status", "beats"),
    [
        ((2,), True), ((2, 32782), True), ((3, 32775), True), ((7,), False), ((12,), False), ((13,), False),
        ((15,), None), ((4,), None), ((), None),
    ],
)  # fmt: skip
def test_a_heartbeat_is_read_by_its_class_page(status: tuple[int, ...], beats: bool | None) -> None:
    """Degraded is a guest with an older version of the protocol, and it answers; a paused one says nothing."""
    beat = Instance("Msvm_HeartbeatComponent", {"SystemName": VM, "OperationalStatus": status or None})
    assert only(rows(heartbeats=[beat])).heartbeat_ok is beats


def test_what_may_not_be_read_is_unknown() -> None:
    """No right to see a class is not the same as having nothing of it."""
    assert only(rows(security=None)).vtpm is None
    assert only(rows(security=[])).vtpm is False
    assert only(rows(assigned=None)).devices is None
    assert only(rows(memory=None)).memory_mib is None


def test_a_machine_that_has_left_meanwhile_was_not_read() -> None:
    """Every machine has memory: without a row of it the host shows nothing more, and no adapter is not read as none."""
    left = only(rows(memory=[], ports=[]))
    assert (left.switches, left.devices, left.memory_mib) == (None, None, None)
    assert only(rows(ports=[])).switches == ()


def test_rows_of_a_planned_twin_are_no_further_devices() -> None:
    """A planned system beside its machine has the machine's GUID, and rows of the same InstanceIDs."""
    once = rows()
    twice = rows(ports=[*once.ports, *once.ports], memory=[*(once.memory or ()), *(once.memory or ())])
    assert only(twice) == only(once)
    assert only(once).switches


def test_a_clustered_machine_is_known_by_id_or_resource_name() -> None:
    """A cluster that cannot be read leaves it unknown."""
    assert only(rows(), ClusterView(name="c", machines=frozenset({"vm001"}))).clustered is True
    assert only(rows(), ClusterView(name="c", machines=frozenset({VM}))).clustered is True
    assert only(rows(), ClusterView(name="c")).clustered is False
    assert only(rows(), ClusterView(name="c", readable=False)).clustered is None


def test_devices_of_the_host_are_counted_and_named() -> None:
    """Assigned devices, GPU partitions, virtual SANs by name, DVD drives that are the host's own."""
    drive = Instance(
        "Msvm_ResourceAllocationSettingData",
        {
            "InstanceID": f"Microsoft:{VM}\\{guid(5)}\\0\\1\\D",
            "ResourceSubType": "Microsoft:Hyper-V:Physical DVD Drive",
        },
    )
    empty = drive.replace(ResourceSubType="Microsoft:Hyper-V:Synthetic DVD Drive")
    gpu = row("Msvm_GpuPartitionSettingData", VM)
    vm = only(
        rows(
            assigned=[row("Msvm_PciExpressSettingData", VM)],
            gpu_partitions=[gpu, gpu.replace(InstanceID=f"Microsoft:{VM}\\{guid(6)}")],
            fc_ports=[connection("Msvm_FcPortAllocationSettingData", SAN)],
            dvd_drives=[drive, empty],
            processors=None,
        )
    )
    assert vm.devices == Devices(
        assigned=1, gpu_partitions=2, fibre_channel=("Fabric A",), host_drives=("scsi-0-1",)
    )


DYNAMIC = memory(DynamicMemoryEnabled=True, Reservation=512)


@pytest.mark.parametrize(
    ("setting", "state", "used", "expected"),
    [
        (memory(), VmState.RUNNING, 9999, (4096, True)),
        (DYNAMIC, VmState.RUNNING, 6000, (6000, True)),
        (DYNAMIC, VmState.RUNNING, 1000, (4096, True)),
        (DYNAMIC, VmState.RUNNING, None, (4096, False)),
        (DYNAMIC, VmState.OFF, 0, (0, True)),
        (DYNAMIC.replace(Reservation=5000), VmState.RUNNING, None, (5000, False)),
    ],
)
def test_dynamic_memory_counts_as_what_it_has_now(
    setting: Instance, state: VmState, used: int | None, expected: tuple[int, bool]
) -> None:
    """Never less than what it starts with or is promised; unknown where nobody tells."""
    summary = Instance("Msvm_SummaryInformation", {"Name": VM, "MemoryUsage": used})
    vm = only(rows(memory=[setting], summaries=[summary]), state=state)
    assert (needed_mib(vm), vm.memory_certain) == expected
    assert vm.memory_assigned_mib == (used if setting is DYNAMIC and used else None)


def _feature(class_name: str, port: str, **values: Value) -> Instance:
    return Instance(class_name, {"InstanceID": f"{port}\\FEATURE", **values})


def test_vlan_and_sr_iov_of_a_port_are_those_of_its_adapter() -> None:
    """The settings of a feature go by their port's InstanceID; a port without them has neither, and unread is not none."""
    tagged, plain = f"Microsoft:{VM}\\NIC1\\C", f"Microsoft:{VM}\\NIC10\\C"
    ports = [
        connection("Msvm_EthernetPortAllocationSettingData", SWITCH).replace(InstanceID=each)
        for each in (tagged, plain)
    ]
    more: dict[str, object] = {
        "ports": ports,
        "vlans": [
            _feature(
                "Msvm_EthernetSwitchPortVlanSettingData",
                tagged.replace("NIC1", "nic1"),
                OperationMode=1,
                AccessVlanId=20,
            )
        ],
        "offloads": [
            _feature("Msvm_EthernetSwitchPortOffloadSettingData", tagged, IOVOffloadWeight=0),
            _feature("Msvm_EthernetSwitchPortOffloadSettingData", plain, IOVOffloadWeight=100),
        ],
    }
    assert only(rows(**more)).adapters == (
        Adapter(switch="external", sriov=True),
        Adapter(switch="external", vlans=(20,)),
    )
    assert only(rows(**{**more, "vlans": None})).adapters is None
    assert only(rows(**{**more, "offloads": None})).adapters is None


PROCESSORS = row("Msvm_ProcessorSettingData", VM, VirtualQuantity=8, MaxProcessorsPerNumaNode=16)


@pytest.mark.parametrize(
    ("memory_row", "processors", "nodes"),
    [
        (memory(MaxMemoryBlocksPerNumaNode=4096), PROCESSORS, 1),
        (memory(MaxMemoryBlocksPerNumaNode=2000), PROCESSORS, 3),
        (memory(MaxMemoryBlocksPerNumaNode=4096), PROCESSORS.replace(MaxProcessorsPerNumaNode=4), 2),
        (memory(MaxMemoryBlocksPerNumaNode=2000, DynamicMemoryEnabled=True), PROCESSORS, 1),
        (memory(), PROCESSORS, None),
        (memory(MaxMemoryBlocksPerNumaNode=4096), PROCESSORS.replace(MaxProcessorsPerNumaNode=None), None),
    ],
)
def test_virtual_numa_nodes_are_as_many_as_memory_and_processors_need(
    memory_row: Instance, processors: Instance, nodes: int | None
) -> None:
    """One with dynamic memory; unknown where the settings do not say what one takes."""
    assert only(rows(memory=[memory_row], processors=[processors])).numa_nodes == nodes


VECTOR = Instance(
    "Msvm_CompatibilityVector", {"VectorId": 1, "CompareOperation": 2, "CompatibilityInfo": 2**64 - 1}
)


def test_vectors_are_read_as_texts_and_as_objects() -> None:
    """Nobody has seen in which form they come; one that cannot be read makes all of them unknown."""
    expected = (Vector(id=1, operation=2, value=2**64 - 1),)
    assert vectors_in((encode_embedded(VECTOR),)) == expected
    assert vectors_in(encode_embedded(VECTOR)) == expected
    assert vectors_in((VECTOR,)) == expected
    for broken in (None, (), ("no XML",), (VECTOR, "no XML"), VECTOR.replace(VectorId=None)):
        assert vectors_in(broken) is None
