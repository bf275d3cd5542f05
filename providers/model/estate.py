"""Actual state: what hosts report of themselves and of their virtual machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from .names import HostName, VmId


class VmState(IntEnum):
    """Msvm_ComputerSystem.EnabledState, the values that rest (win32 page of the class); others are OTHER."""

    OTHER = 1
    RUNNING = 2
    OFF = 3
    SAVED = 6
    PAUSED = 9


class DiskKind(StrEnum):
    """What stands behind a drive."""

    VIRTUAL_HARD_DISK = "vhd"
    ISO = "iso"
    PASS_THROUGH = "pass-through"  # noqa: S105 - a kind of disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """One attached medium or pass-through disk of the running configuration (not of a checkpoint)."""

    slot: str
    """Controller and slot, as `scsi-0-1` or `ide-1-0`: the key of a disk, stable across renames."""
    instance_id: str
    """InstanceID of the Msvm_StorageAllocationSettingData row (Msvm_ResourceAllocationSettingData for pass-through)."""
    path: str
    """HostResource[0]: a local or UNC path; for pass-through the WMI path of the Msvm_DiskDrive."""
    kind: DiskKind = DiskKind.VIRTUAL_HARD_DISK
    shared: bool = False
    """PersistentReservationsSupported: a shared VHDX or VHD set."""
    size_bytes: int | None = None
    """Size of the file; read for machines that will move, None elsewhere."""
    parent_path: str | None = None
    """Parent of a differencing disk; read for machines that will move, None elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """Folders of a virtual machine's files (Msvm_VirtualSystemSettingData)."""

    config: str
    """ConfigurationDataRoot."""
    checkpoints: str
    """SnapshotDataRoot."""
    paging: str
    """SwapFileDataRoot."""
    guest_state: str | None = None
    """GuestStateDataRoot (Windows 10 1709 and later)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualMachine:
    """A realized system, as the host that runs it reports it."""

    id: VmId
    name: str
    """ElementName: a label; two machines may share it."""
    host: HostName
    state: VmState
    enabled_state: int
    """EnabledState as sent, also where `state` is OTHER."""
    memory_mib: int
    """Msvm_MemorySettingData.VirtualQuantity in MiB: what a start needs."""
    roots: Roots
    disks: tuple[Disk, ...] = ()
    operational_status: tuple[int, ...] = (2,)
    """OperationalStatus; the second value, where present, is the activity (32774 migrating, ...)."""
    checkpoints: int = 0
    """How many checkpoints it has (settings rows of type Microsoft:Hyper-V:Snapshot:*)."""
    replication_mode: int = 0
    """0 none, 1 primary, 2 replica, 3 test replica, 4 extended replica (Msvm_ComputerSystem page)."""
    clustered: bool | None = False
    """Role of a failover cluster; None where the host is in a cluster that did not answer."""
    vtpm: bool | None = False
    """Msvm_SecuritySettingData.TpmEnabled; None where it could not be read."""
    switches: tuple[str, ...] = ()
    """Name (ElementName) of the switch behind each connected network adapter, in the adapters' order."""
    heartbeat_ok: bool | None = None
    """Whether Msvm_HeartbeatComponent reports OK; None where the guest has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of a host (Win32_Volume)."""

    path: str
    r"""Where it is mounted: `D:\`, `C:\ClusterStorage\Volume1\`; for a share its UNC path."""
    capacity_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationSettings:
    """How a host takes part in migrations (service and its setting data)."""

    enabled: bool
    """EnableVirtualSystemMigration; storage migration is always enabled."""
    max_live: int
    max_storage: int
    active_live: int
    """ActiveVirtualSystemMigrationCount at the moment of reading."""
    active_storage: int
    authentication: int
    """AuthenticationType: 0 CredSSP, 1 Kerberos."""
    addresses: tuple[str, ...]
    """MigrationServiceListenerIPAddressList; empty means that the host cannot receive."""
    compression: bool = True
    """EnableCompression."""
    smb: bool = False
    """EnableSmbTransport."""


PREPARING = frozenset({300, 301, 302, 303, 304})
"""JobType: creating a remote machine, and checks of machine and storage (win32 page of Msvm_MigrationJob)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationJob:
    """A migration job that has not ended (Msvm_MigrationJob)."""

    id: str
    """InstanceID."""
    vm_id: VmId
    """VirtualSystemName."""
    class_name: str
    resource_uri: str
    destination: str | None
    """DestinationHost as the job states it; None for a storage migration."""
    state: int
    """JobState as sent."""
    percent: int
    owner: str = ""
    job_type: int = 0
    """JobType: 305, 306 and 307 move (machine, both, storage), 300 to 304 prepare or check (Msvm_MigrationJob page)."""
    new_roots: tuple[str, ...] = ()
    """Roots in NewSystemSettingData (configuration, checkpoints, paging), where the job tells them."""
    new_paths: tuple[str, ...] = ()
    """HostResource values in NewResourceSettingData, where the job tells them."""

    @property
    def only_prepares(self) -> bool:
        """Whether it makes a planned system or checks, and moves nothing; a type that is not told is a move."""
        return self.job_type in PREPARING


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host that answered, with what runs on it."""

    name: HostName
    computer_name: str
    """NetBIOS name: Msvm_ComputerSystem.Name of the row that is no virtual machine."""
    full_name: str
    """Full DNS name as the host reports it of itself: what DestinationHost must be."""
    memory_mib: int
    memory_free_mib: int
    volumes: tuple[Volume, ...]
    migration: MigrationSettings
    switches: tuple[str, ...] = ()
    """ElementName of each virtual switch."""
    cluster: str | None = None
    """Name of its failover cluster, None outside one."""
    vms: tuple[VirtualMachine, ...] = ()
    jobs: tuple[MigrationJob, ...] = ()
    """Migration jobs that have not ended."""
    planned: tuple[VmId, ...] = ()
    """Planned systems (Msvm_PlannedComputerSystem) that lie here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachableHost:
    """A host that gave no usable answer: what it runs is unknown."""

    name: HostName
    reason: str
    """One line: the error and its remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One sweep of the hosts."""

    hosts: Mapping[HostName, Host] = field(default_factory=dict)
    unreachable: Mapping[HostName, UnreachableHost] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every host answered."""
        return not self.unreachable

    def vms(self) -> Iterator[VirtualMachine]:
        """Yield every virtual machine that was seen, host by host."""
        for host in self.hosts.values():
            yield from host.vms

    def job_of(self, vm: VmId) -> tuple[Host, MigrationJob] | None:
        """Return the running migration job of `vm` and the host that runs it, if there is one."""
        for host in self.hosts.values():
            for job in host.jobs:
                if job.vm_id == vm:
                    return host, job
        return None
