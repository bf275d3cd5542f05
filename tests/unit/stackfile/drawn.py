"""Stacks to draw: any that a stack file can say."""

from __future__ import annotations

import tempfile
import typing
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from hyperv_placement.model.directory import DelegationSpec, DirectorySpec
from hyperv_placement.model.guard import Daily, Guard, OneOff, WallTime, Weekly, Window
from hyperv_placement.model.names import HostName, vm_id
from hyperv_placement.model.on_cancel import OnCancel
from hyperv_placement.model.options import AS_HOSTS_ARE_SET, MigrationOptions
from hyperv_placement.model.others import Others
from hyperv_placement.model.pace import Pace
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import (
    ANY_NETWORK,
    Authentication,
    Away,
    Balance,
    Connection,
    Hold,
    HostSpec,
    LiveMigration,
    Maintenance,
    Rule,
    Snooze,
    Stack,
    StorageSpec,
    Turns,
    VmSpec,
)

FOLDER = Path(tempfile.gettempdir()).absolute()
# None begins as the names of Windows devices do (AUX, CON, ...): those are refused.
PART = st.from_regex(r"[BD-KMOQ-Zbd-kmoq-z0-9_仮ü][A-Za-z0-9_ .'#&-]{0,8}[A-Za-z0-9_]x", fullmatch=True)
HOST_NAMES = st.lists(
    st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True), min_size=1, max_size=4, unique=True
)
# Distinct without regard to case: labels are names, and files of one name would meet.
LABELS = st.lists(PART, min_size=0, max_size=6, unique_by=str.casefold)
ROOTS = ("fast", "bulk")


@st.composite
def folders(draw: st.DrawFn) -> str:
    """A full folder path."""
    start = draw(st.sampled_from(["D:", "e:", "\\\\sofs\\vms"]))
    return "\\".join([start, *draw(st.lists(PART, min_size=1, max_size=3))])


LOCATIONS = folders() | st.sampled_from(ROOTS)


@st.composite
def storages(draw: st.DrawFn) -> StorageSpec:
    """Where a machine's files shall live; disks by slot, whose files only the hosts know."""
    slots = st.integers(0, 63).map(lambda number: f"SCSI 0:{number}")
    spec = StorageSpec(
        config=draw(st.none() | LOCATIONS),
        checkpoints=draw(st.none() | LOCATIONS),
        paging=draw(st.none() | LOCATIONS),
        all_disks=draw(st.none() | LOCATIONS),
        layout=draw(st.sampled_from(["hyper-v", "flat"])),
    )
    if spec.all_disks is not None and draw(st.booleans()):
        return spec
    disks = draw(st.dictionaries(slots, LOCATIONS, min_size=1, max_size=3))
    return replace(spec, disks=disks, overwrite=draw(st.frozensets(st.sampled_from(sorted(disks)))))


OPTIONS = st.builds(
    MigrationOptions,
    transport=st.sampled_from([None, "tcp", "smb"]),
    compression=st.none() | st.booleans(),
    networks=st.lists(st.sampled_from(["10.1.0.0/16", "192.0.2.0/24", "fd00::/8"]), unique=True).map(tuple),
    retain_vhd_copies_on_source=st.none() | st.booleans(),
    avoid_removing_vhds=st.none() | st.booleans(),
    cancel_if_blackout_threshold_exceeded=st.none() | st.booleans(),
    cpu_cap=st.sampled_from([None, "normal", "low", "high"]),
    check=st.sampled_from([None, "staged"]),
    parents=st.sampled_from([None, "copy"]),
).filter(lambda options: not (options.compression and options.transport == "smb"))  # that is refused


REASONS = st.sampled_from(["", "end of the year"])
MINUTES = st.integers(0, 7 * 24 * 60 - 1)
"""Since Monday 0:00."""


def _wall_time(minute: int) -> WallTime:
    hour, minutes = divmod(minute % (24 * 60), 60)
    return WallTime(day=minute // (24 * 60), time=time(hour, minutes))


ONE_OFFS = st.builds(
    lambda begins, lasts, offset, reason: OneOff(
        begins=begins.replace(tzinfo=timezone(offset), microsecond=0),
        ends=begins.replace(tzinfo=timezone(offset), microsecond=0) + lasts,
        reason=reason,
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - it gets an offset
    st.integers(1, 10**6).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(-14 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters)),
    REASONS,
)
WEEKLIES = st.builds(
    lambda minutes, zone, reason: Weekly(
        begins=_wall_time(minutes[0]), ends=_wall_time(minutes[1]), zone=ZoneInfo(zone), reason=reason
    ),
    st.lists(MINUTES, min_size=2, max_size=2, unique=True),
    st.sampled_from(["Europe/Berlin", "UTC", "America/New_York"]),
    REASONS,
)
DAILIES = st.builds(
    lambda minutes, zone, reason: Daily(
        begins=_wall_time(minutes[0]).time,
        ends=_wall_time(minutes[1]).time,
        zone=ZoneInfo(zone),
        reason=reason,
    ),
    st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=2, unique=True),
    st.sampled_from(["Europe/Berlin", "UTC", "America/New_York"]),
    REASONS,
)
TIMES = ONE_OFFS | WEEKLIES | DAILIES
NIGHT = Daily(begins=time(22), ends=time(6), zone=ZoneInfo("Europe/Berlin"))
WINDOWS = st.sampled_from([(), (NIGHT,)]) | TIMES.map(lambda window: (window, NIGHT))
LIMITS = st.sampled_from(
    [(), (Pace(copies=8),), (Pace(window=NIGHT, bandwidth=1.25e8), Pace(copies=1, bandwidth=125e3))]
)
BALANCES = st.sampled_from(
    [Balance(), Balance(by=(), threshold=5.0), Balance(by=("processors", "memory")), Balance(threshold=100.0)]
)


