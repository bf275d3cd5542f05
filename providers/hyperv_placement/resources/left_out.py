"""A machine that the plan of this run has left out, and that counts: in its place by now, or an error of one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hyperv_placement.errors import MovedByOthersError, MoveRefusedError, NotPlannedError, VmUnknownError
from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Stack, VmSpec
from hyperv_placement.model.unreachable import who
from hyperv_placement.planning.standing import step_of

from .fleet import Fleet
from .identity import managed_spec, spec_of
from .properties import STANDING


def proven(
    fleet: Fleet, label: str, vm: VirtualMachine, standing: str, planned: HostName | None
) -> VirtualMachine | None:
    """Return the machine as it is read now, where that is its place. It is never moved here.

    None where the plan has refused to move it and nothing forbids that any more: the run itself may have set what lacked,
    as the settings of a host.

    `standing`: how the plan has it; `planned`: the host that the plan wants it on, None where it did not find the machine.
    Raises PlacementError: MovedByOthersError, MoveRefusedError, NotPlannedError, or that of a host which does not answer.
    """
    spec = spec_of(fleet, label)
    vm, target, found = _read_anew(fleet, label, vm, standing, planned)
    step = step_of(spec, vm, fleet.stack, found, target)
    if step.standing == Standing.IN_PLACE:
        return vm
    if step.standing == Standing.MOVE and (why := fleet.run_order.refused(label)) is not None:
        # alone it could go: the plan as a whole refuses it
        raise MoveRefusedError(why.text, remedy=why.remedy)
    if step.standing == Standing.MOVE and standing == Standing.REFUSED:
        return None
    reasons = [finding for finding in step.findings if finding.refuses]
    if step.standing == Standing.MOVED_BY_OTHERS:
        raise MovedByOthersError(reasons[0].text, remedy=reasons[0].remedy)
    if step.standing == Standing.REFUSED:
        raise MoveRefusedError("; ".join(str(reason) for reason in reasons), remedy="")
    raise _not_planned(step.label, vm, standing)


def _read_anew(
    fleet: Fleet, label: str, vm: VirtualMachine, standing: str, planned: HostName | None
) -> tuple[VirtualMachine, HostName, Inventory]:
    """Return the machine as its host shows it now, where it is declared to be, and what was read.

    The sweep that showed its migration does not show where it is when that has ended.
    """
    for age in (START_MAX_AGE_S, 0.0):
        vm = fleet.find(managed_spec(fleet, label), vm.id, max_age=age)
        sweep = fleet.readings.sweep()
        target = planned or _own(spec_of(fleet, label), vm, fleet.stack)
        if target is None:
            raise _not_planned(label, vm, standing)
        if vm.host not in sweep.inventory.hosts:
            raise VmUnknownError(f"{label}: its host {vm.host} no longer answers")
        found = fleet.readings.ends(sweep.inventory, vm, target, after=None if age else sweep.begun)
        shown = next((each for each in found.hosts[vm.host].vms if each.id == vm.id), None)
        if shown is not None:
            return shown, target, found
    raise VmUnknownError(f"{label} is unknown: {vm.host} does not show it any more", remedy="Run again")


def _not_planned(label: str, vm: VirtualMachine, standing: str) -> NotPlannedError:
    return NotPlannedError(
        f"{label} is on {vm.host} now, and was {standing} when the moves of this run were planned: none is planned for it"
    )


def _own(spec: VmSpec, vm: VirtualMachine, stack: Stack) -> HostName | None:
    """Return the machine's own host where its entry alone lets it stay; what rules want is known to a plan of the whole stack only."""
    # Where rules want it depends on the other machines, so that no look at this one alone can prove it.
    ruled = any(spec.label in rule.labels for rule in stack.rules)
    fits = vm.host in (spec.hosts or stack.hosts)
    return vm.host if fits and not ruled and vm.host not in stack.maintenance else None


@contextmanager
def briefly(label: str, inputs: Mapping[str, Any], fleet: Fleet) -> Iterator[None]:
    """Have the error of a machine that was unknown to the plan as well name the silent hosts and no more.

    Why they are silent, and how many machines that hits, the program has said once.
    """
    try:
        yield
    except VmUnknownError as error:
        silent = fleet.readings.sweep().inventory.unreachable
        # Without `standing` the program knew the machine: then the reason is news, and is given in full.
        if not (inputs.get(STANDING) and silent):
            raise
        short = f"{label} is unknown: {who(silent.values())}"
        raise VmUnknownError(short, remedy="", detail=str(error)) from error
