"""All rows of one machine by three requests: what an order to move it is checked against and written on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hyperv_placement.errors import ProtocolError, WsmanFaultError
from hyperv_placement.model.estate import DiskKind, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.faults import AbsentFaultError
from hyperv_placement.wsman import EndpointReference, Instance, resource_uri

from .cluster import ClusterView
from .inventory import (
    CONTROLLERS_AND_DRIVES,
    DVD_DRIVE,
    MEDIUM,
    read_dynamic_memory,
    read_fc_switches,
    read_if_allowed,
)
from .move_rows import MoveRows, complete
from .rows import REALIZED, SNAPSHOT, Rows, machines, once_each, owner, status_in

_ALL = "CIM_ResourceAllocationSettingData"
_DISK, _MEMORY, _PROCESSOR = (
    "Msvm_StorageAllocationSettingData", "Msvm_MemorySettingData", "Msvm_ProcessorSettingData",
)  # fmt: skip
_DEVICE, _ADAPTER = "Msvm_ResourceAllocationSettingData", "Msvm_EthernetPortAllocationSettingData"
_PCI, _GPU, _FC_PORT = (
    "Msvm_PciExpressSettingData", "Msvm_GpuPartitionSettingData", "Msvm_FcPortAllocationSettingData",
)  # fmt: skip
_NEEDED = (_DISK, _DEVICE, _ADAPTER)
_IF_ALLOWED = (_PROCESSOR, _PCI, _GPU, _FC_PORT, _MEMORY)
"""Older builds lack some of these; where a host does not let us read one, what it says of a machine counts as not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRows:
    """What one host shows of one machine, each instance whole."""

    host: HostName
    system: Instance
    """Msvm_ComputerSystem, read last: a machine whose settings were read before it was there all the while."""
    settings: Sequence[Instance]
    """Msvm_VirtualSystemSettingData of the machine and of its checkpoints."""
    resources: Sequence[Instance]
    """What is allocated to the machine, and the media of its checkpoints."""
    unread: frozenset[str] = field(default=frozenset())
    """Classes that the host did not let us read."""

    def realized(self) -> Instance:
        """Return the settings of the machine itself. Raises ProtocolError where there are none or several."""
        found = [row for row in self.settings if row.text("VirtualSystemType") == REALIZED]
        if len(found) != 1:
            name = self.system.text("ElementName")
            raise ProtocolError(f"{self.host} shows {len(found)} realized settings of {name}")
        return found[0]

    def media(self) -> Mapping[str, Instance]:
        """Return the rows of disks and other media by InstanceID, case-folded: the machine's and its checkpoints'."""
        return {row.text("InstanceID").casefold(): row for row in once_each(self._of(_DISK))}

    def machine(
        self, client: Client, switches: Sequence[Instance], cluster: ClusterView
    ) -> VirtualMachine | None:
        """Return the machine with all that a move asks of it but for its virtual TPM, its heartbeat, its vectors and its adapters' features.

        Asks for more only where the rows call for it: what dynamic memory takes now, and names of virtual SANs.
        """
        placed = Rows(
            systems=[self.system],
            settings=self.settings,
            disks=self._of(_DISK, MEDIUM),
            devices=self._of(_DEVICE, *CONTROLLERS_AND_DRIVES),
        )
        found = machines(placed, self.host)
        memory, ports = self._if_read(_MEMORY), self._if_read(_FC_PORT)
        dynamic = any(row.flag("DynamicMemoryEnabled") for row in memory or ())
        rows = MoveRows(
            memory=memory,
            summaries=read_dynamic_memory(client, self.system.text("Name")) if dynamic else (),
            ports=self._of(_ADAPTER),
            switches=switches,
            heartbeats=(),
            processors=self._if_read(_PROCESSOR),
            assigned=self._if_read(_PCI),
            gpu_partitions=self._if_read(_GPU),
            fc_ports=ports,
            fc_switches=read_fc_switches(client) if ports else (),
            dvd_drives=self._of(_DEVICE, DVD_DRIVE),
        )
        return next(iter(complete(found, rows, cluster)), None)

    def _if_read(self, class_name: str) -> list[Instance] | None:
        return None if class_name in self.unread else self._of(class_name)

    def _of(self, class_name: str, *types: int) -> list[Instance]:
        rows = (row for row in self.resources if row.class_name == class_name)
        return [row for row in rows if not types or row.number("ResourceType") in types]


def system_reference(vm: str) -> EndpointReference:
    """Return the reference of a virtual machine; both keys are needed (r4sd/go-wsman)."""
    return EndpointReference(
        resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": vm}
    )


def read_status(client: Client, vm: str) -> tuple[int, ...] | None:
    """Read OperationalStatus of a machine: one request; None where the host does not have it. Raises PlacementError."""
    try:
        return status_in(client.get(system_reference(vm)))
    except AbsentFaultError:
        return None


def read_machine_rows(client: Client, known: VirtualMachine) -> MachineRows | None:
    """Read one machine, None where the host does not have it. `known`: as the host has shown it before."""
    # A planned system beside the machine has its GUID too, and settings of its own: `realized` tells them apart.
    settings = client.query("Msvm_VirtualSystemSettingData", where={"VirtualSystemIdentifier": known.id})
    checkpoints = [row for row in settings if row.text("VirtualSystemType").startswith(SNAPSHOT)]
    resources, unread = _resources(client, known, [guid for row in checkpoints if (guid := owner(row))])
    try:
        system = client.get(system_reference(known.id))
    except AbsentFaultError:
        return None
    found = MachineRows(
        host=client.host.name, system=system, settings=settings, resources=resources, unread=unread
    )
    return found if any(row.text("VirtualSystemType") == REALIZED for row in settings) else None


def _resources(
    client: Client, known: VirtualMachine, checkpoints: list[str]
) -> tuple[list[Instance], frozenset[str]]:
    """Read everything that is allocated to a machine: one query of the common superclass, which yields all its subclasses.

    Returns the classes, too, that the host did not let us read. That hosts of all builds answer the one query whole over
    WS-Management is unverified. Where it fails, or shows nothing of a class of which the machine has something, each
    class is asked by itself, as a sweep does it.
    """
    # Rows of a checkpoint's media start with the GUID of the checkpoint, not of the machine (r4sd/go-wsman).
    like = {"InstanceID": tuple(f"Microsoft:{guid}" for guid in (known.id, *checkpoints))}
    try:
        rows = client.query(_ALL, like=like)
    except WsmanFaultError as error:
        if error.retryable:
            raise
        rows = []
    if {row.class_name for row in rows if owner(row) == known.id}.issuperset(_classes_of(known)):
        return rows, frozenset()
    rows = [row for class_name in _NEEDED for row in client.query(class_name, like=like)]
    unread = set()
    for class_name in _IF_ALLOWED:
        found = read_if_allowed(client, class_name, like=like)
        rows += found or ()
        if found is None:
            unread.add(class_name)
    return rows, frozenset(unread)


def _classes_of(vm: VirtualMachine) -> Iterator[str]:
    """Yield the classes of which a machine has rows: memory and a processor each, and what it was seen to have."""
    yield _MEMORY
    yield _PROCESSOR
    if vm.disks:
        yield _DEVICE  # the drives
    if any(disk.kind != DiskKind.PASS_THROUGH for disk in vm.disks):
        yield _DISK
    if vm.switches:
        yield _ADAPTER
    if vm.devices is not None and vm.devices.assigned:
        yield _PCI
    if vm.devices is not None and vm.devices.gpu_partitions:
        yield _GPU
    if vm.devices is not None and vm.devices.fibre_channel:
        yield _FC_PORT
