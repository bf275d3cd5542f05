"""Rows that only a move asks for, joined to the machines that a sweep has found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hyperv_placement.model.estate import Adapter, Devices, VirtualMachine
from hyperv_placement.model.memory import in_memory
from hyperv_placement.model.names import VmId
from hyperv_placement.model.slots import ONLY, place_of, slot_name
from hyperv_placement.wsman import Instance

from .cluster import ClusterView
from .rows import group
from .vlans import vlan_ids

_BEATS = {2: True, 3: True, 7: False, 12: False, 13: False}
"""Msvm_HeartbeatComponent.OperationalStatus[0] (win32 page of the class): OK, and Degraded, which works by an older version of
the protocol; then Non-Recoverable Error, No Contact, Lost Communication. Of a paused machine (15) it says nothing."""
_GUID_IN_PATH = re.compile(r'Name="?([0-9A-Fa-f-]{36})')
_HOST_DRIVE = "Microsoft:Hyper-V:Physical DVD Drive"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRows:
    """What was read of machines, class by class; None: not read, or the host did not let us."""

    ports: Iterable[Instance]
    switches: Iterable[Instance]
    heartbeats: Iterable[Instance]
    memory: Iterable[Instance] | None = None
    summaries: Iterable[Instance] | None = None
    security: Iterable[Instance] | None = None
    processors: Iterable[Instance] | None = None
    assigned: Iterable[Instance] | None = None
    gpu_partitions: Iterable[Instance] | None = None
    fc_ports: Iterable[Instance] | None = None
    fc_switches: Iterable[Instance] | None = None
    dvd_drives: Iterable[Instance] | None = None
    vlans: Iterable[Instance] | None = None
    """Msvm_EthernetSwitchPortVlanSettingData; a port without a row has no VLAN (defaults on its page)."""
    offloads: Iterable[Instance] | None = None
    """Msvm_EthernetSwitchPortOffloadSettingData; a port without a row has no SR-IOV (the same)."""


def complete(vms: Iterable[VirtualMachine], rows: MoveRows, cluster: ClusterView) -> list[VirtualMachine]:
    """Return the machines with what the rows show of them."""
    found = list(vms)
    joined = _Joined(rows)
    cluster = cluster.beside(vm.name for vm in found)
    return [joined.completed(vm, cluster) for vm in found]


class _Joined:
    """The rows by the GUID of the machine that their InstanceID starts with."""

    def __init__(self, rows: MoveRows) -> None:
        self.memory = _grouped(rows.memory)
        self.used = {row.text("Name").upper(): row.number("MemoryUsage") for row in rows.summaries or ()}
        self.security = _grouped(rows.security)
        self.ports = group(rows.ports)
        self.heartbeats = {row.text("SystemName").upper(): row for row in rows.heartbeats}
        self.switches = _names(rows.switches)
        self.processors = _grouped(rows.processors)
        self.assigned = _grouped(rows.assigned)
        self.gpu_partitions = _grouped(rows.gpu_partitions)
        self.fc_ports = _grouped(rows.fc_ports)
        self.sans = _names(rows.fc_switches or ())
        self.dvd_drives = _grouped(rows.dvd_drives)
        self.vlans = _grouped(rows.vlans)
        self.offloads = _grouped(rows.offloads)

    def completed(self, vm: VirtualMachine, cluster: ClusterView) -> VirtualMachine:
        if self.memory is not None and vm.id not in self.memory:
            return vm  # it has left the host since the sweep: its rows were not read, which does not mean that it has none
        memory, assigned, certain = self._memory(vm)
        vtpm = (
            None
            if self.security is None
            else any(row.flag("TpmEnabled") for row in self.security.get(vm.id, ()))
        )
        beat = self.heartbeats.get(vm.id)
        return replace(
            vm,
            memory_mib=memory,
            memory_assigned_mib=assigned,
            memory_certain=certain,
            processors=self._processors(vm.id),
            numa_nodes=self._numa_nodes(vm.id),
            clustered=(clustered := cluster.holds(vm.id, vm.name)),
            cluster_unread=cluster.unread if clustered is None else None,
            vtpm=vtpm,
            switches=self._switches(vm.id),
            adapters=self._adapters(vm.id),
            heartbeat_ok=None if beat is None else beats(beat),
            devices=self._devices(vm),
        )

    def _memory(self, vm: VirtualMachine) -> tuple[int | None, int | None, bool]:
        """Return what the machine starts with, what dynamic memory has given it now, and whether that is all.

        Static memory is VirtualQuantity. With dynamic memory a running machine has what Msvm_SummaryInformation shows; without
        a summary it may have more than it started with.
        """
        rows = None if self.memory is None else self.memory.get(vm.id)
        if not rows:
            return None, None, False
        # Without dynamic memory Reservation equals VirtualQuantity (r4sd/terraform-provider-hyperv).
        least = sum(
            max(
                row.number("VirtualQuantity") or 0,
                (row.number("Reservation") or 0) if row.flag("DynamicMemoryEnabled") else 0,
            )
            for row in rows
        )
        if not in_memory(vm) or not any(row.flag("DynamicMemoryEnabled") for row in rows):
            return least, None, True
        used = self.used.get(vm.id)
        return least, used or None, bool(used)

    def _processors(self, vm: VmId) -> int | None:
        """Return how many virtual processors a machine has, None where its settings do not show it."""
        counts = [row.number("VirtualQuantity") for row in (self.processors or {}).get(vm, ())]
        return sum(count or 0 for count in counts) or None

    def _numa_nodes(self, vm: VmId) -> int | None:
        """Return how many virtual NUMA nodes a machine has, None where its settings do not show it.

        With dynamic memory one ("Hyper-V Virtual NUMA Overview"); else as many as its memory and its processors need, by the
        most that one node takes (MaxMemoryBlocksPerNumaNode, MaxProcessorsPerNumaNode: pages of the settings).
        """
        memory, processors = (self.memory or {}).get(vm), (self.processors or {}).get(vm)
        if not memory or not processors:
            return None
        if any(row.flag("DynamicMemoryEnabled") for row in memory):
            return 1
        of_memory = _nodes(memory, "MaxMemoryBlocksPerNumaNode")
        of_processors = _nodes(processors, "MaxProcessorsPerNumaNode")
        return None if of_memory is None or of_processors is None else max(of_memory, of_processors)

    def _connected(self, vm: VmId) -> Iterator[tuple[Instance, str]]:
        """Yield the ports of connected adapters, each with the name of its switch."""
        # The order of rows promises nothing, and what is compared with the plan must not change by it.
        for port in sorted(self.ports.get(vm, ()), key=lambda row: row.text("InstanceID")):
            # HostResource names the switch by GUID; that of an adapter that is not connected is empty.
            guid = _guid_of(port)
            name = "" if guid is None else self.switches.get(guid) or port.text("LastKnownSwitchName")
            if name:
                yield port, name

    def _switches(self, vm: VmId) -> tuple[str, ...]:
        return tuple(name for _, name in self._connected(vm))

    def _adapters(self, vm: VmId) -> tuple[Adapter, ...] | None:
        if self.vlans is None or self.offloads is None:
            return None
        return tuple(
            Adapter(
                switch=name,
                vlans=tuple(sorted(vlan_ids(_features(port, self.vlans.get(vm, ()))))),
                sriov=any(
                    row.number("IOVOffloadWeight") for row in _features(port, self.offloads.get(vm, ()))
                ),
            )
            for port, name in self._connected(vm)
        )

    def _devices(self, machine: VirtualMachine) -> Devices | None:
        vm = machine.id
        groups = (self.assigned, self.gpu_partitions, self.fc_ports, self.dvd_drives)
        if any(rows is None for rows in groups):
            return None
        assigned, partitions, ports, drives = ((rows or {}).get(vm, []) for rows in groups)
        processor = (self.processors or {}).get(vm)
        return Devices(
            assigned=len(assigned),
            gpu_partitions=len(partitions),
            fibre_channel=tuple(sorted(self.sans.get(_guid_of(port) or "", "") for port in ports)),
            host_drives=tuple(_host_drives(drives, machine)),
            processor_limited=any(row.flag("LimitProcessorFeatures") for row in processor)
            if processor
            else None,
        )


def beats(component: Instance) -> bool | None:
    """Say whether a guest answers, by its row of Msvm_HeartbeatComponent; None where the row does not show it."""
    status = next(iter(component.many("OperationalStatus")), None)
    return _BEATS.get(int(status)) if status is not None else None


def _host_drives(drives: list[Instance], vm: VirtualMachine) -> Iterator[str]:
    """Yield the slots of drives that are the host's own. That a SCSI controller is the only one shows in the slots of disks alone."""
    single = any(disk.slot.startswith(f"scsi-{ONLY}-") for disk in vm.disks)
    for row in drives:
        place = place_of(row.text("InstanceID"))
        if place is not None and row.text("ResourceSubType") == _HOST_DRIVE:
            yield slot_name(place, () if single else ("",))


def _features(port: Instance, rows: Iterable[Instance]) -> list[Instance]:
    """Return the settings of one port's features: their InstanceIDs start with the port's own (os-win wmiutils)."""
    prefix = port.text("InstanceID").casefold() + "\\"
    return [row for row in rows if row.text("InstanceID").casefold().startswith(prefix)]


def _nodes(rows: Iterable[Instance], most: str) -> int | None:
    """Return how many virtual NUMA nodes these settings need, by the property for the most that one takes; None without it."""
    needed = [(row.number("VirtualQuantity") or 0, row.number(most) or 0) for row in rows]
    return None if any(not most for _, most in needed) else max(-(-size // most) for size, most in needed)


def _grouped(rows: Iterable[Instance] | None) -> Mapping[str, list[Instance]] | None:
    return None if rows is None else group(rows)


def _names(rows: Iterable[Instance]) -> Mapping[str, str]:
    return {row.text("Name").upper(): row.text("ElementName") for row in rows}


def _guid_of(port: Instance) -> str | None:
    """Return the GUID of the switch that a connection's HostResource names."""
    path = next((str(item) for item in port.many("HostResource") if item), "")
    guid = _GUID_IN_PATH.search(path)
    return None if guid is None else guid.group(1).upper()
