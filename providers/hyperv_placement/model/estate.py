"""Actual state: what hosts report of themselves and of their virtual machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TypeVar

from . import winpath
from .names import HostName, VmId, folded

Key = TypeVar("Key")


UNKNOWN_CLUSTER = "unknown"
"""Name of a cluster that a host may be in: it did not answer, so it is the same as no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadCluster:
    """Why it is not known whether a machine is clustered."""

    why: str
    remedy: str
    """What would settle it, as the right that the account lacks."""


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
    FLOPPY = "floppy"
    PASS_THROUGH = "pass-through"  # noqa: S105 - a kind of disk


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentFile:
    """A file above a differencing disk that no machine attaches."""

    path: str
    size_bytes: int | None = None
    max_bytes: int | None = None
    """As of a disk."""

    @property
    def counted_bytes(self) -> int:
        """What it is taken to need, as of a disk."""
        return _counted(self.size_bytes, self.max_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """One attached medium or pass-through disk of the running configuration (not of a checkpoint)."""

    slot: str
    """Controller and slot, as `scsi-0-1` or `ide-1-0`: the key of a disk, stable across renames.

    With several SCSI controllers each goes by its own GUID: `scsi-3f2a1b2c-1` (`slots.slot_name`).
    """
    instance_id: str
    """InstanceID of the Msvm_StorageAllocationSettingData row (Msvm_ResourceAllocationSettingData for pass-through)."""
    path: str
    """HostResource[0]: a local or UNC path; for pass-through the WMI path of the Msvm_DiskDrive."""
    kind: DiskKind = DiskKind.VIRTUAL_HARD_DISK
    shared: bool = False
    """PersistentReservationsSupported: a shared VHDX or VHD set."""
    size_bytes: int | None = None
    """Size of the file; read for machines that will move, None elsewhere."""
    max_bytes: int | None = None
    """MaxInternalSize: what its guest may write, so about what the file can grow to; read as the size is."""
    parent_path: str | None = None
    """Parent of a differencing disk; read for machines that will move, None elsewhere."""
    above: tuple[ParentFile, ...] = ()
    """Parents that neither the machine nor its checkpoints attach, the nearest first; read as the parent is."""

    @property
    def removable(self) -> bool:
        """Whether it is a medium that a guest may eject and that no move takes along."""
        return self.kind in {DiskKind.ISO, DiskKind.FLOPPY}

    @property
    def counted_bytes(self) -> int:
        """What its file is taken to need: its size, else the largest that it may have; 0 where neither is known."""
        return _counted(self.size_bytes, self.max_bytes)


def _counted(size: int | None, largest: int | None) -> int:
    return size if size is not None else largest or 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roots:
    """Folders of a virtual machine's files (Msvm_VirtualSystemSettingData). Equal where they are the same folders.

    A host keeps each folder as it was spelled to it, and spells one folder in several ways (openstack/os-win 94046df).
    """

    config: str
    """ConfigurationDataRoot."""
    checkpoints: str
    """SnapshotDataRoot."""
    paging: str
    """SwapFileDataRoot."""
    guest_state: str | None = None
    """GuestStateDataRoot (Windows 10 1709 and later)."""

    def __eq__(self, other: object) -> bool:
        """Compare as Windows paths: case, separators and a trailing backslash do not count."""
        if not isinstance(other, Roots):
            return NotImplemented
        return self._spelled() == other._spelled() or self._comparable() == other._comparable()

    def __hash__(self) -> int:
        """Return a hash that fits."""
        return hash(self._comparable())

    def _spelled(self) -> tuple[str | None, ...]:
        return self.config, self.checkpoints, self.paging, self.guest_state

    def _comparable(self) -> tuple[str | None, ...]:
        return tuple(None if path is None else winpath.comparable(path) for path in self._spelled())


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One Msvm_CompatibilityVector of a machine or a host: a processor's features, or the like."""

    id: int
    """VectorId: 1 processor features, 2 extended state, 3 size of a cache line (Windows-classic-samples, VmMigration)."""
    operation: int
    """CompareOperation, with the machine's value on the left and the host's on the right."""
    value: int
    """CompatibilityInfo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A connected network adapter of a machine: settings of its port that move with it."""

    switch: str
    """ElementName of its switch."""
    vlans: tuple[int, ...] = ()
    """VLAN ids whose frames it takes: one in access mode, those of a trunk, those of a private VLAN; none without tags."""
    sriov: bool = False
    """Whether it wants a virtual function of the physical adapter (IOVOffloadWeight above 0)."""


class SwitchKind(StrEnum):
    """What a virtual switch connects its machines to (win32, "Querying networking objects")."""

    EXTERNAL = "external"
    INTERNAL = "internal"
    PRIVATE = "private"
    WITHIN = "internal or private"
    """It has no physical adapter; whether the host is connected was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualSwitch:
    """How a virtual switch of a host is made. None where a value was not read."""

    name: str
    """ElementName."""
    kind: SwitchKind | None = None
    bandwidth: int | None = None
    """BandwidthReservationMode: 0 default, 1 weight, 2 absolute, 3 none (Msvm_VirtualEthernetSwitchSettingData page)."""
    sriov: bool | None = None
    """IOVPreferred: it gives virtual functions of its physical adapter to machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What a machine has of its host's own, or needs its next host to have."""

    assigned: int = 0
    """PCI Express devices assigned to it (Msvm_PciExpressSettingData)."""
    gpu_partitions: int = 0
    """Msvm_GpuPartitionSettingData."""
    fibre_channel: tuple[str, ...] = ()
    """Virtual SAN behind each Fibre Channel adapter; an empty text where the host reports none."""
    host_drives: tuple[str, ...] = ()
    """Slots of DVD drives that are the host's own."""
    processor_limited: bool | None = None
    """Msvm_ProcessorSettingData.LimitProcessorFeatures: it may move to other processors of its vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualMachine:
    """A realized system, as the host that runs it reports it.

    What only a move asks of it is read for machines that will move; elsewhere it is None, as is what cannot be read.
    """

    id: VmId
    name: str
    """ElementName: a label; two machines may share it."""
    host: HostName
    state: VmState
    enabled_state: int
    """EnabledState as sent, also where `state` is OTHER."""
    memory_mib: int | None = None
    """What it starts with, in MiB, its minimum at least; of a machine with static memory all that it has."""
    memory_assigned_mib: int | None = None
    """What a running machine with dynamic memory has now (Msvm_SummaryInformation.MemoryUsage); None elsewhere."""
    memory_certain: bool = True
    """False where dynamic memory could be more than `memory_mib`: its host does not report how much it has."""
    processors: int | None = None
    """Virtual ones (Msvm_ProcessorSettingData.VirtualQuantity); None where that was not read."""
    numa_nodes: int | None = None
    """How many virtual NUMA nodes its memory is divided among; None where that was not read."""
    roots: Roots
    disks: tuple[Disk, ...] = ()
    operational_status: tuple[int, ...] = (2,)
    """OperationalStatus: the first value by which requests are possible, the second, where present, what goes on (32774 migrating, ...)."""
    health_state: int | None = 5
    """HealthState: 5 is well; None where the host reports none."""
    checkpoints: int = 0
    """How many checkpoints it has (settings rows of type Microsoft:Hyper-V:Snapshot:*)."""
    special_checkpoints: int = 0
    """Those that nobody took as such: of a backup, of a replica, or with files missing (Snapshot:Recovery, ...)."""
    frozen: tuple[Disk, ...] = ()
    """Virtual hard disks of its checkpoints, in the slots of the machine; InstanceIDs start with the checkpoint's GUID."""
    replication_mode: int | None = 0
    """0 none, 1 primary, 2 replica, 3 test replica, 4 extended replica (Msvm_ComputerSystem page); None where none is reported."""
    version: str = ""
    """Configuration version (Msvm_VirtualSystemSettingData.Version)."""
    clustered: bool | None = None
    """Role of a failover cluster; None where it is not known whether the machine is one."""
    cluster_unread: UnreadCluster | None = None
    """Why that is not known."""
    vtpm: bool | None = None
    """Msvm_SecuritySettingData.TpmEnabled."""
    switches: tuple[str, ...] | None = None
    """Name (ElementName) of the switch behind each connected network adapter, in the adapters' order."""
    adapters: tuple[Adapter, ...] | None = None
    """How each of those adapters is connected; None where that was not read."""
    heartbeat_ok: bool | None = None
    """Whether the guest answers, by Msvm_HeartbeatComponent; None where it has none, is paused, or what is reported has no name."""
    devices: Devices | None = None
    vectors: tuple[Vector, ...] | None = None
    """What it needs of a processor (GetSystemCompatibilityVectors)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume of a host (Win32_Volume)."""

    path: str
    r"""Where it is mounted: `D:\`, `C:\ClusterStorage\Volume1\`; for a share its UNC path."""
    capacity_bytes: int
    free_bytes: int


UNREPORTED = -1
"""In place of a number of an enumeration that a host does not report."""


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
    """AuthenticationType: 0 CredSSP, 1 Kerberos; any other value, as UNREPORTED, says nothing."""
    addresses: tuple[str, ...]
    """MigrationServiceListenerIPAddressList; empty means that the host cannot receive."""
    compression: bool = True
    """EnableCompression."""
    smb: bool = False
    """EnableSmbTransport."""


PREPARING = frozenset({300, 301, 302, 303, 304})
"""JobType: creating a remote machine, and checks of machine and storage (win32 page of Msvm_MigrationJob)."""
WITH_STORAGE = frozenset({306, 307})
"""JobType of what moves files: machine and storage, storage alone (the same page)."""


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
    """Roots in NewSystemSettingData (configuration, checkpoints, paging), where the job reports them."""
    new_paths: tuple[str, ...] = ()
    """HostResource values in NewResourceSettingData, where the job reports them."""
    begun: str = ""
    """StartTime: ISO 8601, in UTC; empty where the host reports none."""
    changed: str = ""
    """TimeOfLastStateChange, in the same form: of an ended job its end."""

    @property
    def only_prepares(self) -> bool:
        """Whether it makes a planned system or checks, and moves nothing; an unreported type counts as a move."""
        return self.job_type in PREPARING

    @property
    def moves_storage(self) -> bool:
        """Whether it moves files; without a reported type, a job that has no destination can do nothing else."""
        return self.job_type in WITH_STORAGE or (not self.job_type and self.destination is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """A host at one moment, as its moves see it. None where a value could not be read."""

    full_name: str
    """Full DNS name as the host reports it of itself: what DestinationHost must be, where `own_name` says that it is its own."""
    computer_name: str
    """NetBIOS name, as it reports it."""
    memory_mib: int | None
    memory_free_mib: int | None
    volumes: tuple[Volume, ...] | None
    migration: MigrationSettings
    jobs: tuple[MigrationJob, ...] = ()
    """Migrations under way, without the paths that they report."""
    realized: tuple[VmId, ...] = ()
    """Machines that are here."""
    planned: tuple[VmId, ...] = ()
    """Planned systems (Msvm_PlannedComputerSystem): migrations on their way in, or what is left of them."""
    switches: tuple[str, ...] = ()
    """ElementName of each virtual switch."""
    networks: tuple[VirtualSwitch, ...] | None = None
    """How its switches are made; None where that was not read."""
    vlans: tuple[int, ...] | None = None
    """VLAN ids that any adapter there uses; None where that was not read."""
    numa_spanning: bool | None = None
    """NumaSpanningEnabled: whether a machine may have memory of several NUMA nodes where it needs that of one."""
    numa_free_mib: tuple[int, ...] | None = None
    """MiB that each NUMA node can still give to machines; read where no machine may span them, None elsewhere."""
    cluster: str | None = None
    """Name of its failover cluster, None outside one."""
    cluster_migrations: int | None = None
    """MaximumParallelMigrations of the cluster: its own limit beside the host's; None where it reports none."""
    uuid: str | None = None
    """Of the computer, as its firmware reports it (Win32_ComputerSystemProduct.UUID); None where it reports none."""
    uuid_before: str | None = None
    """What it was in the last run; None where that is not known."""
    build: int | None = None
    """Win32_OperatingSystem.BuildNumber."""
    credential_guard: bool | None = None
    """Whether Credential Guard runs; None where it is not reported, and where nobody logs on by CredSSP."""
    processor: str | None = None
    """Win32_Processor.Manufacturer: `GenuineIntel`, `AuthenticAMD`."""
    processor_model: str | None = None
    """Win32_Processor.Name."""
    processors: int | None = None
    """Logical ones of all its sockets (Win32_Processor.NumberOfLogicalProcessors)."""
    vectors: tuple[Vector, ...] | None = None
    """What its processors offer (GetSystemCompatibilityVectors of the host itself)."""
    versions: tuple[str, ...] | None = None
    """Configuration versions that it takes."""
    fibre_channel: tuple[str, ...] | None = None
    """ElementName of each virtual SAN (Msvm_VirtualFcSwitch)."""
    service: Mapping[str, str] = field(default_factory=dict)
    """Keys of its Msvm_VirtualSystemMigrationService."""
    read_at: float = 0.0
    """When the reading began, in the clock's seconds."""
    proven: tuple[str, ...] | None = None
    """Names that reaching it proved, by its certificate or by a ticket for it; None where that was not recorded."""
    declared: str | None = None
    """Its name by the stack file; a recorded inventory does not carry it."""

    @property
    def replaced(self) -> bool:
        """Whether the host is known to be another computer than in the last run."""
        # Nothing known of one side is no sign of another computer: builds and rights decide whether it is read.
        return self.uuid is not None and self.uuid_before is not None and self.uuid != self.uuid_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host that answered, with what runs on it."""

    name: HostName
    vms: tuple[VirtualMachine, ...] = ()
    jobs: tuple[MigrationJob, ...] = ()
    """Migration jobs that have not ended."""
    recent: tuple[MigrationJob, ...] = ()
    """Migrations that ended well in the last minutes: a host forgets a job five minutes after its end."""
    planned: tuple[VmId, ...] = ()
    """Planned systems, by their settings: migrations on their way in, or what is left of them."""
    facts: HostFacts | None = None
    """Read where something will move; None elsewhere, and where the host fell silent meanwhile."""


class Silence(StrEnum):
    """How it came that nothing is known of a host."""

    SILENT = "silent"
    """It gave no answer."""
    UNREADABLE = "unreadable"
    """It, or its certificate, did not let us in, or its answer could not be read."""
    UNASKED = "unasked"
    """Nothing was sent to it: there is no credential for it, or another host has refused that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachableHost:
    """A host that gave no usable answer: what it runs is unknown."""

    name: HostName
    reason: str
    """One line: the error and its remedy."""
    kind: Silence = Silence.SILENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One sweep of the hosts."""

    hosts: Mapping[HostName, Host] = field(default_factory=dict)
    unreachable: Mapping[HostName, UnreachableHost] = field(default_factory=dict)
    _jobs: Mapping[VmId, tuple[tuple[Host, MigrationJob], ...]] = field(init=False, repr=False, compare=False)
    # Each is filled when it is first asked for, and at once: another thread may look meanwhile.
    _by_id: dict[VmId, tuple[VirtualMachine, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _by_name: dict[str, tuple[VirtualMachine, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _by_share: dict[str, list[tuple[str, str, VirtualMachine, Disk]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        """Index the jobs: those of each of a thousand machines are looked for."""
        jobs: dict[VmId, tuple[tuple[Host, MigrationJob], ...]] = {}
        for host in self.hosts.values():
            for job in host.jobs:
                jobs[job.vm_id] = (*jobs.get(job.vm_id, ()), (host, job))
        object.__setattr__(self, "_jobs", jobs)

    @property
    def complete(self) -> bool:
        """Whether every host answered."""
        return not self.unreachable

    def vms(self) -> Iterator[VirtualMachine]:
        """Yield every virtual machine that was seen, host by host."""
        for host in self.hosts.values():
            yield from host.vms

    def with_id(self, vm: VmId) -> tuple[VirtualMachine, ...]:
        """Return every machine of that GUID: more than one is an error to show."""
        if not self._by_id:
            self._by_id.update(_grouped(self.vms(), lambda each: each.id))
        return self._by_id.get(vm, ())

    def named(self, name: str) -> tuple[VirtualMachine, ...]:
        """Return every machine of that name, compared without case."""
        if not self._by_name:
            self._by_name.update(_grouped(self.vms(), lambda each: folded(each.name)))
        return self._by_name.get(folded(name), ())

    def beyond_servers(self, rest: str) -> Sequence[tuple[str, str, VirtualMachine, Disk]]:
        r"""Return the disks on shares, those of checkpoints included, whose folder and file are named as those of `rest`.

        Each with its server, what follows that, and its machine. All are in comparable form, as of `winpath.server_and_rest`.
        """
        if not self._by_share:
            self._by_share.update(_beyond_servers(self.vms()))
        return self._by_share.get(winpath.last_names(rest), ())

    def job_of(self, vm: VmId) -> tuple[Host, MigrationJob] | None:
        """Return the running migration job of `vm` and the host that runs it, if there is one."""
        return next(self.jobs_of(vm), None)

    def jobs_of(self, vm: VmId, *also: HostName) -> Iterator[tuple[Host, MigrationJob]]:
        """Yield every running migration job of `vm`, also those that prepare or check, and the hosts that run them.

        Where a machine is seen, the hosts that show it speak for it, and those of `also` (where it is wanted): another
        host's job of it says nothing. Of a machine that no host shows nothing is known.
        """
        running = self._jobs.get(vm)
        if running is None:
            return
        # Hosts are believed of their own machines: any other one could hold a machine back by a job of its own making.
        speaking = {each.host for each in self.with_id(vm)} or self.hosts.keys()
        for host, job in running:
            if host.name in speaking or host.name in also:
                yield host, job

    def foreign_jobs(self) -> Iterator[tuple[Host, MigrationJob, VirtualMachine]]:
        """Yield each running job of a machine that its host does not show and another host does, with that machine."""
        for host in self.hosts.values():
            for job in host.jobs:
                seen = self.with_id(job.vm_id)
                if seen and all(vm.host != host.name for vm in seen):
                    yield host, job, seen[0]


def _grouped(
    vms: Iterable[VirtualMachine], key: Callable[[VirtualMachine], Key]
) -> dict[Key, tuple[VirtualMachine, ...]]:
    found: dict[Key, list[VirtualMachine]] = {}
    for vm in vms:
        found.setdefault(key(vm), []).append(vm)
    return {each: tuple(group) for each, group in found.items()}


def _beyond_servers(vms: Iterable[VirtualMachine]) -> dict[str, list[tuple[str, str, VirtualMachine, Disk]]]:
    found: dict[str, list[tuple[str, str, VirtualMachine, Disk]]] = {
        "": []
    }  # no path: it says that this has been made
    for vm in vms:
        for disk in (*vm.disks, *vm.frozen):
            parts = winpath.server_and_rest(disk.path)
            if parts is not None:
                found.setdefault(winpath.last_names(parts[1]), []).append((*parts, vm, disk))
    return found
