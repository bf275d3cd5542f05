"""Whether it counts that a machine is not in its place: the single judgement behind every command's exit code."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Placement, Plan, Standing, Step
from hyperv_placement.model.stack import Away, Snooze, Stack
from hyperv_placement.model.unreachable import who

from .machine.adoption import adopting

_FOUND = {Standing.MOVE, Standing.REFUSED, Standing.MOVED_BY_OTHERS}
"""What a snooze may excuse. That a machine is gone, or that its entry fits two, was not foreseen by whoever wrote it."""


class Proof(StrEnum):
    """What is known of a machine's place."""

    REACHED = "reached"
    """It was seen in its place, or need not be there for now."""
    MISSED = "not reached"
    UNREAD = "not known"
    """Some host that may have it did not answer, or it was changing hosts."""


def proof(step: Step) -> Proof:
    """Return what is proven about whether the machine of `step` is where the stack file declares it."""
    if step.excused or step.standing == Standing.IN_PLACE:
        return Proof.REACHED
    return Proof.UNREAD if step.standing == Standing.UNKNOWN else Proof.MISSED


def excused(step: Step, stack: Stack, inventory: Inventory) -> Step:
    """Return `step` with the reason why it does not count, if there is one; a step that is left out of the run also warns of it.

    `stack`: as it counts that day (`Stack.on`).
    """
    excuse = _excuse(step, stack, inventory)
    findings = step.findings
    if excuse and step.left_out and step.standing != Standing.HELD:  # a hold has its own finding
        said = Finding.warning("machine-excused", f"{step.label} does not count for now: {excuse}")
        findings = (*findings, said)
    if excuse == step.excused and findings is step.findings:
        return step
    return replace(step, excused=excuse, findings=findings)


def _excuse(step: Step, stack: Stack, inventory: Inventory) -> str:
    if step.standing == Standing.HELD:
        return step.excused
    snooze = stack.vms[step.label].snooze
    if snooze is not None and step.standing in _FOUND:
        return f"snoozed until {until(snooze)}"
    if step.standing != Standing.UNKNOWN:
        return ""
    silent = [name for name in stack.vms[step.label].hosts or stack.hosts if name in inventory.unreachable]
    away = [(name, away) for name in silent if (away := stack.hosts[name].away) is not None]
    # One silent host that is not away is enough to make it count: the machine may be there.
    if not away or len(away) < len(silent):
        return ""
    return "; ".join(is_away(name, absence) for name, absence in away)


def doubt(
    label: str, vm: VmId | None, host: HostName | None, stack: Stack, inventory: Inventory, known: Kept
) -> str | None:
    """Return why it is unknown whether a machine that is not as declared is the one that is meant; None if it is known.

    A name decides only where every host answers, as for a machine that is adopted.
    """
    text = _doubt(label, vm, host, stack, inventory, known)
    remedy = "Set id: (the GUID) in the stack file, or run again when every host answers"
    return f"{text}. {remedy}" if text else None


def _doubt(
    label: str, vm: VmId | None, host: HostName | None, stack: Stack, inventory: Inventory, known: Kept
) -> str | None:
    # A GUID from the file or from the last run leaves no doubt; a bare name does while a host is silent.
    if vm is None or stack.vms[label].id or label in known.machines or not inventory.unreachable:
        return None
    return (
        f"{label} is unknown: {vm} on {host} has its name and is not as declared, and {who(inventory.unreachable.values())}:"
        " another machine of that name may be the one that is meant"
    )


def doubted(step: Step, stack: Stack, inventory: Inventory, known: Kept) -> Step:
    """Return `step`, made unknown if it would move a machine known only by its name while a silent host may have a namesake."""
    if step.vm is None or step.standing != Standing.MOVE or step.under_way:
        return step
    text = _doubt(step.label, step.vm.id, step.vm.host, stack, inventory, known)
    if text is None:
        return step
    finding = Finding.warning(
        "machine-known-by-name",
        text,
        f"If it is the one, say so: {adopting(step.label, step.vm.id)}; if not, run when every host answers",
        topic=Topic.IDENTITY,
    )
    return Step(
        label=step.label,
        standing=Standing.UNKNOWN,
        placement=Placement(),
        vm_id=step.vm.id,
        findings=(finding,),
    )


def until(word: Snooze | Away) -> str:
    """Return the last day and the reason, as `2026-12-01: new disks`."""
    return f"{word.until}: {word.reason}"


def is_away(name: HostName, away: Away) -> str:
    """Return the sentence that a host is away, until when, and why."""
    return f"{name} is away until {until(away)}"


def silent(stack: Stack, inventory: Inventory) -> tuple[HostName, ...]:
    """Return the hosts that did not answer though they are not away. `stack`: as it counts that day."""
    return tuple(
        name for name in inventory.unreachable if name not in stack.hosts or stack.hosts[name].away is None
    )


def complete(plan: Plan) -> bool:
    """Say whether a plan leaves out nothing that counts, neither machine nor host."""
    return not plan.failing and not plan.silent
