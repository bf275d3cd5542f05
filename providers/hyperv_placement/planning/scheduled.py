"""A plan with the order of its moves: what finds no room in the end, or no safe order, is refused, and the others go on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Rule, Stack
from hyperv_placement.model.throughput import Throughput
from hyperv_placement.model.units import counted
from hyperv_placement.visible import visible

from .checks.file_names import refuse, without_taken
from .checks.n_plus_one_on_the_way import spare_on_the_way
from .checks.shares import uncounted
from .checks.sizes import left_behind
from .schedule.peaks import crowded
from .schedule.places import Verdicts
from .schedule.schedule import Ordered, schedule_of
from .schedule.stuck import Cause, Stuck

_CHANGE = "Change what is declared, or make room"
_NAMED = 20
"""Machines that a finding of the whole plan names; the rest is counted."""


def scheduled(
    plan: Plan, stack: Stack, inventory: Inventory, throughput: Throughput, verdicts: Verdicts
) -> Plan:
    """Return `plan` with the order of its moves. Machines that cannot go are refused, and those that depend on them.

    `verdicts`: of what was scheduled before by the same stack and inventory, to be used and added to.

    With `guard.all_or_nothing` one such machine stops every move, with the proof.
    """
    wanted, causes = plan, list[Stuck]()
    if stack.guard.all_or_nothing and (homeless := _without_a_host(plan)):
        return dataclasses.replace(plan, findings=(*plan.findings, *homeless))
    while True:
        found = schedule_of(stack, inventory, plan, throughput, verdicts)
        causes += found.stuck
        if stack.guard.all_or_nothing and any(each.cause != Cause.NAME for each in found.stuck):
            return _stopped(wanted, causes)
        fewer = _refused(plan, found.stuck)
        stays = found.stuck or any(step.standing == Standing.HELD for step in fewer.steps)
        followed = _following(fewer, stack, inventory) if stays else fewer
        if followed is fewer:
            behind = left_behind(wanted.moves) if causes else ()
            said = (*(_told(each) for each in causes if each.proof), *behind)
            return _with(dataclasses.replace(fewer, stuck=_groups(causes)), found, said, stack, inventory)
        plan = followed  # who is refused for a rule or a name frees no room either


def _without_a_host(plan: Plan) -> tuple[Finding, ...]:
    """Return why no host was found for machines, each cause once, as what stops every move."""
    found = {
        each.text: each
        for step in plan.steps
        for each in step.findings
        if each.refuses and each.id in {"no-host-fits", "no-host-found"}
    }
    return tuple(found.values())


def _with(
    plan: Plan, ordered: Ordered, said: tuple[Finding, ...], stack: Stack, inventory: Inventory
) -> Plan:
    found = ordered.schedule
    going = {each.label for each in found.moves}
    # Who is not moved waits for no room either, whatever the host that was looked at for it has.
    steps = tuple(lasting(step) if step.label in going or step.left_out else step for step in plan.steps)
    refused = {step.label: each for step in steps for each in step.findings if each.is_of_whole_plan}
    schedule = dataclasses.replace(found, refused=refused)
    findings = (*plan.findings, *said, *uncounted(found))
    findings = (*findings, *crowded(dataclasses.replace(plan, schedule=schedule), stack, inventory))
    findings = (*findings, *spare_on_the_way(stack, inventory, schedule, ordered.spare))
    return dataclasses.replace(plan, steps=steps, schedule=schedule, findings=findings)


def lasting(step: Step) -> Step:
    """Return a step without the findings that its place in the schedule, or the lack of one, settles."""
    if not any(each.is_transient for each in step.findings):
        return step
    return dataclasses.replace(step, findings=tuple(each for each in step.findings if not each.is_transient))


def _stopped(plan: Plan, causes: list[Stuck]) -> Plan:
    """Return `plan` with the proofs as what stops every move."""
    proofs = (
        Finding.refusal(
            "no-safe-order",
            "\n".join(map(visible, (*(each.proof or each.why.values()), *each.remedies))),
            f"Nothing was moved (guard.all_or_nothing); {_CHANGE[0].lower()}{_CHANGE[1:]}",
            topic=Topic.PROOF,
        )
        for each in causes
    )
    findings = (*plan.findings, *proofs, *left_behind(plan.moves))
    return dataclasses.replace(plan, findings=findings, stuck=_groups(causes))


def _groups(causes: list[Stuck]) -> tuple[tuple[str, ...], ...]:
    """Return the machines of each cause; those that only wait for room which others of them would free are no cause."""
    return tuple(each.labels for each in causes if each.cause != Cause.FREED)


def _told(cause: Stuck) -> Finding:
    """Return a cause once, with the machines that it keeps where they are."""
    first, *more = cause.proof
    labels = cause.labels
    named = ", ".join(labels[:_NAMED]) + (f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else "")
    stay = "stays where it is" if len(labels) == 1 else "stay where they are"
    head = f"{counted(len(labels), 'machine')} {stay} ({named}). {first}"
    return Finding.warning(
        "moves-left-out", "\n".join(map(visible, (head, *more, *cause.remedies))), _CHANGE, topic=Topic.PROOF
    )


def _refused(plan: Plan, causes: tuple[Stuck, ...]) -> Plan:
    """Return `plan` with a refusal for each machine that stays."""
    found = {label: _refusal(cause, label) for cause in causes for label in cause.why}
    steps = tuple(
        refuse(lasting(step), found[step.label]) if step.label in found else step for step in plan.steps
    )
    return dataclasses.replace(plan, steps=steps)


def _refusal(cause: Stuck, label: str) -> Finding:
    why, helps = cause.why[label], ". ".join(cause.remedies)
    match cause.cause:
        case Cause.NAME:
            remedy = (
                "Declare another place for that disk (storage: in its entry), or give one of them a place to step"
                " aside to: another root under hosts.HOST.storage, or a third host"
            )
            return Finding.refusal("file-name-deadlock", why, remedy, topic=Topic.FILE_NAME)
        case Cause.ROOM:
            return Finding.refusal("no-room-in-the-end", why, _CHANGE, topic=Topic.ORDER)
        case Cause.FREED:
            return Finding.refusal("room-not-freed", why, helps, topic=Topic.ORDER)
        case Cause.ORDER:
            return Finding.refusal("no-order-for-machine", why, helps or _CHANGE, topic=Topic.ORDER)


def _following(plan: Plan, stack: Stack, inventory: Inventory) -> Plan:
    """Return `plan` with those refused as well whom a refused machine keeps from going by a file name or a rule."""
    while True:
        steps = without_taken(plan.steps, inventory, plan.outside)
        apart = dict(_left_alone(steps, stack))
        steps = tuple(refuse(step, apart[step.label]) if step.label in apart else step for step in steps)
        if steps == plan.steps:
            return plan
        plan = dataclasses.replace(plan, steps=steps)


def _left_alone(steps: tuple[Step, ...], stack: Stack) -> Iterator[tuple[str, Finding]]:
    """Yield a refusal for each machine that would leave one with which it is together by a rule, and which must stay."""
    by_label = {step.label: step for step in steps}
    for rule in stack.rules:
        if rule.kind == "together":
            members = {label: by_label[label] for label in rule.labels if label in by_label}
            # An evacuation is refused for no rule: that this one does not hold then is said.
            yield from (each for each in _of_rule(rule, members) if not _evacuated(by_label[each[0]], stack))


def _evacuated(step: Step, stack: Stack) -> bool:
    return step.vm is not None and step.vm.host in stack.maintenance


def _of_rule(rule: Rule, members: Mapping[str, Step]) -> Iterator[tuple[str, Finding]]:
    hosts = {step.vm.host for step in members.values() if step.vm is not None}
    stay = [
        label
        for label, step in members.items()
        if step.standing == Standing.HELD
        or (step.standing == Standing.REFUSED and any(each.is_of_whole_plan for each in step.findings))
    ]
    if not stay or len(hosts) > 1:  # where they are apart already, nobody breaks the rule by going
        return
    for label, step in members.items():
        if step.standing == Standing.MOVE and not step.under_way and step.move and step.move.changes_host:
            yield (
                label,
                Finding.refusal(
                    "room-not-freed",
                    f"{label} is not moved: the rule in line {rule.line} (together) keeps it with {stay[0]}, which is not moved",
                    f"See why {stay[0]} stays",
                    topic=Topic.ORDER,
                ),
            )
