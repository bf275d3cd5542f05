"""Looks for machines that are on no host of their stack at the hosts of the other stacks of the project, where somebody asks for that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.siblings import Sibling, Siblings
from hyperv_placement.model.stack import HostSpec, Stack
from hyperv_placement.stackfile import load
from hyperv_placement.stackfile.addresses import authority


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the hosts of other stacks show."""

    siblings: Siblings
    """With what was found; where a host answered, what its last run had seen there counts no more."""
    notes: tuple[str, ...]
    """What was asked, and which hosts did not answer: whether a machine is there is unknown."""


def look_next_door(stack: Stack, siblings: Siblings, machines: Collection[VmId], clock: Clock) -> Looked:
    """Ask the hosts of the other stacks, each by its own stack file, for machines; hosts of both stacks were asked already."""
    ours = {authority(host.endpoint) for host in stack.hosts.values()}
    read, notes = list[Sibling](), list[str]()
    for sibling in siblings.read:
        found, said = _looked(sibling, stack, ours, machines, clock)
        read.append(found)
        notes += said
    notes += (
        f"stack {name} was not asked, for its file cannot be read: {why}"
        for name, why in siblings.unread.items()
    )
    return Looked(siblings=replace(siblings, read=tuple(read)), notes=tuple(notes))


def _looked(
    sibling: Sibling, stack: Stack, ours: Collection[str], machines: Collection[VmId], clock: Clock
) -> tuple[Sibling, list[str]]:
    try:
        hosts = load(stack.path.with_name(f"{sibling.stack}.yaml")).hosts
    except PlacementError as error:
        return sibling, [f"stack {sibling.stack} was not asked: {error}"]
    theirs = {name: spec for name, spec in hosts.items() if authority(spec.endpoint) not in ours}
    if not theirs:
        return sibling, []
    shown, silent = _shown(theirs, machines, clock)
    # Where a host has answered, its answer counts: a machine that it does not show has left it.
    places = {
        vm: host
        for vm, host in sibling.places.items()
        if vm not in machines or host in silent or host not in theirs
    }
    return replace(sibling, shown=shown, places=places), list(_notes(sibling.stack, theirs, silent))


def _shown(
    hosts: Mapping[HostName, HostSpec], machines: Collection[VmId], clock: Clock
) -> tuple[dict[VmId, HostName], Mapping[HostName, str]]:
    with closing(Estate(hosts, clock=clock)) as estate:
        inventory = estate.read(Detail.PLACEMENT)
    shown = {vm.id: vm.host for vm in inventory.vms() if vm.id in machines}
    return shown, {name: each.reason for name, each in inventory.unreachable.items()}


def _notes(stack: str, asked: Collection[HostName], silent: Mapping[HostName, str]) -> Iterator[str]:
    answered = [name for name in asked if name not in silent]
    if answered:
        yield f"asked for machines that are missing here: {', '.join(answered)} of stack {stack}"
    yield from (
        f"whether machines that are missing here are on {stack}'s {name} is unknown: {reason}"
        for name, reason in silent.items()
    )