@st.composite
def machines(
    draw: st.DrawFn, label: str, number: int, hosts: list[str], times: tuple[Window, ...] = ()
) -> VmSpec:
    """A machine on none, one or several of `hosts`, with the windows `times` or none."""
    named = draw(st.booleans())
    of = [HostName(name) for name in hosts]
    may = tuple(draw(st.lists(st.sampled_from(of), max_size=3, unique=True)))
    return VmSpec(
        label=label,
        name=f"machine {number}" if named else label,
        id=draw(st.none() | st.just(vm_id(f"00000000-0000-4000-8000-{number:012d}"))),
        hosts=may,
        storage=draw(st.none() | storages()),
        migration=draw(st.just(AS_HOSTS_ARE_SET) | OPTIONS),
        snooze=draw(st.none() | st.builds(Snooze, until=st.dates(), reason=PART)),
        windows=draw(st.sampled_from([(), times])),
        prefer=() if len(may) == 1 else tuple(draw(st.lists(st.sampled_from(may or of), unique=True))),
    )


SUBNETS = st.lists(st.sampled_from(["10.1.0.0/16", "192.0.2.0/24", "fd00::/8"]), min_size=1, unique=True)
LIVE_MIGRATIONS = st.builds(
    LiveMigration,
    enabled=st.none() | st.booleans(),
    authentication=st.sampled_from([None, "credssp", "kerberos"]),
    live_limit=st.none() | st.integers(1, 1000),
    storage_limit=st.none() | st.integers(1, 1000),
    performance=st.sampled_from([None, "tcpip", "compression", "smb"]),
    networks=st.none() | st.just(ANY_NETWORK) | SUBNETS.map(tuple),
)


@st.composite
def hosts_named(
    draw: st.DrawFn, name: str, times: tuple[Window, ...] = (), limits: tuple[Pace, ...] = ()
) -> HostSpec:
    """A host with both roots, with the windows `times` or none, and with `limits` or none."""
    share = draw(st.booleans())
    return HostSpec(
        name=HostName(name),
        endpoint=f"https://{name}x.corp.example:{draw(st.integers(1, 65535))}/wsman",
        connection=Connection(
            auth=draw(st.sampled_from(typing.get_args(Authentication))),
            kerberos_host=draw(st.none() | st.just(f"{name}.corp.example")),
            credentials=draw(st.none() | st.just(FOLDER / "c.yaml")),
            ca=draw(st.none() | st.just(FOLDER / "certs" / "ca.pem")),
            proxy=draw(st.none() | st.just("http://proxy:3128")),
        ),
        account=draw(st.none() | st.just(f"{name}.corp.example")),
        full_name=draw(st.none() | st.just(f"{name}.corp.example")),
        storage={root: draw(folders()) for root in ROOTS},
        bandwidth=draw(st.none() | st.integers(1, 999_999).map(lambda mbit: mbit * 1e6 / 8)),
        live_migration=draw(st.just(LiveMigration()) | LIVE_MIGRATIONS),
        reserve=Reserve(
            memory_mib=draw(st.integers(0, 10**6)),
            disk_bytes=0 if share else draw(st.integers(0, 10**14)),
            disk_percent=float(draw(st.integers(0, 100))) if share else 0.0,
        ),
        allow_vtpm=draw(st.booleans()),
        away=draw(st.none() | st.builds(Away, until=st.dates(), reason=PART)),
        windows=draw(st.sampled_from([(), times])),
        limits=draw(st.sampled_from([(), limits])),
    )


DIRECTORIES = st.builds(
    DirectorySpec,
    server=st.sampled_from(["ldaps://dc1.corp.example", "ldaps://[fd00::1]:1636"]),
    auth=st.sampled_from(["kerberos", "simple"]),
    credentials=st.just(FOLDER / "d.yaml"),
    ca=st.none() | st.just(FOLDER / "certs" / "ca.pem"),
    kerberos_host=st.none() | st.just("dc1.corp.example"),
)


