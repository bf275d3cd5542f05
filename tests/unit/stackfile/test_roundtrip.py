"""Any valid stack, written out as YAML, loads to equal values."""

from __future__ import annotations

import dataclasses
import tempfile
import typing
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from hypothesis import find, given, settings
from hypothesis import strategies as st

from hyperv_placement.errors import StackFileError
from hyperv_placement.model.directory import DelegationSpec, DirectorySpec
from hyperv_placement.model.guard import DAYS, Daily, Guard, OneOff, Window
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.model.others import Others
from hyperv_placement.model.pace import Pace
from hyperv_placement.model.stack import (
    ANY_NETWORK,
    Hold,
    HostSpec,
    LiveMigration,
    Maintenance,
    Rule,
    Stack,
    StorageSpec,
    VmSpec,
)
from hyperv_placement.stackfile import load

from .drawn import FOLDER, stacks


def rendered(stack: Stack) -> str:
    """Return `stack` as YAML, in PyYAML's own quoting."""
    document = {
        "hosts": {name: _host(host) for name, host in stack.hosts.items()},
        "vms": {label: _vm(vm) for label, vm in stack.vms.items()},
        "rules": [_rule(rule) for rule in stack.rules],
        "timezone": str(stack.zone),
        "delegation_wait": stack.delegation_wait,
        "wait_for_activity": stack.wait_for_activity,
        "on_cancel": stack.on_cancel.value,
        "guard": _guard(stack.guard),
        "balance": {"by": list(stack.balance.by) or "none", "threshold": f"{stack.balance.threshold:g} %"},
        **_present(
            directory=stack.directory and _directory(stack.directory),
            delegation=stack.delegation and _delegation(stack.delegation),
            window=_windows(stack.windows),
            limits=_limits(stack.limits),
            one_at_a_time=[list(turns.labels) for turns in stack.one_at_a_time] or None,
            maintenance=[_empty(name, entry) for name, entry in stack.maintenance.items()] or None,
            others=[_others(each) for each in stack.others] or None,
            hold=[_hold(hold) for hold in stack.holds] or None,
            audit="required" if stack.audit_required else None,
            bystanders="allow" if stack.bystanders else None,
        ),
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _present(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def _empty(name: str, entry: Maintenance) -> object:
    said = _present(
        until=entry.until and entry.until.isoformat(), reason=entry.reason or None, to=list(entry.to) or None
    )
    return {"host": name, **said} if said else name


def _hold(hold: Hold) -> dict[str, object]:
    return _present(host=hold.host, vm=hold.label, until=hold.until.isoformat(), reason=hold.reason)


def _others(entry: Others) -> object:
    said = _present(until=entry.until and entry.until.isoformat(), reason=entry.reason or None)
    if entry.siblings:
        return {"siblings": True, **said}
    return {"names": list(entry.names), **said} if said or len(entry.names) > 1 else entry.names[0]


def _rule(rule: Rule) -> dict[str, object]:
    if rule.kind == "within":
        return {"within": {"vms": list(rule.labels), "hosts": list(rule.hosts)}}
    return {rule.kind: list(rule.labels or rule.hosts)}


def _live_migration(spec: LiveMigration) -> dict[str, object]:
    networks = "any" if spec.networks == ANY_NETWORK else spec.networks and list(spec.networks)
    return _present(**{**dataclasses.asdict(spec), "networks": networks})


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
            kerberos_host=connection.kerberos_host,
        ),
        "storage": dict(host.storage),
        "reserve": {
            "memory": f"{reserve.memory_mib} MiB",
            "disk": f"{share:g} %" if share else f"{reserve.disk_bytes} B",
        },
        "allow_vtpm": host.allow_vtpm,
        **_present(
            account=host.account,
            full_name=host.full_name,
            bandwidth=host.bandwidth and f"{host.bandwidth * 8 / 1e6:.0f} Mbit/s",
            live_migration=_live_migration(host.live_migration) or None,
            window=_windows(host.windows),
            limits=_limits(host.limits),
            away=host.away and {"until": host.away.until.isoformat(), "reason": host.away.reason},
        ),
    }


def _guard(guard: Guard) -> dict[str, object]:
    return _present(
        max_moves=guard.max_moves,
        max_bytes=None if guard.max_bytes is None else f"{guard.max_bytes} B",
        max_hosts=guard.max_hosts,
        max_failures=guard.max_failures,
        freeze=[_window(freeze) for freeze in guard.freeze],
        protected=list(guard.protected),
        all_or_nothing=guard.all_or_nothing,
    )


