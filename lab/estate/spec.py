"""What an estate is to consist of, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hyperv_placement.model.units import GIB
from lab.world.builds import DEFAULT_BUILD
from lab.world.limits import WinrmLimits
from lab.world.objects import ABSENT_FORMS, CLUSTER_RUNS, EXTERNAL, RUNNING, VHD

DEFAULT_SEED = 1
DEFAULT_SWITCH = "External"
LOCALES = ("en-US", "ja-JP", "de-DE")
"""The languages a host can have: English, Japanese, and German by codes alone (`[de] 1007` in place of each text)."""


class EstateError(Exception):
    """The estate cannot be: every finding on a line of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpec:
    """A disk; None in `slot` takes the next free one: on IDE first in generation 1, else on the first SCSI controller."""

    path: str
    size_bytes: int = 12 * GIB
    virtual_bytes: int = 127 * GIB  # what New Virtual Machine Wizard proposes
    kind: str = VHD
    shared: bool = False
    parent: str | None = None
    slot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RootsSpec:
    """Folders of a machine's files that are not the machine's own folder; None: that one."""

    config: str | None = None
    checkpoints: str | None = None
    paging: str | None = None
    guest_state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSpec:
    """A virtual machine; `folder` holds all its files unless disks or `roots` say otherwise."""

    name: str
    host: str
    folder: str
    id: str | None = None
    memory_mib: int = 4096
    memory_minimum_mib: int | None = None
    memory_maximum_mib: int | None = None
    memory_now_mib: int | None = None
    enabled_state: int = RUNNING
    disks: tuple[DiskSpec, ...]
    checkpoints: tuple[str, ...] = ()
    replication_mode: int = 0
    clustered: bool = False
    vtpm: bool = False
    heartbeat: bool = True
    heartbeat_status: int | None = None
    """OperationalStatus[0] of its heartbeat, where it is another one than OK or No Contact."""
    status: int = 2
    """OperationalStatus[0]."""
    health: int = 5
    """HealthState."""
    folders_lost: bool = False
    busy: int | None = None
    """OperationalStatus[1] of what goes on when the lab starts."""
    busy_seconds: int | None = None
    """For how long, by the lab's clock; None: it does not end."""
    generation: int = 2
    switches: tuple[str | None, ...] = (DEFAULT_SWITCH,)
    vlans: Mapping[str, int] = field(default_factory=dict)
    """VLAN of its adapter at a switch."""
    sriov: frozenset[str] = frozenset()
    """Switches at which its adapter wants SR-IOV."""
    version: str | None = None
    """Configuration version; None: the default of its host's build."""
    processor_limited: bool = False
    assigned_devices: int = 0
    gpu_partitions: int = 0
    fibre_channel: tuple[str, ...] = ()
    roots: RootsSpec = field(default_factory=RootsSpec)
    com_ports: tuple[str, ...] = ()
    r"""Pipe of each serial port, `\\.\pipe\debug`; empty for none."""
    scsi_controllers: int = 0
    """How many SCSI controllers it has at least; those of its disks count."""
    realized: bool = True
    """False: its host has it as a planned machine only."""
    planned_on: tuple[str, ...] = ()
    """Hosts on which a planned machine of its GUID was left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSpec:
    """A volume and what else lies on it."""

    path: str
    r"""Where it is mounted: a drive, a folder, or where it is nowhere its own name `\\?\Volume{GUID}\`."""
    id: str = ""
    """Its GUID; empty: one by its host and path."""
    capacity_bytes: int
    used_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """A subnet from which a host takes migrations, `10.0.0.0/8`; the lowest metric is preferred."""

    subnet: str
    metric: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSpec:
    """How a virtual switch is made."""

    kind: str = EXTERNAL
    bandwidth: int = 0
    """BandwidthReservationMode."""
    sriov: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """A host of the estate."""

    name: str
    memory_mib: int
    volumes: tuple[VolumeSpec, ...]
    computer_name: str | None = None
    """Its name, as somebody typed it who installed it; None: its label."""
    domain: str | None = None
    """Its domain; None: the estate's."""
    dns_suffix: str | None = None
    """Its suffix in DNS; None: its domain."""
    numa_nodes: int = 1
    numa_spanning: bool = True
    switches: tuple[str, ...] = (DEFAULT_SWITCH,)
    switches_made: Mapping[str, SwitchSpec] = field(default_factory=dict)
    """By name: those that the file says more about than their names."""
    max_live: int = 2
    max_storage: int = 2
    migration_enabled: bool = True
    authentication: int = 1
    cluster: str | None = None
    guardians: tuple[str, ...] = ()
    processor_vendor: str = "GenuineIntel"
    processor_generation: int = 1
    versions: tuple[str, ...] = ()
    """Configuration versions; empty: those of its build."""
    fibre_channel: tuple[str, ...] = ()
    heartbeat_status: int = 2
    """What guests that answer show there as OperationalStatus[0] of their heartbeat."""
    locale: str = "en-US"
    build: int = DEFAULT_BUILD
    cluster_service: str = CLUSTER_RUNS
    absent_form: str = ABSENT_FORMS[0]
    closed_namespaces: tuple[str, ...] = ()
    winrm: WinrmLimits = field(default_factory=WinrmLimits)
    addresses: tuple[str, ...] | None = None
    """IP addresses; None: one of 10.0.0.0/16."""
    migration_networks: tuple[NetworkSpec, ...] | None = None
    """None: any network."""
    clock_skew: int = 0
    """Seconds by which its clock is ahead; negative: behind."""
    credential_guard: bool = False
    vmm_agent: bool = False
    credssp: bool = True
    compression: bool = True
    smb: bool = False
    uuid: str = ""
    """Of its firmware; empty: made of its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSpec:
    """An SMB share and the hosts that may open it."""

    path: str
    capacity_bytes: int
    hosts: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    """Other names of the share, and folders of a DFS namespace that lead to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateSpec:
    """A whole estate."""

    seed: int = DEFAULT_SEED
    domain: str = "lab.example"
    combined_move_takes: str = "both"
    dynamic_memory_takes: str = "start"
    hosts: tuple[HostSpec, ...]
    shares: tuple[ShareSpec, ...] = ()
    vms: tuple[VmSpec, ...]
