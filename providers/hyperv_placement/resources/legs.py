"""Moves one machine to its place, leg by leg: waits for its turn, judges each leg by the newest facts, has it made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hyperv_placement.errors import (
    MachineBusyError,
    MovedByOthersError,
    MoveRefusedError,
    PlanError,
    VmUnknownError,
)
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model.estate import Host, Inventory, VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Placement, ScheduledMove, Standing, Step
from hyperv_placement.planning.checks.guard import protect
from hyperv_placement.planning.checks.state import passing
from hyperv_placement.planning.machine.difference import differences, has_made_room, observed
from hyperv_placement.planning.machine.doubles import is_outdated
from hyperv_placement.planning.machine.legs import departures, refitted
from hyperv_placement.planning.machine.locate import locate
from hyperv_placement.planning.machine.way_back import way_back
from hyperv_placement.planning.standing import judge
from hyperv_placement.report.text import run_took, took
from hyperv_placement.workspace.engine import run_of

from .activity import Patience
from .call import Call
from .file_names import names_are_free
from .fleet import Fleet
from .identity import (
    brought_by_others,
    check_declared,
    keep_place,
    keep_way_back,
    managed_spec,
    spec_of,
)
from .left_out import proven
from .past_moves import MoveHistory, made_by, remembered
from .properties import STANDING, outputs_of, placement_of
from .terminal import is_narrow
from .turns import in_turn_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One move of a machine on its way."""

    wanted: Placement
    """Where it leads."""
    planned: ScheduledMove | None = None
    """As the schedule has it; None where it has none."""
    since: float | None = None
    """When the machine came to where it is now, or was free: older readings do not show that. None where neither was waited for."""
    seen: VirtualMachine | None = None
    """As it was when it was found busy, as with a backup, that may leave other files; None where it was not."""
    asked: float | None = None
    """When the engine asked for it, where it has waited for nothing but readings since: they must not be made once more."""


def bring(
    fleet: Fleet, call: Call, vm: VirtualMachine, inputs: Mapping[str, Any], past: MoveHistory, asked: float
) -> dict[str, Any]:
    """Move `vm` to where `inputs` want it if it is not there, by the way that is scheduled, and return its outputs.

    One that the plan has left out is in its place by now, or that is an error; only one that was refused may have become
    free to go. `asked`: when the engine asked for it. Raises PlacementError.
    """
    wanted = placement_of(inputs)
    if standing := inputs.get(STANDING):
        found = proven(fleet, call.label, vm, standing, wanted.host)
        if found is not None:
            return outputs_of(found, past)
    if not differences(wanted, observed(vm)) and not _comes_back(fleet, call.label):
        return outputs_of(vm, past)
    check_declared(fleet, call.label, vm, wanted)
    waited = fleet.clock.now()
    fleet.arrival.wait(call.label, call.cancelled)
    asked += fleet.clock.now() - waited  # that was no reading
    if fleet.watch is not None and call.leave is not None:
        fleet.watch.begin(call.leave, call.cancelled, tell=call.tell)
    legs = fleet.run_order.legs(call.label)
    back = way_back(spec_of(fleet, call.label), [planned for _, planned in legs])
    if back is not None:  # before it steps aside: afterwards nothing shows any more where its files were
        keep_way_back(fleet, call, vm, back)
    since: float | None = None
    for number, planned in legs:
        waits = since is None and bool(planned.needs or planned.follows)
        # What a job does already needs nobody's room any more: it is followed at once.
        if not waits or not fleet.readings.is_moving(vm.id):
            _wait_for_turn(fleet, call, number)
        vm, past = _leg(
            fleet,
            call,
            vm,
            past,
            Leg(wanted=planned.placement, planned=planned, since=since, asked=None if waits else asked),
        )
        keep_place(fleet, call, vm)
        since = fleet.clock.now()
        fleet.run_order.done(number)
    if not legs:
        vm, past = _leg(fleet, call, vm, past, Leg(wanted=wanted, asked=asked))
        keep_place(fleet, call, vm)
    _check_end(fleet, call.label, vm, wanted)
    keep_way_back(fleet, call, vm, None)
    if (ended := fleet.run_order.ended()) is not None:
        call.say("info", run_took(ended.seconds, ended.estimated))
    return outputs_of(vm, past)


def _comes_back(fleet: Fleet, label: str) -> bool:
    """Say whether a machine is to step aside for others and come back to where it was when the run was planned."""
    legs = [planned for _, planned in fleet.run_order.legs(label)]
    return bool(legs) and not differences(legs[-1].placement, observed(legs[0].move.vm))


def _check_end(fleet: Fleet, label: str, vm: VirtualMachine, wanted: Placement) -> None:
    """Raise PlanError where the legs of a machine have not led to what is declared.

    `wanted` names the files that it had when the run was planned; what was waited for may have left others.
    """
    left = differences(wanted, observed(vm))
    if left and fleet.stack.wait_for_activity:
        declared = locate(spec_of(fleet, label), vm, fleet.stack.hosts[vm.host]).placement
        left = differences(replace(declared, host=wanted.host, allowed=wanted.allowed), observed(vm))
    if left:
        apart = ", ".join(f"{each.property} is {each.actual}, declared {each.wanted}" for each in left)
        raise PlanError(f"{vm.name} was moved as planned, and is not as declared: {apart}")


def _wait_for_turn(fleet: Fleet, call: Call, number: int) -> None:
    """Wait for those that free what this move needs. Nothing is expected of a machine that waits here."""

    def made(each: ScheduledMove) -> bool:
        found = fleet.find(managed_spec(fleet, each.label), each.move.vm.id, max_age=START_MAX_AGE_S)
        return has_made_room(each, found)

    fleet.run_order.wait(
        number,
        made=made,
        waiting=lambda reason: call.say("info", f"waiting {reason}", ephemeral=True),
        cancelled=call.cancelled,
    )


