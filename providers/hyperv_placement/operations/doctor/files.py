"""Machines whose files would get a name that another machine keeps, on any host that they may be on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding, Subject
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Standing, Step
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.planning.checks.file_names import owned_names, taken, taken_by
from hyperv_placement.planning.machine.identify import identify
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.machine.wanted_move import order


def file_diagnoses(stack: Stack, inventory: Inventory) -> Iterator[Finding]:
    """Yield an error for each machine and host. Machines that are to leave count as gone, unless a name stops them."""
    found = {
        label: (spec, vm)
        for label, spec in stack.vms.items()
        if isinstance(vm := identify(spec, inventory, None), VirtualMachine)
    }
    steps = [
        Step(label=label, standing=Standing.MOVE if move else Standing.IN_PLACE, placement=Placement(), vm=vm, vm_id=vm.id, move=move)
        for label, (spec, vm) in found.items()
        for move in (_move(stack, inventory, spec, vm, _first(spec, vm)),)
    ]  # fmt: skip
    refused = taken(steps, inventory)
    for step in steps:
        if step.label in refused and step.move is not None:
            yield _diagnosis(step.label, step.move, refused[step.label])
    # A machine that is refused stays, and keeps its names: it must not count as gone.
    leaving = {step.vm_id for step in steps if step.move and step.label not in refused and step.vm_id}
    owned = owned_names(inventory)
    for label, (spec, vm) in found.items():
        for host in spec.hosts:
            move = _move(stack, inventory, spec, vm, host) if host != _first(spec, vm) else None
            if move is not None:
                for finding in taken_by(move, inventory, owned, leaving):
                    yield _diagnosis(label, move, finding)


def _first(spec: VmSpec, vm: VirtualMachine) -> HostName:
    """Return its own host if it may stay there, otherwise the first host that it may be on."""
    return vm.host if not spec.hosts or vm.host in spec.hosts else spec.hosts[0]


def _move(
    stack: Stack, inventory: Inventory, spec: VmSpec, vm: VirtualMachine, host: HostName
) -> Move | None:
    source, destination = inventory.hosts[vm.host], inventory.hosts.get(host)
    if destination is None or host not in stack.hosts:
        return None
    wanted = replace(locate(spec, vm, stack.hosts[host]).placement, host=host)
    move = order(vm, wanted, source, destination)
    return replace(move, options=spec.migration) if move is not None else None


def _diagnosis(label: str, move: Move, finding: Finding) -> Finding:
    where = Subject.machine(label, move.destination if move.changes_host else None)
    return finding.about(where, "The move is refused")
