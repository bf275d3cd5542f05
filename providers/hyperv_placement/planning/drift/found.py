"""Drift by the plan: machines that are elsewhere, unknown or undeclared; settings and delegation that differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.siblings import named
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.unreachable import became
from hyperv_placement.planning.checks.holds import IN_FORCE, release, said
from hyperv_placement.planning.checks.live_migration import declared_settings, differing, settings_of
from hyperv_placement.planning.machine.difference import Change, differences, observed
from hyperv_placement.planning.machine.next_door import declared_twice, known_of, where
from hyperv_placement.planning.machine.others import of_others, undeclared
from hyperv_placement.planning.what_counts import doubt, is_away

from .left import LeftBehind, left_behind, moved_into, unread
from .movers import Movers
from .values import Drift, DriftKind, DriftReport, Expired, Mover, Readings, Unknown

DIRECTORY = "directory"


def drift_of(
    stack: Stack, inventory: Inventory, plan: Plan, readings: Readings, left: LeftBehind | None = None
) -> DriftReport:
    """Return what is not as `stack` declares, from the `plan` made of `stack` and `inventory`.

    `left`: what moves have left behind.
    """
    left = left or LeftBehind(unread={})
    holds = tuple(str(each) for each in said(stack, plan.known, readings.now) if each.id in IN_FORCE)
    declared = stack.held(plan.known.holds)
    stack = declared.at(readings.now)
    movers = Movers(inventory, readings.past.moves, readings.names, readings.logged)
    stood = {step.label: _of_machine(step, stack, movers, plan.known) for step in plan.steps}
    doubts = {
        step.label: text
        for step in plan.steps
        if (drift := stood[step.label]) is not None
        and not step.excused
        and (text := doubt(step.label, drift.vm_id, drift.host, stack, inventory, plan.known))
    }
    others = of_others(stack, inventory, plan.known)
    theirs = frozenset(each.vm_id for each in others.machines) if others is not None else frozenset()
    found = [
        *(drift for drift in stood.values() if drift is not None and drift.subject not in doubts),
        *_twice(plan),
        *_undeclared(stack, inventory, plan.known, theirs, movers),
        *_settings(stack, readings),
        *_delegation(readings),
        *left_behind(inventory, left, plan.steps, theirs, stack.zone),
    ]
    reported = [
        replace(drift, snooze=stack.vms[drift.subject].snooze) if drift.can_be_snoozed else drift
        for drift in found
    ]
    unknown = tuple(_unknown(stack, inventory, plan, readings, doubts))
    return DriftReport(
        stack=stack.path.stem,
        checked=readings.now.astimezone(UTC).isoformat(timespec="seconds"),
        labels=tuple(stack.vms),
        hosts=tuple(stack.hosts),
        drifts=tuple(drift for drift in reported if drift.snooze is None and not drift.held),
        snoozed=tuple(drift for drift in reported if drift.snooze is not None and not drift.held),
        held=tuple(drift for drift in reported if drift.held),
        holds=holds,
        unknown=(*(each for each, counts in unknown if counts), *unread(left, inventory.unreachable)),
        away=tuple(each for each, counts in unknown if not counts),
        ended=tuple(_ended(declared, stack)),
        unreadable=readings.past.unreadable,
        notes=(
            *_notes(plan, stood),
            *moved_into(left, plan.steps),
            *_unread_states(readings),
            *readings.looked,
        ),
        known=plan.known.reported(stack.zone),
        zone=stack.zone,
        others=others,
    )


def _notes(plan: Plan, stood: Mapping[str, Drift | None]) -> Iterator[str]:
    """Yield findings about the identity of machines that no drift or unknown repeats."""
    for step in plan.steps:
        drift = stood[step.label]
        if step.vm is not None and (
            drift is None or drift.kind in {DriftKind.PLACED, DriftKind.FILES, DriftKind.LEAVING}
        ):
            yield from (str(each) for each in step.findings if each.topic == Topic.IDENTITY)


def _unread_states(readings: Readings) -> Iterator[str]:
    for each in readings.past.state_unread:
        yield f"whether a run from another computer has moved something is not known: the state of {each}"


def _ended(declared: Stack, stack: Stack) -> Iterator[Expired]:
    """Yield the snoozes, absences, maintenance, holds and words about others that have expired."""
    for label, vm in declared.vms.items():
        if vm.snooze is not None and stack.vms[label].snooze is None:
            yield Expired(label=label, snooze=vm.snooze)
    for name, host in declared.hosts.items():
        if host.away is not None and stack.hosts[name].away is None:
            yield Expired(label=name, snooze=host.away)
    for name, maintenance in declared.maintenance.items():
        if name not in stack.maintenance:
            yield Expired(label=name, snooze=maintenance)
    yield from (Expired(label=str(each), snooze=each) for each in declared.others if each not in stack.others)
    yield from (
        Expired(
            label=hold.host or hold.label or "", snooze=hold, release=release(hold, stack) if hold.by else ""
        )
        for hold in declared.holds
        if hold not in stack.holds
    )


def _of_machine(step: Step, stack: Stack, movers: Movers, known: Kept) -> Drift | None:
    if step.standing == Standing.UNKNOWN:
        return None
    if (
        step.vm is None
        and step.standing == Standing.MISSING
        and (there := _next_door(step, known, stack.zone)) is not None
    ):
        return there
    if step.vm is None:
        kind = DriftKind.MISSING if step.standing == Standing.MISSING else DriftKind.AMBIGUOUS
        return Drift(kind=kind, subject=step.label, text=_text(step), vm_id=step.vm_id, ids=_ids(step))
    changes = differences(step.placement, observed(step.vm))
    moved = any(change.property == "host" for change in changes)
    # A job that only prepares does not make it leave.
    leaving = step.standing == Standing.MOVED_BY_OTHERS and movers.runs(step.vm)
    if not changes and not leaving and step.standing != Standing.REFUSED:
        return None
    if changes:
        kind = DriftKind.PLACED if moved else DriftKind.FILES
    else:
        kind = DriftKind.LEAVING if leaving else DriftKind.UNCOMPARED
    declared = step.vm.host in stack.vms[step.label].hosts
    # Who moved the machine to another host says nothing of its files, and the other way round.
    files = None if moved else {change.actual for change in changes if change.actual}
    mover = movers.of(step.vm, files) if changes or leaving else None
    # Where no job, log or run tells of a move, there may have been none: then nobody is said to be unknown who moved it.
    stayed = moved and mover == Mover() and known.places.get(step.vm.id) == step.vm.host
    text = "; ".join(_lines(changes, stack.vms[step.label].hosts)) or _text(step)
    return Drift(
        kind=kind,
        subject=step.label,
        text=f"{text}; the last run saw it there already: its entry may have changed since, or that run did not move it"
        if stayed
        else text,
        ids=() if changes else _ids(step),
        host=step.vm.host,
        vm_id=step.vm.id,
        changes=changes,
        reason=step.reason if moved and (declared or not stack.vms[step.label].hosts) else "",
        mover=None if stayed else mover,
        held=step.excused if step.standing == Standing.HELD else "",
    )


def _next_door(step: Step, known: Kept, zone: tzinfo) -> Drift | None:
    """Return the drift of a machine that another stack has on a host of its own; None where none is known to have it."""
    places = known.siblings.places(step.vm_id) if step.vm_id is not None else ()
    if not places:
        return None
    entries = known.siblings.with_id(step.vm_id) if step.vm_id is not None else ()
    declared = f", and {named(entries)} declares it" if entries else ""
    text = f"{where(places[0], zone)}{declared}; on no host of this stack"
    return Drift(
        kind=DriftKind.NEXT_DOOR, subject=step.label, text=text, vm_id=step.vm_id, ids=("machine-missing",)
    )


def _twice(plan: Plan) -> Iterator[Drift]:
    """Yield machines that another stack file declares as well; who went there is said to be there, once."""
    for step, entries in declared_twice(plan.steps, plan.known.siblings):
        if step.vm is not None:
            yield Drift(
                kind=DriftKind.TWICE,
                subject=step.label,
                text=f"{named(entries)} declares it as well: each run would move it to its own side",
                host=step.vm.host,
                vm_id=step.vm_id,
                ids=("machine-in-two-stacks",),
            )


def _lines(changes: tuple[Change, ...], hosts: tuple[HostName, ...]) -> Iterator[str]:
    for change in changes:
        if change.property == "host" and len(hosts) > 1 and change.actual not in hosts:
            yield f"is on {change.actual}, declared on any of {', '.join(hosts)}"
        elif change.property == "host":
            # Maintenance sends a machine past its entry.
            belongs = "belongs" if hosts and change.wanted not in hosts else "declared"
            yield f"is on {change.actual}, {belongs} on {change.wanted}"
        else:
            yield f"{change.property} is {change.actual or 'not there'}, declared {change.wanted}"


def _findings(step: Step) -> list[Finding]:
    return [each for each in step.findings if each.refuses] or list(step.findings)


def _text(step: Step) -> str:
    return " | ".join(str(each) for each in _findings(step)) or str(step.standing)


def _ids(step: Step) -> tuple[str, ...]:
    return tuple(each.id for each in _findings(step))


def _undeclared(
    stack: Stack, inventory: Inventory, known: Kept, others: Collection[VmId], movers: Movers
) -> Iterator[Drift]:
    """Yield machines that no entry means and that are not of `others`."""
    for vm in undeclared(stack, inventory, known):
        if vm.id in others:
            continue
        mover = movers.of(vm)
        yield Drift(
            kind=DriftKind.UNDECLARED,
            subject=vm.name,
            text=f"is on {vm.host}, and no entry of the stack file means it ({vm.id}){known_of(vm, known.siblings)}",
            host=vm.host,
            vm_id=vm.id,
            mover=None if mover == Mover() else mover,
        )


def _settings(stack: Stack, readings: Readings) -> Iterator[Drift]:
    for host, actual in readings.settings.items():
        if isinstance(actual, str):
            continue
        wanted, has = declared_settings(stack.hosts[host].live_migration), settings_of(actual)
        names = differing(wanted, has)
        if names:
            changes = tuple(
                Change(property=name, actual=_shown(has[name]), wanted=_shown(wanted[name])) for name in names
            )
            yield Drift(
                kind=DriftKind.SETTINGS,
                subject=host,
                text="; ".join(
                    f"{each.property} is {each.actual}, declared {each.wanted}" for each in changes
                ),
                host=host,
                changes=changes,
            )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _delegation(readings: Readings) -> Iterator[Drift]:
    missing = readings.delegation.missing if readings.delegation else {}
    for host, entries in missing.items():
        reported = ", ".join(str(entry) for entry in entries)
        yield Drift(
            kind=DriftKind.DELEGATION, subject=host, text=f"the directory lacks {reported}", host=host
        )


def _unknown(
    stack: Stack, inventory: Inventory, plan: Plan, readings: Readings, doubts: Mapping[str, str]
) -> Iterator[tuple[Unknown, bool]]:
    """Yield what is unknown, and whether that counts."""
    for host in inventory.unreachable.values():
        away = stack.hosts[host.name].away if host.name in stack.hosts else None
        ids: tuple[str, ...] = ("host-unread",)
        text = f"{became(host)}, machines there are unknown: {host.reason}"
        if away is not None:
            text, ids = f"{is_away(host.name, away)}; it {text}", ("host-away", *ids)
        yield Unknown(subject=host.name, text=text, ids=ids, silent=host), away is None
    yield from ((each, True) for each in readings.computers)
    for name, actual in readings.settings.items():
        if isinstance(actual, str) and name not in inventory.unreachable:
            yield Unknown(subject=name, text=f"its settings are unknown: {actual}"), True
    delegation = readings.delegation
    for finding in delegation.findings if delegation is not None else ():
        yield Unknown(subject=DIRECTORY, text=str(finding), ids=(finding.id,)), True
    for step in plan.steps:
        if step.standing == Standing.UNKNOWN:
            yield (
                Unknown(subject=step.label, text=_text(step), ids=_ids(step), is_machine=True),
                not step.excused,
            )
        elif step.label in doubts:
            yield (
                Unknown(
                    subject=step.label,
                    text=doubts[step.label],
                    ids=("machine-known-by-name",),
                    is_machine=True,
                ),
                True,
            )
