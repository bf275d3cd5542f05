"""Desired state: what a stack file declares, checked and with its defaults filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Literal, TypeVar

from .calendar import Day
from .directory import DelegationSpec, DirectorySpec
from .guard import NO_LIMITS, Guard, Window
from .names import HostName, VmId
from .on_cancel import OnCancel
from .options import AS_HOSTS_ARE_SET, MigrationOptions
from .others import Others
from .pace import Pace, in_force
from .policy import UNRESTRICTED, Policy
from .reserve import NO_RESERVE, Reserve
from .way_back import WayBack

Authentication = Literal["basic", "certificate", "credssp", "kerberos", "ntlm"]
Layout = Literal["hyper-v", "flat"]
DELEGATION_WAIT = 900
"""Seconds: a host sees a change of its delegation within 15 minutes (Troubleshoot live migration issues)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How a host is reached. Secrets are not in here, only where they are read from."""

    auth: Authentication = "ntlm"
    credentials: Path | None = None
    """A 0600 YAML file with user name and password, or names of keytab or certificate; None means the environment."""
    ca: Path | None = None
    """PEM file of the authority that signed the host's certificate; None means the system's."""
    kerberos_host: str | None = None
    """The host's name in its service principal HTTP/NAME; None means the one in the endpoint."""
    proxy: str | None = None
    """URL of an HTTP proxy for this host; None dials it directly, whatever the environment says."""
    policy: Policy = field(default=UNRESTRICTED, compare=False, repr=False)
    """Says which logins may be used; never of the stack file."""


