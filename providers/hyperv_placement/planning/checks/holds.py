"""What holds do to a plan: machines that stay where hands have put them, and a line for each hold, in every report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hyperv_placement import quoting
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Hold, Stack
from hyperv_placement.planning.machine.difference import differences, observed
from hyperv_placement.planning.machine.held import named


def held_back(step: Step, hold: Hold, *, leaves: bool = False) -> Step:
    """Return `step` without its move where a hold keeps the machine; one in its place, or on its way already, is left as it is.

    `leaves`: whether its host must be empty, so that it is not in its place there.
    """
    stopped = step.standing in {Standing.MOVE, Standing.REFUSED} or (
        leaves and step.standing == Standing.IN_PLACE
    )
    if not stopped or step.under_way or step.vm is None:
        return step
    if not leaves and not differences(step.placement, observed(step.vm)):
        return step
    text = f"{step.label} stays on {step.vm.host}: {named(hold)}"
    return replace(
        step,
        standing=Standing.HELD,
        move=None,
        excused=f"held until {hold.until.isoformat()}: {hold.reason}",
        findings=(Finding.warning("machine-held", text, _release(hold)),),
    )


def in_force(stack: Stack, known: Kept) -> Iterator[Finding]:
    """Yield a line for each hold that counts, whether or not it stops anything. `stack`: with those of the shared state."""
    for hold in stack.holds:
        effect = "nothing comes to it" if hold.host is not None else "it does not move"
        yield Finding.warning("hold-in-force", f"{named(hold)}; {effect}", _release(hold))
    if known.holds_unread:
        text = f"Whether anything is held in the shared state is not known: {known.holds_unread}"
        yield Finding.warning("holds-unread", text, "A run that cannot read them starts nothing")


def over(declared: Stack, stack: Stack) -> Iterator[Finding]:
    """Yield a line for maintenance and for each hold whose last day is over. `stack`: as it counts that day."""
    for name, entry in declared.maintenance.items():
        if name not in stack.maintenance and entry.until is not None:
            why = f" ({entry.reason})" if entry.reason else ""
            yield Finding.warning(
                "word-over",
                f"The maintenance of {name} ended on {entry.until.isoformat()}{why}: it counts no more",
                "Take its line out of maintenance:, or give it a later until:",
            )
    for hold in declared.holds:
        if hold not in stack.holds:
            yield Finding.warning(
                "word-over",
                f"The hold of {hold.host or hold.label} ended on {hold.until.isoformat()} ({hold.reason}): it counts no more",
                "Take its line out of hold:, or give it a later until:",
            )


def _release(hold: Hold) -> str:
    subject = hold.host or hold.label
    if hold.by:
        return f"When that is done: {quoting.own('bin/placement release STACK {}', str(subject))}"
    return "When that is done, take its line out of hold:"
