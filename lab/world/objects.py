"""What the simulated world is made of: hosts, volumes, shares, virtual machines, disks and checkpoints."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network

from .builds import DEFAULT_BUILD
from .limits import WinrmLimits

RUNNING, OFF, SAVED, PAUSED = 2, 3, 6, 9  # Msvm_ComputerSystem.EnabledState
STOPPING, STARTING, SAVING, PAUSING, RESUMING = 4, 10, 32773, 32776, 32777
"""EnabledState between two others (r4sd/go-wsman hyperv/types.go; page of RequestStateChange)."""
UP = frozenset({RUNNING, PAUSED, STOPPING, SAVING, PAUSING, RESUMING})
"""States in which a machine has its memory: not yet while it starts, when its job holds that."""
PREPARING, CHECKING = (
    32780,
    32781,
)  # preparing a planned machine, checking it (FailoverClusters module's enum)
MIGRATING = 32774  # OperationalStatus[1]: migrating virtual machine (Msvm_ComputerSystem page)
STORAGE_COPY, STORAGE_SWITCH = (
    32778,
    32779,
)  # storage migration phase 1 and 2 (FailoverClusters module's enum)

EXTERNAL, INTERNAL, PRIVATE = "external", "internal", "private"
"""What a switch is connected to: a physical adapter, the host alone, machines alone."""
VHD, ISO, PASS_THROUGH, DVD, FLOPPY = "vhd", "iso", "pass-through", "dvd", "floppy"
FILELESS = frozenset({PASS_THROUGH, DVD})
"""Drives without a file: a disk of the host, a DVD drive that is empty or is the host's own."""
IDE_CONTROLLER_ID = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"  # the same on every machine (os-win vmutils)
FLOPPY_CONTROLLER_ID = (
    "8F0D2762-0B00-4E04-AF4F-19010527CB93"  # the same (published rows of Msvm_DisketteDrive)
)
COM_PORTS = 2
"""Serial ports that every machine has."""


@dataclass(slots=True, kw_only=True)
class LabVolume:
    """A volume of one host; `used_bytes` is what lies there beside the files of virtual machines."""

    path: str
    r"""Where it is mounted: `D:\` or, in a cluster, `C:\ClusterStorage\Volume1\`."""
    capacity_bytes: int
    used_bytes: int = 0
    label: str = ""
    cluster: str | None = None
    """Name of the failover cluster whose hosts share it; None for a local volume."""
    filled_bytes: int = 0
    """What a fault of the lab has filled."""
    id: str = ""
    r"""GUID in its name `\\?\Volume{GUID}\`; empty: made of its host and path."""


@dataclass(slots=True, kw_only=True)
class LabShare:
    r"""An SMB share (`\\sofs.lab.example\vms`) that the named hosts really share."""

    path: str
    capacity_bytes: int
    hosts: list[str]
    """Labels of the hosts that may open it."""
    used_bytes: int = 0
    filled_bytes: int = 0
    aliases: list[str] = field(default_factory=list)
    r"""Other names of it: of its server (`\\sofs\vms`), or folders of a DFS namespace (`\\lab.example\dfs\vms`)."""


@dataclass(slots=True, kw_only=True)
class LabEvent:
    """An entry of a host's log Hyper-V-VMMS-Admin."""

    record: int
    id: int
    time: datetime
    vm: str
    """GUID of the machine."""
    text: str


@dataclass(slots=True, kw_only=True)
class LabSwitch:
    """A virtual Ethernet switch of a host."""

    id: str
    name: str
    extension_id: str = ""
    """GUID of its extension miniport adapter."""
    kind: str = EXTERNAL
    bandwidth: int = 0
    """BandwidthReservationMode: 0 default, 1 weight, 2 absolute, 3 none (its setting data's page)."""
    sriov: bool = False
    """IOVPreferred."""


@dataclass(slots=True, kw_only=True)
class LabPort:
    """A network adapter of the host itself, to which external switches are bound."""

    id: str
    name: str
    address: str
    """MAC address, 12 hexadecimal digits."""
    speed: int = 10**9
    """Bits a second."""


