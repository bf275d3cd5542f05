"""Desired against actual state: the plan, machine by machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.guard import ON_PAPER, Occasion
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.throughput import NOTHING_OBSERVED, Throughput
from hyperv_placement.model.unreachable import became, reported, several
from hyperv_placement.planning.what_counts import doubted, excused, is_away, silent

from .checks.file_names import refuse, without_taken
from .checks.guard import guarded
from .checks.holds import said
from .checks.rules import broken_rules
from .checks.sizes import unsized
from .checks.turns import in_turn
from .in_windows import in_windows
from .late_returns import with_late_returns
from .machine.computers import named_twice, replaced, telling_of_others, unnamed
from .machine.next_door import declared_twice, said_twice
from .machine.others import of_others
from .maps import Attempt, Cut, best_map
from .paced import paced
from .schedule.places import Verdicts
from .scheduled import scheduled
from .steps import stood


def plan(
    stack: Stack,
    inventory: Inventory,
    known: Kept = NOTHING_KEPT,
    occasion: Occasion = ON_PAPER,
    throughput: Throughput = NOTHING_OBSERVED,
) -> Plan:
    """Return the standing of every declared machine and the move ordered for it, in the order of the stack file.

    `known`: which machine each key meant in the last run. Refused moves stay in the plan with their reasons; they are
    never ordered. What concerns the whole estate (silent hosts, rules, the guard) is in `Plan.findings`. `occasion`:
    when the plan is made, and which limits of the guard somebody has allowed. `throughput`: the rates of past moves.
    """
    return with_late_returns(known, lambda kept: _plan(stack, inventory, kept, occasion, throughput))


def _plan(
    stack: Stack, inventory: Inventory, known: Kept, occasion: Occasion, throughput: Throughput
) -> Plan:
    """Return the plan with every return after maintenance that nothing forbids by itself."""
    declared, stack = stack, stack.held(known.holds).at(occasion.moment)
    verdicts: Verdicts = {}
    planned = best_map(
        lambda excluded: _attempted(
            stack, inventory, known, occasion, throughput, excluded, verdicts=verdicts
        )
    )
    guards = guarded(stack, planned.starts, occasion.now, occasion.allowed)
    return dataclasses.replace(
        planned,
        findings=(
            *planned.findings,
            *said(declared, known, occasion.moment),
            *_twice(planned, known),
            *guards,
        ),
        others=of_others(stack, inventory, known),
    )


def _twice(planned: Plan, known: Kept) -> Iterator[Finding]:
    """Yield the machines of the run that another stack of the project declares as well."""
    yield from (
        said_twice(step.label, entries) for step, entries in declared_twice(planned.steps, known.siblings)
    )


def _attempted(  # noqa: PLR0913 - what a plan is made of
    stack: Stack,
    inventory: Inventory,
    known: Kept,
    occasion: Occasion,
    throughput: Throughput,
    excluded: Sequence[Cut],
    *,
    verdicts: Verdicts,
) -> Attempt:
    """Return the plan of one choice of hosts, other than those `excluded`. `verdicts`: on moves, of all choices together."""
    everybody, picked = stood(stack, inventory, known, occasion.in_run, excluded)
    # Who is no part of the run stays where it is, and neither room nor a name nor a limit is counted as though it went.
    outside = tuple(step for step in everybody if not occasion.takes(step.label))
    inside = tuple(step for step in everybody if occasion.takes(step.label))
    inside = without_taken(inside, inventory, outside) if outside else inside
    steps = tuple(step for step in _distinguished((*inside, *outside)) if occasion.takes(step.label))
    steps = tuple(_sized(step, inventory) for step in steps)
    # Doubt first: what is unknown is excused by an absent host, what would move is not.
    steps = tuple(excused(doubted(step, stack, inventory, known), stack, inventory) for step in steps)
    steps = in_turn(steps, stack, inventory, outside)
    reached = (step.move.destination for step in steps if step.move is not None and step.move.changes_host)
    findings = (
        *_silent(stack, inventory, steps), *named_twice(inventory), *telling_of_others(inventory), *replaced(inventory),
        *unnamed(inventory, reached),
    )  # fmt: skip
    unplanned = Plan(
        steps=steps, choice=picked.choice, known=known, silent=silent(stack, inventory), outside=outside,
        zone=stack.zone,
    )  # fmt: skip
    planned = in_windows(
        unplanned, stack, occasion,
        paced(stack, occasion, lambda as_limited, each: scheduled(each, as_limited, inventory, throughput, verdicts)),
    )  # fmt: skip
    stay = {step.label: step.vm.host for step in planned.steps if step.left_out and step.vm}
    rules = broken_rules(stack, inventory, _reached(planned, picked.stands), stay, known)
    findings = (*findings, *rules, *picked.findings, *planned.findings)
    return Attempt(
        plan=dataclasses.replace(planned, findings=findings),
        chosen={label: picked.ends[label] for label in sorted(picked.open)},
        complete=picked.complete,
    )


def _reached(plan: Plan, ends: Mapping[str, HostName]) -> Mapping[str, HostName]:
    """Return where machines are after the run, label -> host: `ends`, but for those that do not go, for whatever reason."""
    kept = [step for step in plan.steps if step.left_out]
    return {**ends, **{step.label: step.vm.host for step in (*kept, *plan.outside) if step.vm is not None}}


def _sized(step: Step, inventory: Inventory) -> Step:
    """Return a step that moves with a warning for each of its files of unknown size."""
    if step.move is None or step.standing != Standing.MOVE:
        return step
    said = tuple(unsized(step.move, inventory))
    return dataclasses.replace(step, findings=(*step.findings, *said)) if said else step


def _silent(stack: Stack, inventory: Inventory, steps: tuple[Step, ...]) -> Iterator[Finding]:
    """Yield each cause once, so that the machines' own lines need not repeat it."""
    lost = inventory.unreachable
    counting = silent(stack, inventory)
    for line in reported(lost[name] for name in counting):
        yield Finding.warning("host-unread", line)
    for name, host in lost.items():
        if name not in counting and (away := stack.hosts[name].away) is not None:
            yield Finding.warning(
                "host-away", f"{is_away(name, away)}; it {became(host)}, and its machines do not count"
            )
    count = sum(step.standing == Standing.UNKNOWN and not step.excused for step in steps)
    if count and lost:
        names = several(sorted(lost))
        yield Finding.warning(
            "machines-unknown",
            f"{count} declared {'machine is' if count == 1 else 'machines are'} unknown while {names} cannot be read;"
            " nothing is planned for them",
            "Fix what is reported about the hosts, or declare them away (hosts.NAME.away), then run again",
        )


def _distinguished(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return `steps` with those refused that mean one machine: they would move it to and fro. Others go on."""
    meant = [step.vm_id for step in steps if step.vm is not None]
    if len(set(meant)) == len(meant):  # nearly always
        return steps
    labels: dict[VmId, list[str]] = {}
    for step in steps:
        if step.vm_id is not None and step.vm is not None:
            labels.setdefault(step.vm_id, []).append(step.label)
    return tuple(
        refuse(
            step,
            Finding.refusal(
                "entries-are-one-machine",
                f"{' and '.join(labels[step.vm_id])} are one machine, {step.vm.name} ({step.vm.id}) on {step.vm.host}",
                "Remove one of the entries, or say which machine each means: bin/placement adopt KEY --id GUID",
            ),
        )
        if step.vm_id is not None and step.vm is not None and len(labels[step.vm_id]) > 1
        else step
        for step in steps
    )
