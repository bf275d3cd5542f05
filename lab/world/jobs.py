"""Migration jobs of the simulated hosts: what was asked, how far it is, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hyperv_placement.model.move import Moves

from .callers import SecondHopCaller
from .objects import LabRoots

STAGED, DEEP_CHECK = 32770, 32772
"""MigrationType (Msvm_VirtualSystemMigrationSettingData page): to make a planned machine, and one that nobody orders here."""
TYPES: Mapping[Moves, int] = {Moves.HOST: 32768, Moves.STORAGE: 32769, Moves.HOST_AND_STORAGE: 32771}
"""MigrationType (same page) by what moves."""
_MOVES = {number: moves for moves, number in TYPES.items()}
# JobState (CIM_ConcreteJob)
NEW, STARTING, ACTIVE, COMPLETED, TERMINATED, KILLED, EXCEPTION = 2, 3, 4, 7, 8, 9, 10
WARNED = 32768  # completed with warnings (samples of Windows-classic-samples, os-win jobutils)
ENDED = frozenset({COMPLETED, TERMINATED, KILLED, EXCEPTION, WARNED})
STATE_NAMES: Mapping[int, str] = {
    NEW: "New",
    STARTING: "Starting",
    ACTIVE: "Running",
    COMPLETED: "Completed",
    TERMINATED: "Terminated",
    KILLED: "Killed",
    EXCEPTION: "Exception",
    WARNED: "CompletedWithWarnings",
}
# ReturnValue (MigrateVirtualSystemToHost page)
JOB_STARTED, FAILED, NOT_SUPPORTED, INVALID_PARAMETER, IN_USE, INVALID_STATE = (
    4096,
    32768,
    32770,
    32773,
    32774,
    32775,
)


MOVE, STAGE, CHECK, STATE = "move", "stage", "check", "state"
"""What a job is for: to move, to make a planned machine, to check whether a move would work, or to change a machine's state."""
TCP, SMB = 5, 32768  # TransportType (Msvm_VirtualSystemMigrationSettingData page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options in MigrationSettingData, as the page of Msvm_VirtualSystemMigrationSettingData describes them."""

    transport: int = TCP
    """TransportType."""
    compression: bool = True
    overwrite: bool = False
    """AllowOverwriteExistingFile: of disks, for all that the job copies."""
    avoid_removing: bool = False
    """AvoidRemovingVHDs: no disk is removed, at the source after success, at the destination after failure."""
    retain_copies: bool = False
    """RetainVhdCopiesOnSource: read-only disks (of checkpoints, parents) stay at the source."""
    remove_unmanaged: bool = False
    """RemoveSourceUnmanagedVhds."""
    cancel_if_blackout_is_long: bool = False
    cpu_cap: int = 0
    """CPUCappingMagnitude: 0 normal, 1 low, 2 high."""

    def reported(self) -> dict[str, str]:
        """Return the options in words, for job and log."""
        return {
            "transport": "smb" if self.transport == SMB else "tcp",
            "compression": str(self.compression and self.transport == TCP).lower(),
            "cpu_cap": ("normal", "low", "high")[self.cpu_cap],
            **{
                name: "true"
                for name in (
                    "overwrite",
                    "avoid_removing",
                    "retain_copies",
                    "remove_unmanaged",
                    "cancel_if_blackout_is_long",
                )
                if getattr(self, name)
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationRequest:
    """What a caller asks of MigrateVirtualSystemToHost, decoded from the texts that came."""

    vm_id: str
    type: int
    """MigrationType."""
    destination: str | None = None
    """DestinationHost as given."""
    roots: LabRoots | None = None
    """Roots in NewSystemSettingData; None where that was NULL."""
    whole_settings: bool = False
    """Whether NewSystemSettingData had more than InstanceID and roots."""
    disks: Mapping[str, str] = field(default_factory=dict)
    """New path (HostResource[0]) by slot, for each disk of the machine itself in NewResourceSettingData."""
    frozen: Mapping[str, str] = field(default_factory=dict)
    """The same for disks of checkpoints, by `<checkpoint>/<slot>`."""
    unmanaged: Mapping[str, str] = field(default_factory=dict)
    """UnmanagedVhds: source path -> destination path."""
    planned_id: str | None = None
    """DestinationPlannedVirtualSystemId."""
    only_check: bool = False
    """Asked by CheckVirtualSystemIsMigratable."""
    addresses: tuple[str, ...] = ()
    """DestinationIPAddressList."""
    options: Options = Options()
    caller: SecondHopCaller
    """Who asked for the move."""
    system_text: str | None = None
    """NewSystemSettingData as it came."""
    resource_texts: tuple[str, ...] = ()
    """NewResourceSettingData as it came."""

    @property
    def moves(self) -> Moves | None:
        """What is to move; None where a planned machine is to be made, and where no such type is known."""
        return _MOVES.get(self.type)

    @property
    def owner(self) -> str:
        r"""The caller's account, as `LAB\administrator`."""
        return self.caller.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A synchronous refusal: nothing was started."""

    return_value: int
    reason: str


@dataclass(slots=True, kw_only=True)
class FileMove:
    """One file of a machine on its way: Windows paths, each as its host sees it."""

    source: str
    target: str
    size_bytes: int
    overwrite: bool = False
    """A file that lies there may be replaced."""
    keep_source: bool = False
    """It stays at the source after success."""
    keep_target: bool = False
    """What was copied stays at the destination after a failure."""


@dataclass(slots=True, kw_only=True)
class Failure:
    """How a job is going to end badly, and at which percent."""

    lines: list[str]
    percent: int


@dataclass(slots=True, kw_only=True)
class Work:
    """What a running job holds and has to do; it goes when the job ends."""

    live_at: list[str] = field(default_factory=list)
    """Hosts at which it holds a live-migration slot."""
    storage_at: list[str] = field(default_factory=list)
    memory_mib: int = 0
    """Memory set aside at the destination."""
    numa: list[int] = field(default_factory=list)
    """Its nodes there, as of a machine."""
    roots: LabRoots
    """Where the configuration will be."""
    disks: dict[str, str] = field(default_factory=dict)
    """Path of each disk after the move, by slot."""
    frozen: dict[str, str] = field(default_factory=dict)
    """Path of each disk of a checkpoint after the move, by `<checkpoint>/<slot>`."""
    parents: dict[str, str] = field(default_factory=dict)
    """New path of each file that others depend on, by its old one in comparable form."""
    moves: list[FileMove] = field(default_factory=list)
    connecting: bool = False
    """Its host is still asking for the tickets that it needs elsewhere."""
    switched: bool = False
    """The machine is realized at its new place."""
    failure: Failure | None = None
    warning: str | None = None
    """What it will complain of though it succeeds."""
    stall: int | None = None
    """The fault that makes it stall, and the percent at which it does."""
    stall_at: int = 0
    cancelled: int = 0
    """JobState in which it is to end, since somebody has asked it to stop; 0 where nobody has."""
    elapsed: float = 0.0
    """World seconds that it has worked."""
    advanced: datetime


@dataclass(slots=True, kw_only=True)
class LabJob:
    """One Msvm_MigrationJob, at the source host, or an Msvm_ConcreteJob that changes a machine's state."""

    id: str
    """InstanceID: a bare GUID, upper case."""
    class_name: str = "Msvm_MigrationJob"
    host: str
    """Label of the source, where the job runs."""
    vm: str
    """GUID of the machine (VirtualSystemName)."""
    vm_name: str
    type: int
    """MigrationType; of an Msvm_ConcreteJob its JobType."""
    target: str | None = None
    """Label of the destination where it is known, None for a storage migration."""
    destination: str | None = None
    """DestinationHost as given."""
    state: int = NEW
    """JobState: 2 New, 3 Starting, 4 Running, 7 Completed, 8 Terminated, 9 Killed, 10 Exception, 32768 with warnings."""
    percent: int = 0
    phase: str = ""
    """What it does now: `checking`, `moving storage`, `moving memory`, `finishing`; empty when ended."""
    owner: str
    submitted: datetime
    started: datetime | None = None
    ended: datetime | None = None
    changed: datetime
    """Time of the last change of state (TimeOfLastStateChange)."""
    error_code: int = 0
    """ErrorCode: 32768 after a failure."""
    errors: list[str] = field(default_factory=list)
    """The nested causes as text, outermost first: a line each of GetErrorEx."""
    cancellable: bool = True
    purpose: str = MOVE
    before: int | None = None
    """EnabledState of the machine before a change of its state."""
    vm_deleted: bool = False
    """Somebody has deleted its machine."""
    options: dict[str, str] = field(default_factory=dict)
    """The options that were chosen, in words."""
    addresses: list[str] = field(default_factory=list)
    """DestinationIPAddressList."""
    system_text: str | None = None
    resource_texts: list[str] = field(default_factory=list)
    work: Work | None = None
    """What it holds and does; None when it has ended."""

    @property
    def moves(self) -> Moves | None:
        """What moves; None where a planned machine is made."""
        return _MOVES.get(self.type)

    @property
    def running(self) -> bool:
        """Whether the job still runs."""
        return self.state not in ENDED

    def summary(self) -> dict[str, object]:
        """Return the job as the lab's log has it."""
        return {
            "job": self.id,
            "type": self.type,
            "vm": self.vm_name,
            "id": self.vm,
            "from": self.host,
            "to": self.target or self.destination or self.host,
            "by": self.owner,
            "options": self.options,
        }