@dataclass(slots=True, kw_only=True)
class LabNic:
    """A network adapter; `switch` is the name of the switch it is connected to, None for none."""

    id: str
    switch: str | None
    vlan: int | None = None
    """Its VLAN in access mode; None without one."""
    sriov: bool = False
    """Whether it wants a virtual function (IOVOffloadWeight 100)."""


@dataclass(slots=True, kw_only=True)
class LabDisk:
    """One drive with its medium (or a pass-through disk)."""

    controller: str
    """`scsi`, `ide` or `floppy`."""
    controller_id: str
    """GUID in the controller's InstanceID; FLOPPY_CONTROLLER_ID, IDE_CONTROLLER_ID, or for scsi one per controller."""
    controller_number: int
    """0, 1, ..: which controller of its kind."""
    location: int
    """AddressOnParent: the slot on the controller."""
    path: str
    """HostResource[0]: file path, for pass-through the WMI path of the Msvm_DiskDrive, for `dvd` the host's drive or
    nothing."""
    kind: str = VHD
    shared: bool = False
    """PersistentReservationsSupported: a shared VHDX."""
    size_bytes: int = 0
    """What the file occupies, as the host counts it; the real file in `.lab` is a small stand-in."""
    parent_path: str | None = None
    """Parent of a differencing disk."""
    virtual_bytes: int = 0
    """Virtual size of the disk (MaxInternalSize)."""
    disk_id: str = ""
    """GUID inside the VHDX (VirtualDiskId)."""

    @property
    def slot(self) -> str:
        """The key of a disk within its machine: `scsi-0-1`, `ide-1-0`."""
        return f"{self.controller}-{self.controller_number}-{self.location}"


@dataclass(slots=True, kw_only=True)
class LabCheckpoint:
    """A checkpoint: settings of its own and the disks as they were."""

    id: str
    name: str
    created: datetime
    disks: list[LabDisk] = field(default_factory=list)
    parent: str | None = None
    """Id of the checkpoint before it."""


@dataclass(slots=True, kw_only=True)
class LabRoots:
    """Folders of a machine's files (Msvm_VirtualSystemSettingData); `guest_state` from version 1709 on."""

    config: str
    checkpoints: str
    paging: str
    guest_state: str | None = None