def _windows(windows: tuple[Window, ...]) -> list[dict[str, object]] | None:
    return [_window(each) for each in windows] or None


def _window(window: Window) -> dict[str, object]:
    reason = _present(reason=window.reason or None)
    if isinstance(window, OneOff):
        return {"from": window.begins.isoformat(), "until": window.ends.isoformat(), **reason}
    if isinstance(window, Daily):
        daily = f"{window.begins:%H:%M} - {window.ends:%H:%M}"
        return {"daily": daily, "timezone": window.zone.key, **reason}
    begins, ends = (f"{DAYS[at.day]} {at.time:%H:%M}" for at in (window.begins, window.ends))
    return {"weekly": f"{begins} - {ends}", "timezone": window.zone.key, **reason}


def _limits(limits: tuple[Pace, ...]) -> list[dict[str, object]] | None:
    return [
        _present(
            **(_window(each.window) if each.window is not None else {}),
            copies=each.copies,
            bandwidth=each.bandwidth and f"{each.bandwidth * 8 / 1e6:.0f} Mbit/s",
        )
        for each in limits
    ] or None


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
        window=_windows(vm.windows),
        prefer=list(vm.prefer) or None,
        snooze=vm.snooze and {"until": vm.snooze.until.isoformat(), "reason": vm.snooze.reason},
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
        disks={
            key: {"path": path, "overwrite": True} if key in storage.overwrite else path
            for key, path in storage.disks.items()
        }
        or storage.all_disks,
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
    everything = storage.all_disks
    spread = replace(
        storage,
        config=storage.config or everything,
        checkpoints=storage.checkpoints or everything,
        paging=storage.paging or everything,
    )
    return replace(vm, storage=spread)


UNSAID = frozenset({"path", "line", "by", "since"})
"""Fields that a stack file cannot say; others of that kind are left out of comparisons by their dataclass."""


def _sayable(kind: Any) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(kind) if field.compare and field.name not in UNSAID]


def _content(value: Any) -> object:
    """Return everything in a value that a stack file can say, in its order."""
    if dataclasses.is_dataclass(value):
        return [(field.name, _content(getattr(value, field.name))) for field in _sayable(value)]
    if isinstance(value, Mapping):
        return [(key, _content(each)) for key, each in value.items()]
    return [_content(each) for each in value] if isinstance(value, tuple) else value


def _fields_below(hint: Any) -> Iterator[tuple[str, str]]:
    """Yield class and name of each field that values of a type can have, however deep."""
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        for field in _sayable(hint):
            yield typing.cast("type", hint).__name__, field.name
            yield from _fields_below(hints[field.name])
    for part in typing.get_args(hint):
        yield from _fields_below(part)


def _said(value: Any) -> Iterator[tuple[str, str]]:
    """Yield class and name of each field in a value that is not as it would be if nothing were said of it."""
    if dataclasses.is_dataclass(value):
        for field in _sayable(value):
            own = getattr(value, field.name)
            made = field.default_factory() if callable(field.default_factory) else field.default
            if own != made:
                yield type(value).__name__, field.name
            yield from _said(own)
    elif isinstance(value, Mapping | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _said(each)


def test_a_rendered_stack_loads_to_equal_values() -> None:
    """Writing and reading is the identity, in values and in order, for everything that a stack file can say.

    That is asked of the dataclasses: a field that is new to one of them, and is not drawn or not rendered, fails.
    """
    drawn = set[tuple[str, str]]()

    def check(stack: Stack) -> None:
        drawn.update(_said(stack))
        with tempfile.NamedTemporaryFile(
            "w", suffix=".yaml", dir=FOLDER, encoding="utf-8", delete=False
        ) as file:
            file.write(rendered(stack))
        path = Path(file.name)
        try:
            loaded = load(path)
        finally:
            path.unlink()
        assert loaded.path == path
        assert _content(loaded) == _content(_expected(stack))

    settings(max_examples=100, deadline=None, derandomize=True, database=None)(given(stacks())(check))()
    # What a hundred draws happen to lack changes with the constants in the code, which Hypothesis draws from, too.
    looked_for = settings(max_examples=2_000, derandomize=True, database=None)
    for field in sorted(set(_fields_below(Stack)) - drawn):
        check(find(stacks(), lambda stack, field=field: field in set(_said(stack)), settings=looked_for))  # type: ignore[misc]


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
