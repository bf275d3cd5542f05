"""Read and compare, for drift: the comparison that serves every run, and beside it settings, delegation and our own log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import WORKERS, Estate
from hyperv_placement.hyperv.event_log import migrations
from hyperv_placement.hyperv.host_settings import read_migration
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.migration.leftover_search import look_for
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.delegation import plan_delegation
from hyperv_placement.operations.next_door import look_next_door
from hyperv_placement.operations.plan import compare
from hyperv_placement.operations.state_moves import moves_of_state, no_state
from hyperv_placement.planning.drift import DriftKind, DriftReport, LoggedMove, Readings, Unknown, drift_of
from hyperv_placement.planning.drift.by_state import StateMoves, joined
from hyperv_placement.planning.machine.computers import another_computer
from hyperv_placement.winrm.credentials import check_some
from hyperv_placement.workspace.identities import is_of_project, kept_of
from hyperv_placement.workspace.stacks import PROJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Drift, and what it was found in."""

    report: DriftReport
    inventory: Inventory
    plan: Plan


def drift_now(stack: Stack, *, next_door: bool = False) -> Found:
    """Return the drift of a stack of the project. Raises PlacementError where there are no credentials at all.

    `next_door`: whether the hosts of the other stacks are asked for machines that are missing here.
    """
    check_some({name: host.connection for name, host in stack.hosts.items()})
    with closing(Estate(stack.hosts, clock=SystemClock())) as estate:
        audit = AuditLog(audit_path(PROJECT, stack.path.stem), clock=estate.clock)
        state = moves_of_state if is_of_project(stack, PROJECT) else no_state
        return read_drift(stack, estate, audit, kept_of(stack, PROJECT), state=state, next_door=next_door)


def read_drift(
    stack: Stack,
    estate: Estate,
    audit: AuditLog,
    known: Kept = NOTHING_KEPT,
    *,
    state: Callable[[Collection[str]], StateMoves] = no_state,
    next_door: bool = False,
) -> Found:
    """Return what is not as `stack` declares. Hosts are only read; one that does not answer is unknown.

    `known`: which machine each key meant in the last run, and which computer each host was. The settings of hosts are
    read where the stack declares some, the directory where it declares delegation. `state`: the moves that the shared states of
    stacks keep, by names of stacks; it is asked where a machine was moved and neither jobs nor our own log say that it was us.
    `next_door`: whether the hosts of the other stacks of the project are asked for machines that are missing here.
    """
    # Whether it could be moved back is not asked: a machine that is pinned and elsewhere has drifted either way.
    inventory, plan = compare(stack, estate, orders=False, known=known)
    moved = {job.vm_id for host in inventory.hosts.values() for job in host.recent}
    readings = Readings(
        settings=_settings(stack, estate, inventory),
        delegation=plan_delegation(stack, estate, inventory, estate.clock),
        # A job names its destination as the host calls itself, which the key in the stack file need not be.
        names=estate.all_names({vm.host for vm in inventory.vms() if vm.id in moved}),
        past=audit.moved(),
        now=estate.clock.utc(),
        computers=_other_computers(estate, inventory, known),
    )
    if next_door and (missing := _missing(plan)):
        looked = look_next_door(stack, plan.known.siblings, missing, estate.clock)
        plan = replace(plan, known=replace(plan.known, siblings=looked.siblings))
        readings = replace(readings, looked=looked.notes)
    left = look_for(estate, inventory, audit.left())
    report = drift_of(stack, inventory, plan, readings, left)
    if stacks := _whose_states(stack, report, known):
        kept = state(stacks)
        readings = replace(readings, past=joined(readings.past, kept))
        report = drift_of(stack, inventory, plan, readings, left)
    # Logs come last: three requests a host, and they tell when, not who. Jobs and our own log are at hand.
    asked = _whose_logs(stack, report, inventory)
    if asked:
        report = drift_of(stack, inventory, plan, replace(readings, logged=_logged(estate, asked)), left)
    return Found(report=report, inventory=inventory, plan=plan)


