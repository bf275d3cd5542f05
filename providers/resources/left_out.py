"""A machine that the plan of this run has left out, and that counts: in its place by now, or an error of one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from providers.errors import MovedByOthersError, MoveRefusedError, NotPlannedError, VmUnknownError
from providers.model.estate import VirtualMachine
from providers.model.names import HostName
from providers.model.plan import Severity, Standing, Step
from providers.model.stack import Stack, VmSpec
from providers.planning.compare import step_of
from providers.planning.silence import who

from .fleet import YOUNG, Fleet
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
    spec = fleet.stack.vms.get(label) or VmSpec(label=label, name=label)
    target = planned or _own(spec, vm, fleet.stack)
    if target is None:
        raise _not_planned(label, vm, standing)
    found = fleet.sweep(max_age=YOUNG).inventory
    if vm.host not in found.hosts:
        raise VmUnknownError(f"{label}: its host {vm.host} no longer answers")
    found = fleet.closely(found, vm, target)
    vm = next((each for each in found.hosts[vm.host].vms if each.id == vm.id), vm)
    step = step_of(spec, vm, fleet.stack, found, target)
    if step.standing == Standing.IN_PLACE:
        return vm
    if step.standing == Standing.MOVE and (why := fleet.course.refused(label)) is not None:
        # alone it could go: the plan as a whole refuses it
        raise MoveRefusedError(why.text, remedy=why.remedy)
    if step.standing == Standing.MOVE and standing == Standing.REFUSED:
        return None
    raise _error(step, vm, standing)


def _error(step: Step, vm: VirtualMachine, standing: str) -> Exception:
    reasons = [finding for finding in step.findings if finding.severity == Severity.REFUSAL]
    if step.standing == Standing.MOVED_BY_OTHERS:
        return MovedByOthersError(reasons[0].text, remedy=reasons[0].remedy)
    if step.standing == Standing.REFUSED:
        return MoveRefusedError("; ".join(str(reason) for reason in reasons), remedy="")
    return _not_planned(step.label, vm, standing)


def _not_planned(label: str, vm: VirtualMachine, standing: str) -> NotPlannedError:
    return NotPlannedError(
        f"{label} is on {vm.host} now, and was {standing} when the moves of this run were planned: none is planned for it"
    )


def _own(spec: VmSpec, vm: VirtualMachine, stack: Stack) -> HostName | None:
    """Return the machine's own host where its entry alone lets it stay; what rules want, a plan of the whole tells."""
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
        silent = fleet.sweep().inventory.unreachable
        if not (inputs.get(STANDING) and silent):
            raise
        short = f"{label} is unknown: {who(silent.values())}"
        raise VmUnknownError(short, remedy="", detail=str(error)) from error