@dataclass(slots=True, kw_only=True)
class LabVm:
    """A virtual machine, realized at the host whose `realized` holds it."""

    id: str
    """GUID, upper case, no braces."""
    name: str
    host: str
    """Label of the host that holds it now."""
    enabled_state: int = RUNNING
    memory_mib: int = 4096
    """What it starts with (VirtualQuantity)."""
    memory_minimum_mib: int | None = None
    memory_maximum_mib: int | None = None
    """Both set: dynamic memory."""
    memory_now_mib: int | None = None
    """What dynamic memory gives it at present; None: what it started with."""
    numa: list[int] = field(default_factory=list)
    """The NUMA node of its host that each of its parts of memory is in; empty: one part, in the first node."""
    roots: LabRoots
    disks: list[LabDisk] = field(default_factory=list)
    checkpoints: list[LabCheckpoint] = field(default_factory=list)
    nics: list[LabNic] = field(default_factory=list)
    replication_mode: int = 0
    """0 none, 1 primary, 2 replica (Msvm_ComputerSystem.ReplicationMode)."""
    clustered: bool = False
    vtpm: bool = False
    guardian: str = ""
    """Host whose shielding certificate protects the vTPM's key; empty without one."""
    heartbeat: bool = True
    """Whether the guest answers the heartbeat while it runs."""
    heartbeat_status: int | None = None
    """OperationalStatus[0] of its heartbeat, where it is another one than OK or No Contact."""
    status: int = 2
    """OperationalStatus[0]."""
    health: int = 5
    """HealthState."""
    folders_lost: bool = False
    """Whether its host does not reach the storage of its configuration, and so reports empty folders for it (a guess)."""
    busy: int | None = None
    """OperationalStatus[1] of what goes on beside migrations, such as a backup."""
    busy_until: datetime | None = None
    """When that ends, by the lab's clock; None: it does not end by itself."""
    generation: int = 2
    version: str = "9.0"
    """Configuration version."""
    processor_limited: bool = False
    """Msvm_ProcessorSettingData.LimitProcessorFeatures: shows its guest only what every processor of the vendor has."""
    processor_generation: int = 1
    """Of the processor that it was started on: what its guest has seen."""
    assigned_devices: int = 0
    """PCI Express devices of the host that are its own (discrete device assignment)."""
    gpu_partitions: int = 0
    fibre_channel: list[str] = field(default_factory=list)
    """Virtual SAN behind each of its Fibre Channel adapters."""
    com_ports: list[str] = field(default_factory=list)
    r"""Pipe of each serial port, COM 1 first (`\\.\pipe\debug`); empty where nothing is connected."""
    idle_controllers: list[str] = field(default_factory=list)
    """GUIDs of SCSI controllers without a drive."""
    created: datetime
    last_state_change: datetime
    last_configuration_change: datetime | None = None
    """None: as old as its state."""
    process_id: int | None = None
    """Process of its worker while it is up; None: derived from its id."""
    up_since: datetime | None = None
    """Since when it counts its uptime: a move starts it anew; None while it is off or saved."""
    requested_state: int | None = None
    """RequestedState while a change of its state is under way."""
    notes: str = ""
    staged: bool = False
    """Of a planned machine: a migration of type Staged made it, so it stays until it is moved into or destroyed."""
    operational_activity: int | None = None
    """OperationalStatus[1] while it migrates, else None."""

    def busy_at(self, now: datetime) -> int | None:
        """Return OperationalStatus[1] of what goes on beside migrations, None where nothing does."""
        return self.busy if self.busy_until is None or now < self.busy_until else None

    @property
    def memory_in_use_mib(self) -> int:
        """Memory that its host has given it: none while it is off or saved."""
        return (self.memory_now_mib or self.memory_mib) if self.enabled_state in UP else 0

    @property
    def dynamic_memory(self) -> bool:
        """Whether its memory grows and shrinks."""
        return self.memory_maximum_mib is not None

    def disk_at(self, slot: str) -> LabDisk | None:
        """Return the disk in `slot`, if there is one."""
        return next((disk for disk in self.disks if disk.slot == slot), None)


@dataclass(slots=True, kw_only=True)
class LabNetwork:
    """A subnet on which a host takes migrations (Msvm_VirtualSystemMigrationNetworkSettingData)."""

    id: str
    """The last part of its InstanceID."""
    subnet: str
    prefix: int
    metric: int = 0
    """Lower is preferred."""


def any_network() -> list[LabNetwork]:
    """Return the two rows that mean any network (what the Hyper-V module writes)."""
    return [
        LabNetwork(id=str(uuid.uuid5(uuid.NAMESPACE_OID, subnet)).upper(), subnet=subnet, prefix=0)
        for subnet in ("0.0.0.0", "::")  # noqa: S104 - a subnet, no address to listen at
    ]


CLUSTER_RUNS, CLUSTER_STOPPED, NO_CLUSTER_MADE = "running", "stopped", "not-configured"
"""States of a cluster service that is installed (GetNodeClusterState page)."""
ABSENT_FORMS = (
    "wmi-error", "wmi-error-internal", "wmi-error-alone", "hresult", "provider", "provider-text", "not-found", "unlisted",
    "selectors", "denied",
)  # fmt: skip
"""How a host may answer in a WMI namespace that it does not have; the first is what a client in production met (virt-who)."""