def _other_computers(estate: Estate, inventory: Inventory, known: Kept) -> tuple[Unknown, ...]:
    """Return the hosts that are other computers than in the last run: one query each."""
    before = {name: known.hosts[name] for name in inventory.hosts if name in known.hosts}
    now = estate.uuids(before)
    return tuple(
        Unknown(subject=name, text=str(finding), ids=(finding.id,))
        for name, uuid in before.items()
        # A host that reports no UUID is not another computer.
        if now.get(name, uuid) != uuid
        for finding in (another_computer(name, now[name], uuid),)
    )


def _missing(plan: Plan) -> frozenset[VmId]:
    """Return the machines that no host shows and whose GUIDs are known: by its name alone no machine is found elsewhere."""
    return frozenset(
        step.vm_id for step in plan.steps if step.standing == Standing.MISSING and step.vm_id is not None
    )


def _whose_states(stack: Stack, report: DriftReport, known: Kept) -> tuple[str, ...]:
    """Return the stacks whose states may tell that a run of theirs has moved a machine, from whatever computer: this one, and those that declare it."""
    asked = [
        drift.vm_id
        for drift in (*report.drifts, *report.snoozed, *report.held)
        if drift.kind in {DriftKind.PLACED, DriftKind.FILES, DriftKind.UNDECLARED}
        and drift.vm_id is not None
        # Of a machine that is not declared, and of which nobody knows a move, no state has one either.
        and (drift.mover is not None or drift.kind != DriftKind.UNDECLARED)
        and not (drift.mover is not None and (drift.mover.ours or drift.mover.running))
    ]
    siblings = known.siblings
    theirs = {entry.stack for vm in asked for entry in siblings.with_id(vm)}
    theirs |= {place.stack for vm in asked for place in siblings.places(vm)}
    return (stack.path.stem, *sorted(theirs)) if asked else ()


def _whose_logs(stack: Stack, report: DriftReport, inventory: Inventory) -> set[HostName]:
    """Return the hosts whose event logs may tell when a machine was moved that no job shows: the host that has it, and the one that was to have it."""
    asked: set[HostName] = set()
    for drift in (*report.drifts, *report.snoozed, *report.held):
        reported = drift.mover is not None and (drift.mover.who and not drift.mover.by_log)
        if drift.kind in {DriftKind.PLACED, DriftKind.UNDECLARED} and drift.host is not None and not reported:
            spec = stack.vms.get(drift.subject) if drift.of_machine else None
            asked |= {drift.host, *(spec.hosts if spec else ())}
    return asked & inventory.hosts.keys()


def _logged(estate: Estate, hosts: Collection[HostName]) -> Mapping[VmId, LoggedMove]:
    """Return the last migration of each machine by the logs of these hosts; a host whose log cannot be read adds nothing."""

    def read(name: HostName) -> Mapping[VmId, LoggedMove]:
        try:
            # The log is no class of WMI: it comes by a subscription in pull mode (MS-WSMV 3.1.4.6).
            found = migrations(estate.client(name))
        except PlacementError:
            return {}
        return {vm: LoggedMove(time=time, host=name) for vm, time in found.items()}

    last: dict[VmId, LoggedMove] = {}
    with ThreadPoolExecutor(min(WORKERS, len(hosts))) as pool:
        for each in pool.map(read, sorted(hosts)):
            for vm, move in each.items():
                # Both ends of a migration log it, and a machine may have gone several times.
                if vm not in last or last[vm].time < move.time:
                    last[vm] = move
    return last


def _settings(stack: Stack, estate: Estate, inventory: Inventory) -> Mapping[HostName, HostMigration | str]:
    def read(name: HostName) -> HostMigration | str:
        try:
            return read_migration(estate.client(name))
        except PlacementError as error:
            return str(error)

    hosts = [name for name, host in stack.hosts.items() if host.live_migration and name in inventory.hosts]
    if not hosts:
        return {}
    with ThreadPoolExecutor(min(WORKERS, len(hosts))) as pool:
        return dict(zip(hosts, pool.map(read, hosts), strict=True))
