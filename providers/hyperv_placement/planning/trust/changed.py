"""The changes of trust between two versions of a stack file, by the values that count in the end.

A field of the model that is not named here as placement is trust: a key that somebody adds cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hyperv_placement.model import winpath
from hyperv_placement.model.guard import NO_LIMITS
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import HostSpec, Stack, VmSpec
from hyperv_placement.planning.review.changes import leaves, shown

from .loosened import loosened
from .model import Aspect, TrustChange

_HOST_PLACEMENT = (
    "name",
    "storage",
    "reserve",
    "bandwidth",
    "away",
    "windows",
    "limits",
    "live_migration.enabled",
    "live_migration.live_limit",
    "live_migration.storage_limit",
    "live_migration.performance",
)
"""Fields of a host that say what goes where and when. Windows and servers of shares in `storage` are looked at apart."""
_HOST_PASSWORDS = ("endpoint", "connection", "live_migration.authentication")
"""With live_migration.authentication: credssp a caller hands its password to the source host (Set-VMHost)."""
_STACK_PLACEMENT = frozenset(
    {
        "path",
        "digest",
        "hosts",
        "vms",
        "rules",
        "guard",
        "windows",
        "limits",
        "one_at_a_time",
        "balance",
        "maintenance",
        "holds",
        "others",
        "delegation_wait",
        "wait_for_activity",
        "on_cancel",
        "policy",
        "audit_required",
        "bystanders",
        "zone",
    }
)
"""Of those, hosts, vms, guard, windows, holds with their zone, audit_required and bystanders are looked at apart; the policy is the operator's, and no part of the file."""
_STACK_PASSWORDS = frozenset({"directory"})
_VM_PLACEMENT = ("name", "id", "hosts", "storage", "migration", "snooze", "prefer", "windows")
"""Windows are looked at apart."""
_NEW = "new host"
_SHORT = {"endpoint": "address"}
"""How the stack file calls a field of the model."""

Permitted = Callable[[HostSpec], bool]


def trust_changes(
    before: Stack,
    after: Stack,
    *,
    replaced: Collection[Path] = (),
    permitted: Permitted = lambda _: False,
    now: datetime | None = None,
) -> tuple[TrustChange, ...]:
    """Return what `after` changes of trust, passwords first.

    replaced    files that both name and whose content is another one now
    permitted   whether the operator's policy lets credentials go to a host as it is declared
    now         freezes that are over by then may go; None: none is over
    """
    renamed = _renamed(before, after)
    found = (
        *_hosts(before, after, renamed, frozenset(replaced)),
        *_new_hosts(before, after, renamed, frozenset(replaced), permitted),
        *_sections(before, after, renamed, frozenset(replaced)),
        *_servers(before, after),
        *_machines(before, after, renamed),
        *(_guarded(*each) for each in loosened(before, after, now)),
    )
    order = list(Aspect)
    return tuple(sorted(found, key=lambda change: order.index(change.aspect)))


def removal(before: Stack) -> tuple[TrustChange, ...]:
    """Return what the removal of a stack file changes: its guard no longer holds anything back."""
    gone = _guarded("stack file", "declared", None)
    free = replace(
        before, guard=NO_LIMITS, audit_required=False, windows=(),
        hosts={name: replace(host, windows=()) for name, host in before.hosts.items()},
        vms={label: replace(vm, windows=()) for label, vm in before.vms.items()},
    )  # fmt: skip
    return (gone, *(_guarded(*each) for each in loosened(before, free, None)))


def _guarded(name: str, before: str | None, after: str | None) -> TrustChange:
    return TrustChange(aspect=Aspect.GUARD, name=name, before=before, after=after)


def _hosts(
    before: Stack, after: Stack, renamed: Mapping[HostName, HostName], replaced: frozenset[Path]
) -> Iterator[TrustChange]:
    """Yield each value that changes, with all hosts for which it changes alike."""
    alike: dict[tuple[str, str | None, str | None], list[str]] = {}
    for name, host in after.hosts.items():
        earlier = before.hosts.get(renamed.get(name, name))
        if earlier is None:
            continue
        old, new = _trusted(earlier), _trusted(host)
        for way in dict.fromkeys([*new, *old]):
            sides = _sides(old.get(way), new.get(way), before, after, replaced)
            if sides is not None:
                alike.setdefault((way, *sides), []).append(name)
    for (way, old_text, new_text), names in alike.items():
        yield TrustChange(
            aspect=Aspect.PASSWORDS if _among(way, _HOST_PASSWORDS) else Aspect.TRUST,
            subjects=tuple(names),
            everywhere=len(names) == len(after.hosts) > 1,
            name=_key(way),
            before=old_text,
            after=new_text,
        )


def _sides(
    old: Any, new: Any, before: Stack, after: Stack, replaced: frozenset[Path]
) -> tuple[str | None, str | None] | None:
    """Return both sides of a value as shown; None if nothing has changed."""
    if old == new:
        # The path is the same, the file is not: another authority under the old name is another authority.
        if isinstance(new, Path) and new in replaced:
            return f"{shown(new, before)} as it was", f"{shown(new, after)} with other content"
        return None
    return (
        None if old is None else shown(old, before),
        None if new is None else shown(new, after),
    )


def _trusted(host: HostSpec) -> dict[str, Any]:
    return {way: _plain(value, {}) for way, value in leaves("", host) if not _among(way, _HOST_PLACEMENT)}


def _among(way: str, names: tuple[str, ...]) -> bool:
    return any(way == name or way.startswith(f"{name}.") for name in names)


def _key(way: str) -> str:
    return _SHORT.get(way, way.removeprefix("connection."))