Performance = Literal["tcpip", "compression", "smb"]
ANY_NETWORK = ("0.0.0.0/0", "::/0")
"""Subnets that together mean any network (what Set-VMHost -UseAnyNetworkForMigration leaves)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMigration:
    """How a host takes part in migrations; None = not managed."""

    enabled: bool | None = None
    authentication: Literal["credssp", "kerberos"] | None = None
    live_limit: int | None = None
    """Live migrations at once."""
    storage_limit: int | None = None
    performance: Performance | None = None
    """How memory travels: plain, compressed, or over SMB (Set-VMHost -VirtualMachineMigrationPerformanceOption)."""
    networks: tuple[str, ...] | None = None
    """Subnets on which migrations may come, best first."""

    def over(self, other: LiveMigration) -> LiveMigration:
        """Return `other` with what is said here put over it."""
        mine = {
            field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None
        }
        return replace(other, **mine)

    def __bool__(self) -> bool:
        """Whether anything is managed."""
        return any(getattr(self, field.name) is not None for field in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody's word that a host is away on purpose, and that neither its silence nor its machines count for now."""

    until: date
    """The last day."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """A host that the stack may use."""

    name: HostName
    endpoint: str
    """Full URL, as `https://hv1.corp.example:5986/wsman`; over http messages are encrypted."""
    connection: Connection
    account: str | None = None
    """Full DNS name of its computer account, where the stack file declares it; None = what reaching it proves."""
    full_name: str | None = None
    """Its full DNS name, where that is not its name and the domain of its account: where its DNS suffix is another one."""
    storage: Mapping[str, str] = field(default_factory=dict)
    """Named root folders: `fast` -> `D:\\Hyper-V`."""
    reserve: Reserve = NO_RESERVE
    bandwidth: float | None = None
    """Bytes a second of its migration networks; None = not said."""
    live_migration: LiveMigration = LiveMigration()
    allow_vtpm: bool = False
    """The operator's word that this host can unwrap key protectors of machines with a vTPM."""
    away: Away | None = None
    """While it is away nothing is moved to it; `Stack.on` takes off what is over."""
    windows: tuple[Window, ...] = ()
    """When moves may leave it and come to it; empty = always."""
    limits: tuple[Pace, ...] = ()
    """Beside those of the whole stack; the stricter one counts."""

    @property
    def declared(self) -> str | None:
        """Return the full name that the stack file gives it, None where it gives none."""
        return self.full_name or self.account


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSpec:
    r"""Where a machine's files are to live. Each location is a Windows folder path or the name of a host's root.

    A named root means `<root>\<label of the VM>` on whichever host the machine is. None = not managed.
    """

    config: str | None = None
    checkpoints: str | None = None
    paging: str | None = None
    all_disks: str | None = None
    """Folder for every disk that `disks` does not name."""
    disks: Mapping[str, str] = field(default_factory=dict)
    """Disk (unique base name, or place as `SCSI 0:1`, with several SCSI controllers `SCSI 3F2A1B2C:1`) -> full path of the file, folder, or named root."""
    overwrite: frozenset[str] = frozenset()
    """Keys of `disks` whose files may be overwritten at their new place."""
    layout: Layout = "hyper-v"
    """`hyper-v`: disks go to `<folder>\\Virtual Hard Disks\\`; `flat`: right into the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """Somebody's word that drift of a machine is known and need not be counted for now."""

    until: date
    """The last day."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSpec:
    """A declared virtual machine."""

    label: str
    """Its key in the stack file."""
    name: str
    """ElementName to look for where `id` is None; the label unless `name:` says otherwise."""
    id: VmId | None = None
    hosts: tuple[HostName, ...] = ()
    """One host = pinned, several = any of these, none = only its storage is managed."""
    storage: StorageSpec | None = None
    migration: MigrationOptions = AS_HOSTS_ARE_SET
    """How it moves: what is said for all, with its own put over it."""
    snooze: Snooze | None = None
    """Of drift alone: a run moves the machine all the same."""
    windows: tuple[Window, ...] = ()
    """When it may move; empty = always."""
    prefer: tuple[HostName, ...] = ()
    """Of the hosts that it may be on, where it goes rather, the best first: where it has to go, and moves no more bytes for it."""
    line: int = 0
    """Where it stands in the stack file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must hold of machines and hosts, whoever is moved."""

    kind: Literal["apart", "together", "within", "n_plus_1"]
    """No two on one host; all on one host; all on these hosts; any of these hosts may fail."""
    labels: tuple[str, ...] = ()
    hosts: tuple[HostName, ...] = ()
    line: int = 0


Load = Literal["memory", "processors"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What hosts are to be loaded evenly with, and how evenly."""

    by: tuple[Load, ...] = ("memory",)
    """Memory: as it counts on each host. Processors: virtual ones of machines that run, for each logical one of the host.

    Of several the more uneven one counts. None = the choice is made without regard to balance.
    """
    threshold: float = 0.0
    """Percent points: hosts whose use differs by no more are even enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Machines of which never two are on their way at once."""

    labels: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """That a host must be empty for a while: nothing comes to it, and every machine leaves it, pinned ones too."""

    until: date | None = None
    """The last day; None = until the line is taken out."""
    reason: str = ""
    to: tuple[HostName, ...] = ()
    """Where machines go whose entries leave no other host; none = any host that suits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Somebody's word that nothing comes to a host, or that a machine does not move, whatever is declared."""

    until: date
    """The last day."""
    reason: str
    host: HostName | None = None
    label: str | None = None
    """Key of the machine; either this or `host` is given."""
    by: str = ""
    """Who set it in the shared state; empty for a line of the stack file."""
    since: str = ""
    """When that was: ISO 8601, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A whole stack file."""

    path: Path
    digest: str = field(default="", compare=False)
    """SHA-256 of the bytes that it was read from, in hexadecimal: two processes have read one file if it is the same."""
    hosts: Mapping[HostName, HostSpec]
    vms: Mapping[str, VmSpec]
    """By label, in the order of the file."""
    rules: tuple[Rule, ...] = ()
    guard: Guard = NO_LIMITS
    windows: tuple[Window, ...] = ()
    """When any move may start; empty = always."""
    limits: tuple[Pace, ...] = ()
    """Copies: of all moves together. Bandwidth: of each host."""
    one_at_a_time: tuple[Turns, ...] = ()
    balance: Balance = Balance()
    """Between choices of hosts that move equally many bytes."""
    maintenance: Mapping[HostName, Maintenance] = field(default_factory=dict)
    """Hosts that must be empty; `Stack.on` takes out what is over."""
    holds: tuple[Hold, ...] = ()
    """Of the stack file; `Stack.held` adds those of the shared state, and `Stack.on` takes out what is over."""
    others: tuple[Others, ...] = ()
    """Machines on the hosts that are somebody else's; `Stack.on` takes out what is over."""
    has_others: bool = field(default=False, compare=False, repr=False)
    """Whether the file has the key `others:`, also where all of it is over: reports then say how many machines it is about."""
    homes: Mapping[str, HostName] = field(default_factory=dict, compare=False, repr=False)
    """Label -> host to which a machine goes back after maintenance; of what is kept between runs, and never of the stack file."""
    ways_back: Mapping[str, WayBack] = field(default_factory=dict, compare=False, repr=False)
    """Label -> where the files of a machine belong that an interrupted run has left aside; of what is kept between runs, too."""
    directory: DirectorySpec | None = None
    delegation: DelegationSpec | None = None
    """None = who may delegate is not managed."""
    delegation_wait: int = DELEGATION_WAIT
    """Seconds for which a move waits for its source to see what the directory allows already; 0 = not at all."""
    wait_for_activity: int = 0
    """Seconds for which a move waits for a machine that is busy, as with its backup; 0 = it is refused."""
    on_cancel: OnCancel = OnCancel.LEAVE
    """What the first Ctrl-C of a run does with moves that have started."""
    bystanders: bool = False
    """Whether machines that are in their places may step aside for others and come back, where nothing else helps."""
    audit_required: bool = False
    """Whether the stack file wants a run that cannot write its audit log to start nothing."""
    zone: tzinfo = UTC
    """By whose clocks the days end that it names."""
    policy: Policy = field(default=UNRESTRICTED, compare=False, repr=False)
    """What operators permit; it stands outside the stack file."""

    @property
    def must_be_audited(self) -> bool:
        """Whether stack file or policy let nothing start that cannot be written into the audit log."""
        return self.audit_required or self.policy.audit_required

    def day(self, moment: datetime) -> Day:
        """Return the day that it is at `moment`, which has its offset from UTC, by the clocks of the stack."""
        return Day.at(moment, self.zone)

    def at(self, moment: datetime | None) -> Stack:
        """Return the stack as it counts at `moment`; None = no moment is known: all that it says counts."""
        return self.on(None if moment is None else self.day(moment))

    def zoned(self, zone: tzinfo) -> Stack:
        """Return the stack with its days by the clocks of `zone`."""
        return replace(
            self,
            zone=zone,
            hosts={n: replace(h, away=zoned(h.away, zone)) if h.away else h for n, h in self.hosts.items()},
            vms={n: replace(v, snooze=zoned(v.snooze, zone)) if v.snooze else v for n, v in self.vms.items()},
            maintenance={n: _zoned(each, zone) for n, each in self.maintenance.items()},
            holds=tuple(zoned(each, zone) for each in self.holds),
            others=tuple(_zoned(each, zone) for each in self.others),
        )

    def on(self, day: date | None) -> Stack:
        """Return the stack as it counts on `day`, by its own clocks: without the snoozes, absences, maintenance, holds and others that are over by then.

        None = no day is known: all of them count.
        """
        if day is None:
            return self
        # The day that is named counts still: `until` is the last one.
        over = {name for name, host in self.hosts.items() if host.away and host.away.until < day}
        awake = {label for label, vm in self.vms.items() if vm.snooze and vm.snooze.until < day}
        empty = {n: m for n, m in self.maintenance.items() if m.until is None or day <= m.until}
        holds = tuple(each for each in self.holds if day <= each.until)
        others = tuple(each for each in self.others if each.until is None or day <= each.until)
        lists = ((empty, self.maintenance), (holds, self.holds), (others, self.others))
        if not over and not awake and all(len(now) == len(declared) for now, declared in lists):
            return self
        return replace(
            self,
            maintenance=empty,
            holds=holds,
            others=others,
            hosts={n: replace(h, away=None) if n in over else h for n, h in self.hosts.items()},
            vms={label: replace(v, snooze=None) if label in awake else v for label, v in self.vms.items()},
        )

    def by_its_clocks(self, holds: Iterable[Hold]) -> tuple[Hold, ...]:
        """Return holds of the shared state, which names no zone, with their days by the clocks of the stack."""
        return tuple(zoned(each, self.zone) for each in holds)

    def held(self, holds: Iterable[Hold]) -> Stack:
        """Return the stack with holds of the shared state put beside its own; of hosts and machines that it does not declare none counts."""
        known = tuple(
            zoned(each, self.zone)
            for each in holds
            if (each.host in self.hosts or each.label in self.vms) and each not in self.holds
        )
        return replace(self, holds=(*self.holds, *known)) if known else self

    def holds_host(self, name: HostName) -> bool:
        """Say whether nothing may come to a host for now."""
        return any(each.host == name for each in self.holds)

    def holds_machine(self, label: str) -> bool:
        """Say whether a machine may not move for now."""
        return any(each.label == label for each in self.holds)

    def paced(self, first: datetime, last: datetime) -> Stack:
        """Return the stack with those limits that hold at a moment from `first` to `last`, as if they held always."""
        own = {
            name: replace(host, limits=in_force(host.limits, first, last))
            for name, host in self.hosts.items()
            if host.limits
        }
        if not own and not self.limits:
            return self
        return replace(self, limits=in_force(self.limits, first, last), hosts={**self.hosts, **own})


_Word = TypeVar("_Word", Away, Snooze, Hold)
_Open = TypeVar("_Open", Maintenance, Others)


def zoned(word: _Word, zone: tzinfo) -> _Word:
    """Return what somebody has said, with its last day by the clocks of `zone`."""
    return replace(word, until=Day.by(word.until, zone))


def _zoned(word: _Open, zone: tzinfo) -> _Open:
    return word if word.until is None else replace(word, until=Day.by(word.until, zone))
