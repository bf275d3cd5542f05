"""Read, compare, plan: the one way from a stack file to a plan, for the program and every report."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.model.estate import Host, Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.guard import Limit, Occasion
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.own_name import in_dns
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.planning.drift.endings import MOVED
from hyperv_placement.planning.machine.allowed import allowed
from hyperv_placement.planning.machine.computers import showing_the_same
from hyperv_placement.planning.machine.displaced import is_displaced
from hyperv_placement.planning.machine.doubles import is_outdated
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.bystanders import bystanders
from hyperv_placement.planning.schedule.throughput import observed_throughput
from hyperv_placement.system.collecting import collected_rarely
from hyperv_placement.tracing import span
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.handoff import HandedOff, Handoff
from hyperv_placement.workspace.identities import is_of_project, kept_of
from hyperv_placement.workspace.inventory_file import of_hosts, read
from hyperv_placement.workspace.stacks import PROJECT

_DOUBTFUL = {Standing.MISSING, Standing.AMBIGUOUS}
_PREPARING_S = 30.0
"""Seconds that a run waits where a machine is being prepared for a move, or checked, before it is left alone for this run."""
_PREPARING_EVERY_S = 2.0
_ROUNDS = 3
"""Closer looks: what is known of the room then can make others go, who are looked at in their turn."""
_READERS = 16
"""Machines whose disks are read at once."""
_BYSTANDERS = 64
"""Machines in their places that are read closer so that they may step aside: each costs some calls."""


def compare(  # noqa: PLR0913 - what a run is compared by, each but the first named at the call
    stack: Stack,
    estate: Estate,
    handoff: Handoff | None = None,
    allowed: frozenset[Limit] = frozenset(),
    *,
    orders: bool = True,
    known: Kept = NOTHING_KEPT,
    in_run: frozenset[str] | None = None,
    at: datetime | None = None,
    past: Sequence[PastMove] = (),
) -> tuple[Inventory, Plan]:
    """Sweep the hosts and plan. A machine counts as missing or double only after a second full sweep.

    A sweep is not atomic: a machine that changes hosts meanwhile can be in neither reading, or in both. It shows which machines
    moves; what only a move asks, of machines, disks and hosts, is then read for those, and all is planned again.
    `handoff`: where the run's other process may have left its sweep, or will look for ours. `allowed`: which limits
    of the guard somebody has allowed for this run. What past moves took, the plugin may have left as well.
    `orders`: whether moves are to be ordered or shown. Where not, a machine that is pinned to a host and elsewhere is not
    read in more detail: that would not put it in place. `known`: which machine each key meant in the last run. `in_run`: labels
    of the machines that the run takes, None for all. `at`: when the run would be, where that is not now. `past`: earlier moves, by
    whose paces times are estimated beside those that the plugin has left.
    """
    # Before anything is read: facts of a host carry which computer it was in the last run.
    estate.expect(known.hosts)
    # What past moves took stands in state, which only the engine reads, and the plugin hands over.
    throughput = observed_throughput((*past, *(handoff.take_past() if handoff else ())))
    # A sweep that was handed over counts as the first of two: what it misses is looked for anew, by ourselves.
    handed = handoff.take(estate.clock.utc()) if handoff else None
    inventory = handed.inventory if handed else _swept(estate, handoff)

    def planned() -> Plan:
        occasion = Occasion(now=at or estate.clock.utc(), allowed=allowed, in_run=in_run)
        with span("plan", stack=stack.path.stem) as note:
            made = plan(stack, inventory, known, occasion=occasion, throughput=throughput)
            note(machines=len(made.steps), moves=len(made.schedule.moves), bytes=made.schedule.bytes)
        return _unless_seen(made, sound)

    sound: frozenset[str] = frozenset()
    first = planned()
    if any(step.standing in _DOUBTFUL for step in first.steps):
        # Seen once is seen: a later sweep that misses such a machine met it between two hosts.
        sound = frozenset(step.label for step in first.steps if step.standing not in _DOUBTFUL)
        inventory = _swept(estate, handoff)
        first = planned()
    # What a killed run has begun to prepare ends within seconds, and then the move can be ordered.
    begun, prepared = estate.clock.now(), _is_prepared(first, inventory)
    while handoff and prepared and estate.clock.now() - begun < _PREPARING_S:
        # Its move may go on meanwhile: a sweep that meets it between two hosts has it nowhere.
        sound |= frozenset(step.label for step in first.steps if step.standing not in _DOUBTFUL)
        estate.clock.wait(_PREPARING_EVERY_S)
        inventory = _swept(estate, handoff)
        first = planned()
        prepared = _is_prepared(first, inventory) or any(step.seen_otherwise for step in first.steps)
    # Only facts, which a sweep does not read, tell whether two hosts that show one machine are one computer under two names.
    suspects = showing_the_same(inventory)
    if any(step.standing == Standing.MISSING for step in first.steps):
        suspects |= known.hosts.keys() & inventory.hosts.keys()  # its host may be another computer by now
    if suspects:
        inventory = estate.read(dict.fromkeys(sorted(suspects), Detail.HOST), inventory)
        first = planned()
    looked: set[str] = set()
    aside = closer = frozenset[VmId]()
    # N + 1 asks for the room of all hosts of its rule, whether or not anything moves there.
    asked = {host for rule in stack.rules if rule.kind == "n_plus_1" for host in rule.hosts}
    again = False
    # A choice of hosts goes by room, which is read only for hosts that moves may reach: each look can change the choice.
    for _ in range(_ROUNDS):
        # Who cannot go back after maintenance may lack nothing but what was not read yet.
        wanted = (*first.steps, *first.put_off)
        movers = [step for step in wanted if _needs_a_closer_look(step, stack, orders=orders)]
        movers += _in_the_way(first)
        if looked.issuperset(step.label for step in movers) and not asked and aside <= closer:
            break
        looked.update(step.label for step in movers)
        inventory = _with_what_moves_ask(stack, estate, inventory, movers, asked, aside)
        closer, first = aside, planned()
        # Facts are younger than the sweep: once they show the machine at its destination, all are asked anew, but only once.
        if not again and any(step.move and is_outdated(step.move, inventory) for step in first.steps):
            again, inventory = True, _swept(estate, handoff)
            looked.clear()
            first = planned()
        if _lacks_an_order(first):
            asked = {
                name for name in inventory.hosts if name in stack.hosts and not inventory.hosts[name].facts
            }
            aside |= _may_step_aside(stack, first)
        else:
            asked = set()
    return inventory, first


def live_plan(
    stack: Stack, *, at: datetime | None = None, past: Sequence[PastMove] = ()
) -> tuple[Inventory, Plan]:
    """Return the plan by what the hosts report now, as a command shows it. `at`: of a run at that moment, not now; `past`: earlier moves."""
    with closing(Estate(stack.hosts, clock=SystemClock())) as estate:
        known = kept_of(stack, PROJECT)
        return compare(stack, estate, allowed=allowances(os.environ), known=known, at=at, past=past)


def past_moves(stack: Stack) -> tuple[PastMove, ...]:
    """Return the earlier moves that the audit log of a stack has here: without the state, which the engine reads, they show the paces."""
    if not is_of_project(stack, PROJECT):
        return ()
    log = AuditLog(audit_path(PROJECT, stack.path.stem), clock=SystemClock())
    return tuple(move for entry in log.entries() if entry is not None and (move := _past(entry)) is not None)


def _past(entry: Mapping[str, Any]) -> PastMove | None:
    if entry.get("event") != "end" or entry.get("result") != MOVED:
        return None
    try:
        seconds = float(entry["seconds"])
        return PastMove(
            ended=int(datetime.fromisoformat(entry["time"]).timestamp()), source=HostName(str(entry["from"])),
            destination=HostName(str(entry["to"])), bytes=int(entry["bytes"]), seconds=seconds, estimated=seconds,
        ) if math.isfinite(seconds) else None  # fmt: skip
    except (TypeError, ValueError, KeyError, OverflowError):
        return None  # of an earlier version, which wrote neither


def recorded_plan(stack: Stack, file: Path, *, at: datetime | None = None) -> tuple[Inventory, Plan]:
    """Return the plan by a recorded inventory; nothing but the file is read. `at`: of a run at that moment. Raises PlacementError."""
    recorded = read(file)
    return compare_recorded(
        stack, recorded.inventory, allowances(os.environ), kept_of(stack, PROJECT), read=recorded.read, at=at
    )


def compare_recorded(
    stack: Stack,
    recorded: Inventory,
    allowed: frozenset[Limit] = frozenset(),
    known: Kept = NOTHING_KEPT,
    *,
    read: datetime | None = None,
    at: datetime | None = None,
) -> tuple[Inventory, Plan]:
    """Plan by what was read earlier: no host is asked and no clock, so that no freeze and no window is judged without `at`.

    `read`: when that was, by which snoozes and absences of hosts end; None = they all count.
    """
    with collected_rarely():
        inventory = _held_against(of_hosts(recorded, stack.hosts), stack, known)
        return inventory, plan(stack, inventory, known, occasion=Occasion(now=at, allowed=allowed, read=read))


def _held_against(inventory: Inventory, stack: Stack, known: Kept) -> Inventory:
    """Return a recorded inventory with what its hosts were in the last run, and what this stack file declares of them."""

    def held(host: Host) -> Host:
        if host.facts is None:
            return host
        # A recording carries what its run had proved; who a host was, and what it is declared as, is for whoever plans.
        before, spec = known.hosts.get(host.name), stack.hosts[host.name]
        name = in_dns(host.facts.full_name, spec.full_name)
        facts = replace(host.facts, uuid_before=before, declared=spec.declared, full_name=name)
        return host if facts == host.facts else replace(host, facts=facts)

    hosts = {name: held(host) for name, host in inventory.hosts.items()}
    same = all(host is inventory.hosts[name] for name, host in hosts.items())
    return inventory if same else replace(inventory, hosts=hosts)


def _is_prepared(found: Plan, inventory: Inventory) -> bool:
    """Say whether a machine that is to move is being prepared for a move or checked, and not moved."""
    return any(
        step.standing == Standing.MOVED_BY_OTHERS
        and step.vm is not None
        and (running := inventory.job_of(step.vm.id)) is not None
        and running[1].only_prepares
        for step in found.steps
    )


def _lacks_an_order(found: Plan) -> bool:
    """Say whether machines stay where they are because no order is safe."""
    unscheduled = bool(found.moves) and not found.schedule.moves
    return unscheduled or any(each.lacks_order for step in found.steps for each in step.findings)


def _may_step_aside(stack: Stack, found: Plan) -> frozenset[VmId]:
    """Return the machines that may step aside where no order is safe: those that move, and those in place where that is allowed."""
    moving = (step for step in found.steps if step.move is not None)
    hosts = {host for step in moving if step.move for host in (step.move.source, step.move.destination)}
    there = sorted(bystanders(stack, found), key=lambda step: step.vm is None or step.vm.host not in hosts)
    steps = (*(step for step in found.steps if step.move is not None), *there[:_BYSTANDERS])
    return frozenset(step.vm.id for step in steps if step.vm is not None)


def _in_the_way(found: Plan) -> list[Step]:
    """Return the machines outside the run that are where one of the run finds no room: what they hold there is not known before."""
    ends = {
        step.move.destination
        for step in found.steps
        if step.move is not None and any(each.topic == Topic.ORDER for each in step.findings)
    }
    return [step for step in found.outside if step.move is not None and step.move.source in ends]


def _swept(estate: Estate, handoff: Handoff | None) -> Inventory:
    begun = estate.clock.utc()
    inventory = estate.read(Detail.PLACEMENT)
    if handoff:
        handoff.leave(HandedOff(inventory=inventory, begun=begun))
    return inventory


def _needs_a_closer_look(step: Step, stack: Stack, *, orders: bool) -> bool:
    if step.vm is None or step.standing == Standing.MOVED_BY_OTHERS:
        return step.vm is not None  # whether a job leads where we want it, the names of hosts tell
    spec = stack.vms[step.label]
    return step.move is not None and (orders or len(spec.hosts) != 1 or is_displaced(stack, spec))


def _with_what_moves_ask(
    stack: Stack,
    estate: Estate,
    inventory: Inventory,
    movers: list[Step],
    others: set[HostName],
    aside: Collection[VmId],
) -> Inventory:  # fmt: skip
    """Return `inventory` with what decides of these moves: of both ends, of every host they may go to, of themselves.

    `others`: hosts that are asked about as well. `aside`: machines that may step aside, to other hosts or with all files,
    whatever their own moves take.
    """
    # Its source is read closer than any other host: only there is what a move asks of the machine.
    sources = {step.vm.host for step in movers if step.vm is not None}
    sources |= {vm.host for vm in inventory.vms() if vm.id in aside}
    hosts = {
        host
        for step in movers
        if step.vm is not None
        for host in (step.placement.host, *allowed(stack, step.label, step.vm))
        if host
    } | others
    # How many processors the machines of a host have is shown by their settings alone.
    of_hosts = Detail.MOVE if "processors" in stack.balance.by else Detail.HOST
    detail = {**dict.fromkeys(sorted(hosts), of_hosts), **dict.fromkeys(sources, Detail.MOVE)}
    inventory = estate.read(detail, inventory)
    # By its GUID, as the second reading has it: between the two its name, host or disks may have changed.
    vms = {vm.id: vm for vm in inventory.vms()}
    wanted = {
        step.move.vm.id: (step.move.copies_storage, step.move.changes_host)
        for step in movers
        if step.move is not None
    }
    wanted |= dict.fromkeys(aside, (True, True))
    asked = [(vms[vm_id], *both) for vm_id, both in wanted.items() if vm_id in vms]
    return _with(inventory, _details(estate, inventory, asked))


def _unless_seen(found: Plan, sound: frozenset[str]) -> Plan:
    """Return the plan; what is missing or double there is unknown if an earlier sweep had it otherwise (`sound`: labels)."""
    steps = list(found.steps)
    for number, step in enumerate(found.steps):
        if step.standing in _DOUBTFUL and step.label in sound:
            finding = Finding.warning(
                "sweeps-disagree",
                f"{step.label} is unknown: two sweeps of the hosts, one right after the other, do not agree on where it is",
                "Run again: it may just be changing hosts, or its host has just come back",
            )
            steps[number] = replace(step, standing=Standing.UNKNOWN, findings=(finding,), seen_otherwise=True)
    return replace(found, steps=tuple(steps))


def _details(
    estate: Estate, inventory: Inventory, asked: list[tuple[VirtualMachine, bool, bool]]
) -> Mapping[VmId, VirtualMachine]:
    """Read machines closer, each with whether its files may be copied, and whether it may leave its host."""

    def read(each: tuple[VirtualMachine, bool, bool]) -> VirtualMachine:
        vm, copies_storage, changes_host = each
        facts = inventory.hosts[vm.host].facts
        try:
            if copies_storage:
                vm = estate.with_details(vm)
            return estate.with_vectors(vm, facts) if changes_host and facts else vm
        except PlacementError:
            return vm  # its host has fallen silent since the sweep: the move itself will say so

    # Two calls a disk: one after the other they would take longer than the sweep.
    with ThreadPoolExecutor(_READERS) as pool:
        return {vm.id: vm for vm in pool.map(read, asked)}


def _with(inventory: Inventory, details: Mapping[VmId, VirtualMachine]) -> Inventory:
    hosts = {
        name: replace(
            host,
            vms=tuple(
                # Two hosts may show one GUID: what was read of the one is not true of the other.
                found if (found := details.get(vm.id)) and found.host == vm.host else vm
                for vm in host.vms
            ),
        )
        for name, host in inventory.hosts.items()
    }
    return replace(inventory, hosts=hosts)