def _renamed(before: Stack, after: Stack) -> dict[HostName, HostName]:
    """Return, by new key, hosts that only got another key."""
    gone = {
        tuple(_trusted(host).items()): name for name, host in before.hosts.items() if name not in after.hosts
    }
    return {
        name: earlier
        for name, host in after.hosts.items()
        if name not in before.hosts and (earlier := gone.get(tuple(_trusted(host).items()))) is not None
    }


def _new_hosts(
    before: Stack,
    after: Stack,
    renamed: Mapping[HostName, HostName],
    replaced: frozenset[Path],
    permitted: Permitted,
) -> Iterator[TrustChange]:
    used = {_whose(host) for host in before.hosts.values()}
    for name, host in after.hosts.items():
        if name in before.hosts or name in renamed:
            continue
        files = {value for _, value in leaves("", host.connection) if isinstance(value, Path)}
        said = [f"{_key(way)}: {shown(value, after)}" for way, value in _trusted(host).items() if value]
        yield TrustChange(
            aspect=Aspect.PASSWORDS, subjects=(name,), name=_NEW, after=", ".join(said),
            # A policy speaks of hosts, not of which secret goes there: only known credentials pass (ADR 0031).
            stops=host.allow_vtpm or _whose(host) not in used or not permitted(host) or not replaced.isdisjoint(files),
        )  # fmt: skip


def _whose(host: HostSpec) -> tuple[Any, ...]:
    """Return which credentials go to a host, and how, which a policy that names hosts does not cover."""
    return replace(host.connection, kerberos_host=None), host.live_migration.authentication


def _sections(
    before: Stack, after: Stack, renamed: Mapping[HostName, HostName], replaced: frozenset[Path]
) -> Iterator[TrustChange]:
    now_called = {earlier: name for name, earlier in renamed.items()}
    for field in fields(Stack):
        # What does not count in comparisons is not of the file.
        if field.name in _STACK_PLACEMENT or not field.compare:
            continue
        old, new = (dict(leaves(field.name, getattr(stack, field.name))) for stack in (before, after))
        for way in dict.fromkeys([*new, *old]):
            hosts = now_called if way == "delegation.hosts" else {}
            pair = (_plain(old.get(way), hosts), _plain(new.get(way), {}))
            sides = _sides(*pair, before, after, replaced)
            # Not declared and an empty list mean the same.
            if sides is not None and pair not in ((None, ()), ((), None)):
                aspect = Aspect.PASSWORDS if field.name in _STACK_PASSWORDS else Aspect.TRUST
                yield TrustChange(aspect=aspect, name=way, before=sides[0] or None, after=sides[1] or None)


def _plain(value: Any, now_called: Mapping[HostName, HostName]) -> Any:
    """Return a list of names sorted, with hosts by their present keys."""
    if isinstance(value, tuple):
        return tuple(sorted(now_called.get(each, each) for each in value))
    return value


def _servers(before: Stack, after: Stack) -> Iterator[TrustChange]:
    r"""Yield file servers that no path named before: hosts log on there and put machines' files there."""
    known = {server for server, _ in _named_servers(before)}
    for server, path in dict(_named_servers(after)).items():
        if server not in known:
            yield TrustChange(aspect=Aspect.TRUST, subjects=(server,), name="new file server", after=path)


def _named_servers(stack: Stack) -> Iterator[tuple[str, str]]:
    entries = (*(host.storage for host in stack.hosts.values()), *(vm.storage for vm in stack.vms.values()))
    for entry in entries:
        for _, path in leaves("", entry):
            found = winpath.server_and_rest(path) if isinstance(path, str) else None
            if found is not None:
                yield found[0], path


def _machines(before: Stack, after: Stack, renamed: Mapping[HostName, HostName]) -> Iterator[TrustChange]:
    for label, vm in after.vms.items():
        earlier = before.vms.get(label)
        yield from _overwriting(label, _overwritten(earlier, before, {}), _overwritten(vm, after, renamed))
        old = {} if earlier is None else _others(earlier)
        for way, value in _others(vm).items():
            if old.get(way) != value:
                yield TrustChange(
                    aspect=Aspect.TRUST, subjects=(label,), name=way,
                    before=None if way not in old else str(old[way]), after=str(value),
                )  # fmt: skip


def _overwriting(label: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[TrustChange]:
    """Yield disks that may now overwrite files, and those that were allowed to at another place: the permission was about the files there."""
    added = sorted(key for key in new if key not in old)
    if added:
        yield TrustChange(aspect=Aspect.GUARD, subjects=(label,), name="overwrite", after=", ".join(added))
    for key, place in new.items():
        if old.get(key, place) != place:
            yield TrustChange(
                aspect=Aspect.GUARD, subjects=(label,), name="overwrite",
                before=f"{key} at {old[key]}", after=f"{key} at {place}",
            )  # fmt: skip


def _overwritten(vm: VmSpec | None, stack: Stack, renamed: Mapping[HostName, HostName]) -> dict[str, str]:
    """Return where each disk goes that may overwrite files, with hosts by their previous keys."""
    if vm is None or vm.storage is None:
        return {}
    hosts = ", ".join(sorted(renamed.get(host, host) for host in vm.hosts)) or "any host"
    meant = [stack.hosts[host].storage for host in vm.hosts or stack.hosts]

    def place(location: str) -> str:
        """Return a location with the folders that it means on these hosts."""
        folders = sorted({roots[location] for roots in meant if location in roots})
        return f"{location} ({', '.join(folders)})" if folders else location

    return {key: f"{place(vm.storage.disks[key])} on {hosts}" for key in sorted(vm.storage.overwrite)}


def _others(vm: VmSpec) -> dict[str, Any]:
    return {way: value for way, value in leaves("", vm) if not _among(way, _VM_PLACEMENT)}
