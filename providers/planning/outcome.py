"""What a run has come to: which declared machines are proven to be in their places, by hosts and by our own log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.model.names import HostName, VmId
from providers.model.plan import Plan, Severity, Standing, Step

from .counting import Proof, proof
from .difference import differences, observed


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWord:
    """The last line of our audit log about a machine."""

    time: str
    """ISO 8601, in UTC."""
    event: str
    source: HostName
    to: HostName
    result: str
    """Of an end `moved`, or the error; empty where the line tells of no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A declared machine that is not in its place, or that is not known to be."""

    label: str
    standing: Standing
    proof: Proof
    """REACHED where it does not count for now."""
    text: str
    """What there is, or why that is not known; and why it does not count."""
    host: HostName | None = None
    vm_id: VmId | None = None
    last: LastWord | None = None
    """None where our log has no word of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Every declared machine, held against its place."""

    stack: str
    """The name of the stack file, without its ending."""
    machines: int
    left: tuple[Left, ...]
    """In the order of the stack file."""
    silent: tuple[HostName, ...]
    """Hosts that did not answer, whether away or not."""

    @property
    def proof(self) -> Proof:
        """What is known of the whole: one that is not in its place decides, then one of which that is not known."""
        found = {each.proof for each in self.left}
        return next((each for each in (Proof.MISSED, Proof.UNREAD) if each in found), Proof.REACHED)


def outcome_of(stack: str, plan: Plan, silent: tuple[HostName, ...], log: Mapping[VmId, LastWord]) -> Outcome:
    """Return what a run has come to, by a plan that was made of its hosts afterwards."""
    left = tuple(_left(step, log) for step in plan.steps if step.standing != Standing.IN_PLACE)
    return Outcome(stack=stack, machines=len(plan.steps), left=left, silent=silent)


def _left(step: Step, log: Mapping[VmId, LastWord]) -> Left:
    return Left(
        label=step.label,
        standing=step.standing,
        proof=proof(step),
        text=_text(step) if step.excused in _text(step) else f"{_text(step)}; {step.excused}",
        host=step.vm.host if step.vm else None,
        vm_id=step.vm_id,
        last=log.get(step.vm_id) if step.vm_id else None,
    )


def _text(step: Step) -> str:
    reasons = [each for each in step.findings if each.severity == Severity.REFUSAL] or step.findings
    if step.standing != Standing.MOVE or step.vm is None:
        return " | ".join(map(str, reasons))
    found = differences(step.placement, observed(step.vm))
    return "; ".join(
        f"{each.property} is {each.actual or 'not there'}, declared {each.wanted}" for each in found
    )
