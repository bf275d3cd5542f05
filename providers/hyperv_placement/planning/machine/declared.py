"""Whether what a call asks for a machine is what the stack file declares. Pure.

The engine passes on what anybody on its port registers; the plugin therefore compares it with the stack file itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hyperv_placement.model import winpath
from hyperv_placement.model.directory import FLAG, DelegationSpec
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.delegation.entries import FILES, MIGRATION_SERVICE, principal_of, short_name

from .allowed import allowed
from .difference import observed
from .way_back import located


def undeclared(stack: Stack, label: str, vm: VirtualMachine, wanted: Placement) -> tuple[str, ...]:
    """Return the parts of a wanted placement that the stack file does not declare, as lines of an error.

    A file's present place counts as declared, and so does any place inside the declared folder: somebody may have
    moved the machine since the plan was made.
    """
    if label not in stack.vms:
        return (f"{label} is not in {stack.path.name}",)
    return tuple(_undeclared(stack, label, vm, wanted))


def undeclared_delegation(
    stack: Stack, host: HostName, *, mode: str, on_delete: str, entries: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the parts of a host account's delegation that the stack file does not declare, as lines of an error.

    `entries`: entry -> the host or file server that it is about. The stack file need not declare what a host is
    called: the directory is asked whether the name is a host's before it is added.
    """
    spec, file = stack.delegation, stack.path.name
    if spec is None or host not in spec.hosts:
        return (f"the delegation of {host} is not in {file}",)
    apart = [
        f"{name} {asked} is not in {file}"
        for name, asked, said in (("mode:", mode, spec.mode), ("on_delete:", on_delete, spec.on_delete))
        if asked != said
    ]
    strange = sorted(
        entry for entry, about in entries.items() if not _is_declared(entry, about, host, spec, entries)
    )
    return (*apart, *(f"{entry} for {host} is not in {file}" for entry in strange))


def _is_declared(
    entry: str, about: str, host: HostName, spec: DelegationSpec, entries: Mapping[str, str]
) -> bool:
    """Say whether an entry is a service of a declared host or of a declared file server, or the flag."""
    if entry == FLAG:
        return spec.mode == "protocol-transition"
    other = about in spec.hosts and about != host
    if principal_of(entry) is not None:
        return spec.mode == "resource-based" and other
    kind, _, target = entry.partition("/")
    if kind == MIGRATION_SERVICE:
        return other and _has_full_name(target, about, entries)
    return kind == FILES and (
        (other and f"{MIGRATION_SERVICE}/{target}" in entries)
        or (about in spec.shares and folded(target.partition(".")[0]) == folded(about.partition(".")[0]))
    )


def _has_full_name(target: str, about: str, entries: Mapping[str, str]) -> bool:
    """Say whether a name is full, or the NetBIOS name or first label of the same host's full name: only full names are looked up."""
    full = (
        name
        for entry, other in entries.items()
        if other == about
        for kind, _, name in [entry.partition("/")]
        if kind == MIGRATION_SERVICE and "." in name
    )
    shorter = {folded(each) for name in full for each in (short_name(name), name.partition(".")[0])}
    return "." in target or folded(target) in shorter


def _undeclared(stack: Stack, label: str, vm: VirtualMachine, wanted: Placement) -> Iterator[str]:
    if wanted.host is not None and wanted.host not in (vm.host, *allowed(stack, label, vm)):
        yield f"{label} on {wanted.host} is not in {stack.path.name}"
        return
    said = [observed(vm), *_said(stack, label, vm, wanted)]
    for name in ("config", "checkpoints", "paging"):
        place = getattr(wanted, name)
        if place is not None and not _is_among(place, [getattr(each, name) for each in said]):
            yield f"{name} of {label} in {place} is not in {stack.path.name}"
    files = [path for each in said for path in each.disks.values()]
    for path in wanted.disks.values():
        if not _is_among(path, files):
            yield f"a disk of {label} in {path} is not in {stack.path.name}"


def _said(stack: Stack, label: str, vm: VirtualMachine, wanted: Placement) -> Iterator[Placement]:
    """Yield where the stack file has the files: for the machine as it is, and as it would be once it is as wanted."""
    # Keys may be file names, and a file that gets another name is found under either.
    host = stack.hosts[wanted.host or vm.host]
    roots = replace(
        vm.roots,
        config=wanted.config or vm.roots.config,
        checkpoints=wanted.checkpoints or vm.roots.checkpoints,
        paging=wanted.paging or vm.roots.paging,
    )
    disks = tuple(replace(each, path=wanted.disks.get(each.slot, each.path)) for each in vm.disks)
    for each in (vm, replace(vm, roots=roots, disks=disks)):
        yield located(stack, stack.vms[label], each, host).placement


def _is_among(path: str, places: Sequence[str | None]) -> bool:
    return any(place is not None and winpath.same(path, place) for place in places)
