"""Any valid stack, written out as YAML, loads to equal values."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.errors import StackFileError
from hyperv_placement.model.directory import DelegationSpec, DirectorySpec
from hyperv_placement.model.guard import DAYS, Freeze, Guard, OneOff, WallTime, Weekly
from hyperv_placement.model.names import HostName, vm_id
from hyperv_placement.model.options import AS_HOSTS_ARE_SET, MigrationOptions
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import Away, Connection, HostSpec, Rule, Stack, StorageSpec, VmSpec
from hyperv_placement.stackfile import load

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
    return StorageSpec(**{**_fields(spec), "disks": disks})


def _fields(spec: StorageSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in StorageSpec.__dataclass_fields__}


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


@st.composite
def machines(draw: st.DrawFn, label: str, number: int, hosts: list[str]) -> VmSpec:
    """A machine on none, one or several of `hosts`."""
    named = draw(st.booleans())
    return VmSpec(
        label=label,
        name=f"machine {number}" if named else label,
        id=draw(st.none() | st.just(vm_id(f"00000000-0000-4000-8000-{number:012d}"))),
        hosts=tuple(
            HostName(name) for name in draw(st.lists(st.sampled_from(hosts), max_size=3, unique=True))
        ),
        storage=draw(st.none() | storages()),
        migration=draw(st.just(AS_HOSTS_ARE_SET) | OPTIONS),
    )


@st.composite
def hosts_named(draw: st.DrawFn, name: str) -> HostSpec:
    """A host with both roots."""
    share = draw(st.booleans())
    return HostSpec(
        name=HostName(name),
        endpoint=f"https://{name}x.corp.example:{draw(st.integers(1, 65535))}/wsman",
        connection=Connection(
            auth=draw(st.sampled_from(["basic", "ntlm"])),
            credentials=draw(st.none() | st.just(FOLDER / "c.yaml")),
            ca=draw(st.none() | st.just(FOLDER / "certs" / "ca.pem")),
            proxy=draw(st.none() | st.just("http://proxy:3128")),
        ),
        storage={root: draw(folders()) for root in ROOTS},
        reserve=Reserve(
            memory_mib=draw(st.integers(0, 10**6)),
            disk_bytes=0 if share else draw(st.integers(0, 10**14)),
            disk_percent=float(draw(st.integers(0, 100))) if share else 0.0,
        ),
        allow_vtpm=draw(st.booleans()),
        away=draw(st.none() | st.builds(Away, until=st.dates(), reason=PART)),
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
GUARDS = st.builds(
    Guard,
    max_moves=st.none() | st.integers(0, 1000),
    max_bytes=st.none() | st.integers(0, 10**15 - 1),
    max_hosts=st.none() | st.integers(0, 1000),
    max_failures=st.none() | st.integers(1, 1000),
    freeze=st.lists(ONE_OFFS | WEEKLIES, max_size=2).map(tuple),
)


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """A valid stack; its apart-rules only name machines that may be anywhere."""
    names = draw(HOST_NAMES)
    labels = draw(LABELS)
    vms = {label: draw(machines(label, number, names)) for number, label in enumerate(labels)}
    free = [label for label, vm in vms.items() if not vm.hosts]
    kinds: tuple[Literal["apart", "together"], ...] = ("apart", "together")
    rules = [Rule(kind=draw(st.sampled_from(kinds)), labels=tuple(free))] if len(free) > 1 else []
    protected = draw(st.lists(st.sampled_from(labels), unique=True)) if labels else []
    delegation = draw(delegations(names))
    return Stack(
        path=FOLDER / "x.yaml",
        hosts={HostName(name): draw(hosts_named(name)) for name in names},
        vms=vms,
        rules=tuple(rules),
        guard=replace(draw(GUARDS), protected=tuple(protected)),
        directory=draw(DIRECTORIES if delegation else st.none() | DIRECTORIES),
        delegation=delegation,
    )


def rendered(stack: Stack) -> str:
    """Return `stack` as YAML, in PyYAML's own quoting."""
    document = {
        "hosts": {name: _host(host) for name, host in stack.hosts.items()},
        "vms": {label: _vm(vm) for label, vm in stack.vms.items()},
        "rules": [{rule.kind: list(rule.labels)} for rule in stack.rules],
        "guard": _guard(stack.guard),
        **_present(
            directory=stack.directory and _directory(stack.directory),
            delegation=stack.delegation and _delegation(stack.delegation),
        ),
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _present(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _host(host: HostSpec) -> dict[str, object]:
    connection = host.connection
    share, reserve = host.reserve.disk_percent, host.reserve
    return {
        "address": host.endpoint,
        "connection": _present(
            auth=connection.auth,
            credentials=connection.credentials and str(connection.credentials),
            ca=connection.ca and str(connection.ca.relative_to(FOLDER)),
            proxy=connection.proxy,
        ),
        "storage": dict(host.storage),
        "reserve": {
            "memory": f"{reserve.memory_mib} MiB",
            "disk": f"{share:g} %" if share else f"{reserve.disk_bytes} B",
        },
        "allow_vtpm": host.allow_vtpm,
        **_present(away=host.away and {"until": host.away.until.isoformat(), "reason": host.away.reason}),
    }


def _guard(guard: Guard) -> dict[str, object]:
    return _present(
        max_moves=guard.max_moves,
        max_bytes=None if guard.max_bytes is None else f"{guard.max_bytes} B",
        max_hosts=guard.max_hosts,
        max_failures=guard.max_failures,
        freeze=[_freeze(freeze) for freeze in guard.freeze],
        protected=list(guard.protected),
    )


def _freeze(freeze: Freeze) -> dict[str, object]:
    reason = _present(reason=freeze.reason or None)
    if isinstance(freeze, OneOff):
        return {"from": freeze.begins.isoformat(), "until": freeze.ends.isoformat(), **reason}
    begins, ends = (f"{DAYS[at.day]} {at.time:%H:%M}" for at in (freeze.begins, freeze.ends))
    return {"weekly": f"{begins} - {ends}", "timezone": freeze.zone.key, **reason}


def _directory(spec: DirectorySpec) -> dict[str, object]:
    return _present(
        server=spec.server,
        auth=spec.auth,
        credentials=str(spec.credentials),
        ca=spec.ca and str(spec.ca.relative_to(FOLDER)),
        kerberos_host=spec.kerberos_host,
    )


def _delegation(spec: DelegationSpec) -> dict[str, object]:
    return _present(
        hosts=list(spec.hosts), mode=spec.mode, shares=list(spec.shares) or None, on_delete=spec.on_delete
    )


def _vm(vm: VmSpec) -> dict[str, object] | None:
    storage = vm.storage
    entry = _present(
        id=vm.id and str(vm.id).lower(),
        name=None if vm.name == vm.label else vm.name,
        host=list(vm.hosts) if len(vm.hosts) > 1 else vm.hosts[0] if vm.hosts else None,
        storage=None if storage is None else _storage(storage),
        migration=_options(vm.migration) or None,
    )
    return entry or None


def _options(options: MigrationOptions) -> dict[str, object]:
    given = {name: getattr(options, name) for name in MigrationOptions.__dataclass_fields__}
    return _present(**{**given, "networks": list(options.networks) or None})


def _storage(storage: StorageSpec) -> object:
    parts = {storage.config, storage.checkpoints, storage.paging, storage.all_disks}
    if len(parts) == 1 and storage.config and not storage.disks and storage.layout == "hyper-v":
        return storage.config
    folder = storage.all_disks if storage.disks else None
    return _present(
        folder=folder,
        config=storage.config,
        checkpoints=storage.checkpoints,
        paging=storage.paging,
        disks=dict(storage.disks) or storage.all_disks,
        layout=storage.layout,
    )


def _expected(stack: Stack) -> Stack:
    """Return `stack` as the file can say it: a folder for all disks beside named ones is one for every part."""
    vms = {label: _spread(vm) for label, vm in stack.vms.items()}
    return replace(stack, vms=vms)


def _spread(vm: VmSpec) -> VmSpec:
    storage = vm.storage
    if storage is None or not storage.disks or storage.all_disks is None:
        return vm
    spread = {
        **_fields(storage),
        **{part: getattr(storage, part) or storage.all_disks for part in ("config", "checkpoints", "paging")},
    }
    return VmSpec(
        label=vm.label,
        name=vm.name,
        id=vm.id,
        hosts=vm.hosts,
        storage=StorageSpec(**spread),
        migration=vm.migration,
    )


def _without_lines(stack: Stack) -> tuple[object, ...]:
    vms = [(vm.label, vm.name, vm.id, vm.hosts, vm.storage, vm.migration) for vm in stack.vms.values()]
    rules = [(rule.kind, rule.labels) for rule in stack.rules]
    directory = stack.directory and replace(stack.directory, line=0)
    delegation = stack.delegation and replace(stack.delegation, line=0)
    return stack.path, list(stack.hosts.items()), vms, rules, stack.guard, directory, delegation


@settings(max_examples=100, deadline=None)
@given(stacks())
def test_a_rendered_stack_loads_to_equal_values(stack: Stack) -> None:
    """Writing and reading is the identity, in values and in order."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=FOLDER, encoding="utf-8", delete=False) as file:
        file.write(rendered(stack))
    path = Path(file.name)
    try:
        loaded = load(path)
    finally:
        path.unlink()

    assert loaded.path == path
    assert _without_lines(loaded)[1:] == _without_lines(_expected(stack))[1:]


@settings(max_examples=150, deadline=None)
@given(stacks(), st.data())
def test_any_damage_is_a_stack_file_error_or_none(stack: Stack, data: st.DataObject) -> None:
    """Whatever happens to a stack file, loading it gives a stack or a StackFileError with lines."""
    text = rendered(stack)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.text("\t\n \"'{}[]:,-#&*!|>%@`\\xD0~é\0", max_size=4)) + text[end:]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=FOLDER, encoding="utf-8", delete=False) as file:
        file.write(text)
    path = Path(file.name)
    try:
        load(path)
    except StackFileError as error:
        lines = str(error).split("\n")
        assert all(line.startswith(f"{path}:") and line.isprintable() for line in lines)
    finally:
        path.unlink()
