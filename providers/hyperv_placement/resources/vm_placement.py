"""VmPlacement: one virtual machine at its place. Adopt, move, read, forget; never make or destroy a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from hyperv_placement.errors import (
    MovedByOthersError,
    MoveRefusedError,
    PlacementError,
    PlanError,
    VmAmbiguousError,
    VmMissingError,
    VmUnknownError,
)
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.model.estate import Host, Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId, is_guid, vm_id
from hyperv_placement.model.plan import Placement, ScheduledMove, Standing, Step
from hyperv_placement.planning import differences, has_made_room, observed
from hyperv_placement.planning.checks.guard import protect
from hyperv_placement.planning.machine.doubles import is_outdated
from hyperv_placement.planning.machine.legs import departures
from hyperv_placement.planning.machine.takeover import takeover
from hyperv_placement.planning.plan import judge
from hyperv_placement.report.text import run_took, took

from .call import Call, HalfDoneError, current
from .diff_answer import ADD, DELETE, UPDATE, DetailedDiffResult
from .file_names import names_are_free
from .fleet import YOUNG, Fleet, Fleets, fleets
from .identity import (
    brought_by_others,
    check_declared,
    check_in_file,
    check_named,
    check_takeover,
    keep,
    keep_place,
    managed_id,
    managed_spec,
    means_another,
    meant_by,
    spec_of,
)
from .left_out import briefly, proven
from .past_moves import MoveHistory, past_in, remembered
from .properties import PLACED, STANDING, outputs_of, placement_of

TYPE = "pulumi-python:dynamic/hyperv:VmPlacement"


class VmPlacement(ResourceProvider):
    """The provider's verbs for one machine. It keeps nothing: state is what the hosts say now."""

    def __init__(self, of: Callable[[], Fleets] = fleets) -> None:
        """`of`: returns the fleets of this process."""
        super().__init__()
        self._fleets = of

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Accept the inputs: the program has checked the whole stack file before it declared anything."""
        fleet = self._fleets().of_reader(
            current.get().stack
        )  # None: the stack file's errors are told elsewhere
        if fleet is not None:
            fleet.run_order.name(current.get().label)
            fleet.arrival.look()
        return CheckResult(news, [])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DetailedDiffResult:
        """Compare wanted inputs with observed outputs.

        What the plan leaves out, or what must be cleared up by hand, counts as a change, so that the run ends with its
        error; of an unknown machine that does not count nothing is planned. So does what is scheduled: the program may have
        read the hosts later than state was, and found it elsewhere.
        """
        found, label = self._compared(_id, olds, news), current.get().label
        fleet = self._fleets().of_reader(current.get().stack)
        if fleet is None or found.detailed:
            return found
        if fleet.run_order.legs(label):
            return DetailedDiffResult({"host": UPDATE})
        fleet.run_order.unchanged(label)
        return found

    def _compared(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DetailedDiffResult:
        if news.get(STANDING):
            return DetailedDiffResult({STANDING: ADD})
        if not news.get("vmId"):
            return DetailedDiffResult({})  # unknown, and that does not count
        if olds.get("problem"):
            return DetailedDiffResult({"problem": DELETE})
        if not olds.get("reachable", True):
            return DetailedDiffResult({"reachable": UPDATE})
        managed = managed_id(_id, olds)
        if means_another(managed, news):
            self._warn_missing_delegation(managed, vm_id(news["vmId"]))
            return DetailedDiffResult({"vmId": UPDATE})
        changes = differences(placement_of(news), placement_of(olds))
        return DetailedDiffResult(
            {change.property: ADD if change.actual is None else UPDATE for change in changes}
        )

    def _warn_missing_delegation(self, managed: VmId, wanted: VmId) -> None:
        """Say in a preview what the run would refuse, where the program could not: it did not know what state has."""
        call = current.get()
        fleet = self._fleets().of_reader(call.stack)
        if fleet is not None and not fleet.plans_by_state(call.label):
            seen = fleet.sweep().inventory
            for found in takeover(call.label, managed, wanted, fleet.stack, seen):
                call.say("warning", str(found))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Adopt the machine wherever it is, then move it if it is not in place."""
        call = current.get()
        fleet = self._fleets().of(call.stack)
        check_in_file(fleet, call.label)
        kept = fleet.kept(call.label)
        known = vm_id(props["vmId"]) if props.get("vmId") else kept
        fleet.arrival.agree(call.label)
        with fleet.run_order.under_way(call.label):
            with fleet.admission.expecting(), briefly(call.label, props, fleet):
                if known is not None:
                    check_takeover(fleet, call.label, kept, known)
                vm = fleet.first(spec_of(fleet, call.label), known, max_age=YOUNG)
                check_named(fleet, call.label, vm, kept)
                keep(fleet, call, vm.id)
            try:
                outputs = _bring(fleet, call, vm, props, MoveHistory())
            except PlacementError as error:
                raise HalfDoneError(vm.id, outputs_of(vm, MoveHistory()), str(error)) from error
        return CreateResult(vm.id, outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what the hosts show. Unknown is never gone: then the last known outputs stay."""
        call = current.get()
        if not props and not is_guid(id_):
            raise PlacementError(
                f"'{id_}' is no GUID, by which a machine is imported",
                remedy="Look it up: bin/placement inventory STACK, or on the host: Get-VM | Format-List Name, VMId",
            )
        fleet = self._fleets().of_reader(call.stack)
        if fleet is None:
            return ReadResult(id_, props, _managed(props))
        past, managed = past_in(props), managed_id(id_, props)
        fleet.remember(past.last)
        if props:
            fleet.reported_by_state(call.label, managed)
        try:
            vm = fleet.find(managed_spec(fleet, call.label), managed)
        except (VmMissingError, VmUnknownError, VmAmbiguousError) as error:
            if not props:
                raise  # an import has nothing known to keep
            call.say("warning", str(error))
            problem = {} if isinstance(error, VmUnknownError) else {"problem": str(error)}
            return ReadResult(id_, {**props, "reachable": False, **problem}, _managed(props))
        outputs = outputs_of(vm, past)
        return ReadResult(vm.id, outputs, {"name": vm.name, "vmId": vm.id, **_managed(outputs)})

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Move the machine to its place."""
        call, managed = current.get(), managed_id(id_, olds)
        fleet = self._fleets().of(call.stack)
        check_in_file(fleet, call.label)
        fleet.arrival.agree(call.label)
        with fleet.run_order.under_way(call.label):
            with fleet.admission.expecting(), briefly(call.label, news, fleet):
                spec = spec_of(fleet, call.label)
                meant = meant_by(spec, managed, news)
                spec = spec if spec.id == meant else managed_spec(fleet, call.label)
                vm = fleet.find(spec, meant, max_age=fleet.age_for(meant))
                check_takeover(fleet, call.label, managed, meant)
                keep(fleet, call, vm.id)
            return UpdateResult(_bring(fleet, call, vm, news, past_in(olds)))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Forget the machine; it stays where it is, as it is."""
        call = current.get()
        fleet = self._fleets().of_reader(call.stack)
        if fleet is not None and (trouble := fleet.identities.forget(call.label)):
            call.say("warning", trouble)


def _bring(
    fleet: Fleet, call: Call, vm: VirtualMachine, inputs: Mapping[str, Any], past: MoveHistory
) -> dict[str, Any]:
    """Move `vm` to where `inputs` want it if it is not there, by the way that is scheduled, and return its outputs.

    One that the plan has left out is in its place by now, or that is an error; only one that was refused may have become
    free to go. Raises PlacementError.
    """
    wanted = placement_of(inputs)
    if standing := inputs.get(STANDING):
        found = proven(fleet, call.label, vm, standing, wanted.host)
        if found is not None:
            return outputs_of(found, past)
    if not differences(wanted, observed(vm)):
        return outputs_of(vm, past)
    check_declared(fleet, call.label, vm, wanted)
    fleet.arrival.wait(call.label, call.cancelled)
    running = fleet.is_moving(vm.id)
    legs = fleet.run_order.legs(call.label)
    since: float | None = None
    for number, planned in legs:
        if not running:  # what a job does already needs nobody's room any more: it is followed at once
            _wait_for_turn(fleet, call, number)
        running = False
        vm, past = _leg(fleet, call, vm, planned.placement, past, planned=planned, since=since)
        keep_place(fleet, call, vm)
        since = fleet.clock.now()
        fleet.run_order.done(number)
    if not legs:
        vm, past = _leg(fleet, call, vm, wanted, past)
        keep_place(fleet, call, vm)
    _check_end(vm, wanted)
    if (ended := fleet.run_order.ended()) is not None:
        call.say("info", run_took(ended.seconds, ended.estimated))
    return outputs_of(vm, past)


def _check_end(vm: VirtualMachine, wanted: Placement) -> None:
    """Raise PlanError where the legs of a machine have not led to what is declared."""
    if left := differences(wanted, observed(vm)):
        apart = ", ".join(f"{each.property} is {each.actual}, declared {each.wanted}" for each in left)
        raise PlanError(f"{vm.name} was moved as planned, and is not as declared: {apart}")


def _wait_for_turn(fleet: Fleet, call: Call, number: int) -> None:
    """Wait for those that free what this move needs. Nothing is expected of a machine that waits here."""

    def made(each: ScheduledMove) -> bool:
        found = fleet.find(managed_spec(fleet, each.label), each.move.vm.id, max_age=YOUNG)
        return has_made_room(each, found)

    fleet.run_order.wait(
        number,
        made=made,
        waiting=lambda reason: call.say("info", f"waiting {reason}", ephemeral=True),
        cancelled=call.cancelled,
    )


def _leg(  # noqa: PLR0913 - what a leg is made of, the last two named at the call
    fleet: Fleet,
    call: Call,
    vm: VirtualMachine,
    wanted: Placement,
    past: MoveHistory,
    *,
    planned: ScheduledMove | None = None,
    since: float | None = None,
) -> tuple[VirtualMachine, MoveHistory]:
    """Make one move, or find it made by others, and return the machine and its moves so far."""
    try:
        return _made(fleet, call, vm, wanted, past, planned=planned, since=since)
    except MoveRefusedError:
        arrived = brought_by_others(fleet, call.label, vm, wanted)
        if arrived is None:
            raise
        call.say("info", f"was moved to {arrived.host} by somebody else meanwhile, as declared")
        return arrived, past


def _made(  # noqa: PLR0913 - as above
    fleet: Fleet,
    call: Call,
    vm: VirtualMachine,
    wanted: Placement,
    past: MoveHistory,
    *,
    planned: ScheduledMove | None,
    since: float | None = None,
) -> tuple[VirtualMachine, MoveHistory]:
    """Make one move, if it is one, and return the machine and its moves so far.

    `planned`: as it stands in the schedule, if it does. `since`: when it has come to where it is now; older readings
    do not show it there.
    """
    with fleet.admission.expecting():  # others may wait for the room that it will free
        step = _judge(fleet, call.label, vm, wanted, planned=planned, since=since)
    _say_findings(call, step)
    if step.move is None:
        return vm, past
    moved = fleet.move(
        call.label, step.move, report=lambda progress: _say_progress(call, progress), cancelled=call.cancelled
    )
    made = remembered(planned, step.move, moved.seconds, fleet.clock.utc())
    if moved.seconds is not None:
        call.say("info", took(moved.seconds, made.estimated if made else None))
    return moved.vm, past.append(made)


def _judge(
    fleet: Fleet,
    label: str,
    vm: VirtualMachine,
    wanted: Placement,
    *,
    planned: ScheduledMove | None,
    since: float | None,
) -> Step:
    """Return the step for `vm`, by the newest facts. Raises MoveRefusedError or MovedByOthersError.

    What would not be ordered as it was booked (`planned`) is refused: its room was counted for another move. Where it
    only makes room, nothing may be overwritten.
    """
    target = fleet.stack.hosts[wanted.host or vm.host]
    age = fleet.age_for(vm.id) if since is None else None
    inventory = _with(fleet.sweep(max_age=age, after=since).inventory, vm)
    inventory = fleet.read_ends(inventory, vm, target.name, after=since)
    vm = _as_shown(fleet, inventory.hosts[vm.host], vm)
    caller = fleet.stack.hosts[vm.host].connection.auth
    spec = spec_of(fleet, label)
    spec = replace(spec, storage=None) if planned is not None and planned.aside else spec
    step = judge(spec, vm, wanted, inventory, target, caller=caller)
    if step.move is not None and not step.under_way and is_outdated(step.move, inventory):
        anew = _with(fleet.sweep(after=fleet.clock.now()).inventory, vm)
        inventory = fleet.read_ends(anew, vm, target.name)
        step = judge(spec, vm, wanted, inventory, target, caller=caller)
    step = names_are_free(fleet, protect(step, fleet.stack.guard), inventory)
    reasons = [finding for finding in step.findings if finding.refuses]
    if step.standing == Standing.MOVED_BY_OTHERS:
        raise MovedByOthersError(reasons[0].text, remedy=reasons[0].remedy)
    if step.standing == Standing.REFUSED:
        raise MoveRefusedError(_all(reasons), remedy="")
    if planned is not None and step.move is not None and not step.under_way:
        _check_as_booked(label, planned.move, step.move)
    return step


def _check_as_booked(label: str, booked: Move, live: Move) -> None:
    if apart := "; ".join(departures(booked, live)):
        raise MoveRefusedError(
            f"{label} is not moved, for the estate has changed since the plan: {apart}",
            remedy="Run again: the next plan is made from what is there now",
        )


def _as_shown(fleet: Fleet, host: Host, vm: VirtualMachine) -> VirtualMachine:
    """Return the machine with what a move asks of it; as it is, where the host no longer shows it."""
    found = next((each for each in host.vms if each.id == vm.id), vm)
    return fleet.estate.with_vectors(found, host.facts) if host.facts else found


def _with(inventory: Inventory, vm: VirtualMachine) -> Inventory:
    """Return `inventory` as it is; where it was read just before `vm` changed hosts, that host is missing."""
    if vm.host in inventory.hosts:
        return inventory
    raise VmUnknownError(f"{vm.name}: its host {vm.host} no longer answers")


def _all(reasons: list[Finding]) -> str:
    return "; ".join(str(reason) for reason in reasons)


def _say_findings(call: Call, step: Step) -> None:
    for finding in step.findings:
        call.say("warning", str(finding))


def _say_progress(call: Call, progress: Progress) -> None:
    if progress.warns:
        call.say("warning", str(progress))
    else:
        call.say("info", str(progress), ephemeral=not progress.lasting)


def _managed(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: outputs[name] for name in PLACED if name in outputs}