def _leg(
    fleet: Fleet, call: Call, vm: VirtualMachine, past: MoveHistory, leg: Leg
) -> tuple[VirtualMachine, MoveHistory]:
    """Make one move, or find it made by others, and return the machine and its moves so far."""
    try:
        return _made(fleet, call, vm, past, leg)
    except MoveRefusedError:
        arrived = brought_by_others(fleet, call.label, vm, leg.wanted)
        if arrived is None:
            raise
        call.say("info", f"was moved to {arrived.host} by somebody else meanwhile, as declared")
        return arrived, past


def _made(
    fleet: Fleet, call: Call, vm: VirtualMachine, past: MoveHistory, leg: Leg
) -> tuple[VirtualMachine, MoveHistory]:
    """Make one move, if it is one, and return the machine and its moves so far."""
    patience = Patience(fleet=fleet, call=call)
    while True:
        step = _judged_once_free(fleet, call, vm, leg, patience)
        for finding in step.findings:
            call.say("warning", str(finding))
        if step.move is None:
            return vm, past
        try:
            moved = fleet.move(
                call.label,
                step.move,
                report=lambda progress: _say_progress(call, progress),
                cancelled=call.cancelled,
                stop=call.stop,
                planned=leg.planned,
            )
        except MachineBusyError:  # what it is busy with began while the move waited for room
            if not fleet.stack.wait_for_activity:
                raise
            with fleet.admission.expecting():
                patience.wait(step.move)
            leg = replace(leg, since=patience.since, seen=leg.seen or step.move.vm)
            continue
        by = made_by(step.move, moved, fleet.audit.origin, run_of(os.environ))
        made = remembered(leg.planned, step.move, moved.seconds, fleet.clock.utc(), by)
        if moved.seconds is not None:
            call.say("info", took(moved.seconds, made.estimated if made and made.estimated else None))
        return moved.vm, past.append(made)


def _judged_once_free(fleet: Fleet, call: Call, vm: VirtualMachine, leg: Leg, patience: Patience) -> Step:
    """Return the step for `vm`, by the newest facts, once nothing is waited for that it is busy with. Raises PlacementError."""
    with fleet.admission.expecting():  # others may wait for the room that it will free
        step = _judge(fleet, call.label, vm, leg)
        while step.move is not None and step.waits:
            patience.wait(step.move)
            leg = replace(leg, since=patience.since, seen=leg.seen or step.move.vm)
            step = _judge(fleet, call.label, vm, leg)
    return step


def _judge(fleet: Fleet, label: str, vm: VirtualMachine, leg: Leg) -> Step:
    """Return the step for `vm`, by the newest facts. Raises MoveRefusedError or MovedByOthersError.

    What would not be ordered as it was booked (`leg.planned`) is refused: its room was counted for another move. Where it
    only makes room, nothing may be overwritten.
    """
    wanted, planned, since = leg.wanted, leg.planned, leg.since
    target = fleet.stack.hosts[wanted.host or vm.host]
    sweep = fleet.readings.for_order(vm.id, leg.asked) if since is None else fleet.readings.sweep(after=since)
    inventory = _with(sweep.inventory, vm)
    inventory = fleet.readings.ends(inventory, vm, target.name, after=since)
    vm = _as_shown(fleet, inventory.hosts[vm.host], vm)
    caller = fleet.stack.hosts[vm.host].connection.auth
    before = leg.seen if planned is None else _busy_when_planned(leg, planned)
    wanted = wanted if before is None else refitted(wanted, before, vm)
    spec = spec_of(fleet, label)
    spec = replace(spec, storage=None) if planned is not None and planned.aside else spec
    patience = fleet.stack.wait_for_activity
    step = judge(spec, vm, wanted, inventory, target, caller=caller, patience=patience)
    if step.move is not None and not step.under_way and is_outdated(step.move, inventory):
        anew = _with(fleet.readings.sweep(after=fleet.clock.now()).inventory, vm)
        inventory = fleet.readings.ends(anew, vm, target.name)
        step = judge(spec, vm, wanted, inventory, target, caller=caller, patience=patience)
    step = in_turn_now(fleet, protect(step, fleet.stack.guard), inventory)
    step = names_are_free(fleet, step, inventory)
    reasons = [finding for finding in step.findings if finding.refuses]
    if step.standing == Standing.MOVED_BY_OTHERS:
        raise MovedByOthersError(reasons[0].text, remedy=reasons[0].remedy)
    if step.standing == Standing.REFUSED:
        raise MoveRefusedError("; ".join(str(reason) for reason in reasons), remedy="")
    if planned is not None and step.move is not None and not step.under_way:
        _check_as_booked(label, planned.move, step.move, renamed=before is not None)
    return step


def _busy_when_planned(leg: Leg, planned: ScheduledMove) -> VirtualMachine | None:
    """Return the machine as its move was planned where it was busy then, or was found busy since; None elsewhere."""
    busy = leg.seen is not None or passing(planned.move.vm.operational_status)
    return planned.move.vm if busy else None


def _check_as_booked(label: str, booked: Move, live: Move, *, renamed: bool) -> None:
    if apart := "; ".join(departures(booked, live, renamed=renamed)):
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


def _say_progress(call: Call, progress: Progress) -> None:
    if progress.warns:
        call.say("warning", str(progress))
    else:
        passing = not progress.lasting
        call.say("info", progress.short if passing and is_narrow() else str(progress), ephemeral=passing)