def delegations(hosts: list[str]) -> st.SearchStrategy[DelegationSpec | None]:
    """Who may delegate, of `hosts`; or nothing of it."""
    return st.none() | st.builds(
        DelegationSpec,
        hosts=st.lists(st.sampled_from(hosts), min_size=1, unique=True).map(
            lambda names: tuple(map(HostName, names))
        ),
        mode=st.sampled_from(["protocol-transition", "constrained"]),
        shares=st.sampled_from([(), ("fs1",), ("fs1.corp.example", "fs2")]),
        on_delete=st.sampled_from(["keep", "remove"]),
    )


GUARDS = st.builds(
    Guard,
    max_moves=st.none() | st.integers(0, 1000),
    max_bytes=st.none() | st.integers(0, 10**15 - 1),
    max_hosts=st.none() | st.integers(0, 1000),
    max_failures=st.none() | st.integers(1, 1000),
    freeze=st.lists(TIMES, max_size=2).map(tuple),
    all_or_nothing=st.booleans(),
)


@st.composite
def rules(draw: st.DrawFn, hosts: list[str], vms: Mapping[str, VmSpec]) -> tuple[Rule, ...]:
    """Rules that hold together: machines that may be anywhere, and never so few hosts that one is pinned."""
    free = tuple(label for label, vm in vms.items() if not vm.hosts)
    several = st.lists(st.sampled_from(hosts).map(HostName), min_size=2, unique=True).map(tuple)
    found = []
    if len(free) > 1:
        found.append(Rule(kind=draw(st.sampled_from(["apart", "together"])), labels=free))
    if free and len(hosts) > 1 and draw(st.booleans()):
        found.append(Rule(kind="within", labels=free, hosts=draw(several)))
    if len(hosts) > 1 and draw(st.booleans()):
        found.append(Rule(kind="n_plus_1", hosts=draw(several)))
    return tuple(found)


def turns(labels: list[str]) -> st.SearchStrategy[Turns]:
    """Machines that move one at a time."""
    return st.lists(st.sampled_from(labels), min_size=2, unique=True).map(
        lambda group: Turns(labels=tuple(group))
    )


@st.composite
def maintenance(
    draw: st.DrawFn, hosts: list[str], vms: Mapping[str, VmSpec]
) -> Mapping[HostName, Maintenance]:
    """Hosts that must be empty, and that leave each machine somewhere to be: the contrary is refused."""
    empty = draw(st.lists(st.sampled_from(hosts), unique=True))
    others = [name for name in hosts if name not in empty]
    to = st.lists(st.sampled_from(others), unique=True) if others else st.just([])
    if not others and any(vm.hosts and set(vm.hosts) <= set(empty) for vm in vms.values()):
        empty = []
    return {
        HostName(name): Maintenance(
            until=draw(st.none() | st.dates()),
            reason=draw(st.just("") | PART),
            to=tuple(map(HostName, draw(to))),
        )
        for name in empty
    }


@st.composite
def holds(draw: st.DrawFn, hosts: list[str], labels: list[str]) -> tuple[Hold, ...]:
    """Some of hosts, some of machines, no two alike."""
    held = draw(st.lists(st.sampled_from(hosts), max_size=2, unique=True))
    machines = draw(st.lists(st.sampled_from(labels), max_size=2, unique=True)) if labels else []
    return (
        *(Hold(until=draw(st.dates()), reason=draw(PART), host=HostName(name)) for name in held),
        *(Hold(until=draw(st.dates()), reason=draw(PART), label=label) for label in machines),
    )


OTHERS = st.sampled_from(
    [
        (),
        (Others(names=("SQL*",)),),
        (Others(siblings=True), Others(names=("B?", "C*"), until=date(2026, 12, 1), reason="a rehearsal")),
    ]
)


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """A valid stack."""
    names = draw(HOST_NAMES)
    labels = draw(LABELS)
    # Drawn once for all that have some: each of them takes longer to draw than a machine.
    times, limits = draw(WINDOWS), draw(LIMITS)
    vms = {label: draw(machines(label, number, names, times)) for number, label in enumerate(labels)}
    protected = draw(st.lists(st.sampled_from(labels), unique=True)) if labels else []
    delegation = draw(delegations(names))
    return Stack(
        path=FOLDER / "x.yaml",
        hosts={HostName(name): draw(hosts_named(name, times, limits)) for name in names},
        vms=vms,
        rules=draw(rules(names, vms)),
        maintenance=draw(maintenance(names, vms)),
        holds=draw(holds(names, labels)),
        others=draw(OTHERS),
        guard=replace(draw(GUARDS), protected=tuple(protected)),
        windows=draw(st.sampled_from([(), times])),
        limits=draw(st.sampled_from([(), limits])),
        balance=draw(BALANCES),
        one_at_a_time=draw(st.lists(turns(labels), max_size=2).map(tuple)) if len(labels) > 1 else (),
        directory=draw(DIRECTORIES if delegation else st.none() | DIRECTORIES),
        delegation=delegation,
        zone=draw(st.sampled_from([ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")])),
        delegation_wait=draw(st.integers(0, 86_400)),
        wait_for_activity=draw(st.integers(0, 86_400)),
        on_cancel=draw(st.sampled_from(OnCancel)),
        bystanders=draw(st.booleans()),
        audit_required=draw(st.booleans()),
    )
