"""The outcome of a run: which declared machines are proven to be in their places, by the hosts and by our audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo

from hyperv_placement.model.estate import Inventory, Silence
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.unreachable import reported
from hyperv_placement.planning.what_counts import Proof, doubt, proof

from .checks.holds import OF_HOLDS
from .machine.difference import differences, observed


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWord:
    """The last line of our audit log about a machine."""

    time: str
    """ISO 8601, in UTC."""
    event: str
    source: HostName
    to: HostName
    result: str
    """Of an ended move `moved` or the error; empty where the line is not about an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A declared machine that is not in its place, or not known to be."""

    label: str
    standing: Standing
    proof: Proof
    """REACHED where it does not count for now."""
    text: str
    """What there is, or why that is not known; and why it does not count."""
    host: HostName | None = None
    vm_id: VmId | None = None
    last: LastWord | None = None
    """None where our log does not mention it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Every declared machine compared with its declared place."""

    stack: str
    """The name of the stack file, without its ending."""
    machines: int
    left: tuple[Left, ...]
    """In the order of the stack file."""
    silent: tuple[HostName, ...]
    """Hosts that were not read, away or not."""
    unread: tuple[HostName, ...] = ()
    """Those of them that refused the login or were not asked, and so are not reported as silent."""
    causes: tuple[str, ...] = ()
    """Why, a line for each cause."""
    zone: tzinfo = UTC
    """By whose clocks moments are shown."""
    holds: tuple[str, ...] = ()
    """Every hold in force or over, a line each, and what is not known of holds."""

    @property
    def proof(self) -> Proof:
        """What is known of the whole: MISSED if any machine is missed, otherwise UNREAD if any is unread."""
        found = {each.proof for each in self.left}
        return next((each for each in (Proof.MISSED, Proof.UNREAD) if each in found), Proof.REACHED)


def outcome_of(stack: Stack, plan: Plan, inventory: Inventory, log: Mapping[VmId, LastWord]) -> Outcome:
    """Return the outcome of a run, from a plan made of its hosts afterwards."""
    left = tuple(
        _left(step, stack, plan, inventory, log) for step in plan.steps if step.standing != Standing.IN_PLACE
    )
    lost = inventory.unreachable
    return Outcome(
        stack=stack.path.stem, zone=stack.zone, machines=len(plan.steps), left=left, silent=tuple(lost),
        holds=tuple(str(each) for each in plan.findings if each.id in OF_HOLDS),
        unread=tuple(name for name, host in lost.items() if host.kind != Silence.SILENT), causes=tuple(reported(lost.values())),
    )  # fmt: skip


def _left(step: Step, stack: Stack, plan: Plan, inventory: Inventory, log: Mapping[VmId, LastWord]) -> Left:
    doubted = None
    if step.vm is not None and not step.excused:
        # A machine that is known by its name alone may be another one while a host is silent.
        doubted = doubt(step.label, step.vm.id, step.vm.host, stack, inventory, plan.known)
    text = doubted or _text(step)
    return Left(
        label=step.label,
        standing=Standing.UNKNOWN if doubted else step.standing,
        proof=Proof.UNREAD if doubted else proof(step),
        text=text if step.excused in text else f"{text}; {step.excused}",
        host=step.vm.host if step.vm else None,
        vm_id=step.vm_id,
        last=log.get(step.vm_id) if step.vm_id else None,
    )


def _text(step: Step) -> str:
    reasons = [each for each in step.findings if each.refuses] or step.findings
    if step.standing != Standing.MOVE or step.vm is None:
        return " | ".join(map(str, reasons))
    found = [
        f"{each.property} is {each.actual or 'not there'}, declared {each.wanted}"
        for each in differences(step.placement, observed(step.vm))
    ]
    return "; ".join((*found, *(str(each) for each in step.findings if step.under_way)))