@dataclass(slots=True, kw_only=True)
class LabHost:
    """A simulated Hyper-V host."""

    name: str
    """Its label: `hv1`."""
    computer_name: str
    """NetBIOS name: the first 15 characters of its name, upper case."""
    domain: str
    """Its domain in the directory."""
    dns_name: str = ""
    """Its name in DNS without the suffix; empty: its label."""
    dns_suffix: str = ""
    """Its suffix in DNS; empty: its domain."""
    port: int
    http_port: int = 0
    """Port for plain HTTP; 0 until the host listens for the first time, unless one was chosen."""
    memory_mib: int
    reserved_mib: int = 2048
    """Memory of the host's own system."""
    numa_nodes: int = 1
    """NUMA nodes, of equal size."""
    numa_spanning: bool = True
    """NumaSpanningEnabled: whether a machine's part may have memory of several nodes."""
    volumes: dict[str, LabVolume]
    switches: list[LabSwitch]
    ports: list[LabPort] = field(default_factory=list)
    max_live: int = 2
    max_storage: int = 2
    migration_enabled: bool = True
    authentication: int = 1
    """AuthenticationType: 0 CredSSP, 1 Kerberos."""
    compression: bool = True
    smb: bool = False
    addresses: list[str]
    """Its IP addresses on which migrations could come."""
    networks: list[LabNetwork] = field(default_factory=any_network)
    """Subnets from which migrations may come."""
    cluster: str | None = None
    cluster_service: str = CLUSTER_RUNS
    """State of its cluster service, where the feature is installed; without a cluster NO_CLUSTER_MADE says that it is."""
    absent_form: str = ABSENT_FORMS[0]
    """How it answers in a WMI namespace that it does not have."""
    closed_namespaces: list[str] = field(default_factory=list)
    """WMI namespaces that no account may read there."""
    guardians: list[str] = field(default_factory=list)
    """Hosts whose shielding certificates it holds; it can always open its own vTPMs."""
    build: int = DEFAULT_BUILD
    """Build number of its Windows: 20348 is Windows Server 2022."""
    booted: datetime | None = None
    """When its Windows started; None in a lab that was made before this was kept."""
    locale: str = "en-US"
    credssp: bool = True
    """CredSSP of its WinRM service: off on real hosts until somebody switches it on."""
    credential_guard: bool = False
    heartbeat_status: int = 2
    """What its guests that answer show as OperationalStatus[0] of their heartbeat: 3, where they are older than their host."""
    vmm_agent: bool = False
    """Whether Virtual Machine Manager manages it."""
    clock_skew: int = 0
    """Seconds by which its clock is ahead."""
    winrm: WinrmLimits = field(default_factory=WinrmLimits)
    claims: str = ""
    """What it reports as its DNS and NetBIOS name, as a host in somebody else's hands would; empty: its own."""
    uuid: str = ""
    """Of the computer, by its firmware; empty: made of its label."""
    processors: int = 16
    processor_vendor: str = "GenuineIntel"
    """Win32_Processor.Manufacturer."""
    processor_generation: int = 1
    """A later generation can all that an earlier one of its vendor can."""
    versions: list[str] = field(default_factory=list)
    """Configuration versions that it takes, the newest last."""
    fibre_channel: list[str] = field(default_factory=list)
    """Names of its virtual SANs."""
    realized: dict[str, LabVm] = field(default_factory=dict)
    """Msvm_ComputerSystem rows that are machines, by GUID."""
    events: list[LabEvent] = field(default_factory=list)
    """The last of its log Hyper-V-VMMS-Admin, the oldest first."""
    planned: dict[str, LabVm] = field(default_factory=dict)
    """Msvm_PlannedComputerSystem rows, by GUID: what a running migration has set up here."""

    @property
    def full_name(self) -> str:
        """The full DNS name: by its suffix, which need not be its domain."""
        return f"{self.dns_name or self.name}.{self.dns_suffix or self.domain}"

    @property
    def listening(self) -> list[str]:
        """Return MigrationServiceListenerIPAddressList: its addresses within its networks, those of the lowest metric first."""
        subnets = [ip_network(f"{each.subnet}/{each.prefix}") for each in self.ranked]
        found = (a for subnet in subnets for a in self.addresses if ip_address(a) in subnet)
        return list(dict.fromkeys(found))

    @property
    def ranked(self) -> list[LabNetwork]:
        """Its networks, the preferred first."""
        return sorted(self.networks, key=lambda network: network.metric)

    @property
    def url(self) -> str:
        """Its WS-Management endpoint, on loopback."""
        return f"https://127.0.0.1:{self.port}/wsman"

    @property
    def http_url(self) -> str:
        """The same without TLS: messages are encrypted there, unless the lab allows plain ones."""
        return f"http://127.0.0.1:{self.http_port}/wsman"

    def vms(self) -> list[LabVm]:
        """Return the machines realized here, in the order they came."""
        return list(self.realized.values())
