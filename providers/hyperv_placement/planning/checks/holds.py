"""What holds do to a plan: machines that stay where hands have put them, and a line for each hold, in every report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from hyperv_placement import quoting
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import Hold, Stack
from hyperv_placement.planning.machine.difference import differences, observed
from hyperv_placement.planning.machine.held import named

IN_FORCE = frozenset({"hold-in-force", "hold-undeclared", "holds-unread"})
"""Of the findings that say what is held, and what is not known of it."""
OF_HOLDS = IN_FORCE | {"hold-over"}
"""Of all findings about holds."""


def held_back(step: Step, hold: Hold, stack: Stack, *, leaves: bool = False) -> Step:
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
        excused=f"held until {hold.until}: {hold.reason}",
        findings=(Finding.warning("machine-held", text, _when_done(hold, stack)),),
    )


def said(stack: Stack, known: Kept, moment: datetime | None) -> Iterator[Finding]:
    """Yield a line for each hold that counts at `moment`, whether or not it stops anything, and for each whose last day is over.

    One of the shared state that means nothing which `stack` declares is said, too, and so is that they could not be read. `moment`: None
    where none is known; then all of them count.
    """
    whole = stack.held(known.holds)
    counting = whole.at(moment)
    for hold in counting.holds:
        effect = "nothing comes to it" if hold.host is not None else "it does not move"
        yield Finding.warning("hold-in-force", f"{named(hold)}; {effect}", _when_done(hold, stack))
    for hold in stack.by_its_clocks(known.holds):
        if hold not in whole.holds:
            text = f"{named(hold)}; {stack.path.name} declares no {_kind(hold)} of that name, so that nothing is held by it"
            yield Finding.warning("hold-undeclared", text, _when_done(hold, stack))
    if known.holds_unread:
        text = f"Whether anything is held in the shared state is not known: {known.holds_unread}"
        yield Finding.warning("holds-unread", text, "A run that cannot read them starts nothing")
    yield from _over(whole, counting)


def _over(declared: Stack, stack: Stack) -> Iterator[Finding]:
    for name, entry in declared.maintenance.items():
        if name not in stack.maintenance and entry.until is not None:
            why = f" ({entry.reason})" if entry.reason else ""
            yield Finding.warning(
                "word-over",
                f"The maintenance of {name} ended on {entry.until}{why}: it counts no more",
                "Take its line out of maintenance:, or give it a later until:",
            )
    for hold in declared.holds:
        if hold not in stack.holds:
            by = f", by {hold.by}" if hold.by else ""
            yield Finding.warning(
                "hold-over",
                f"The hold of {hold.host or hold.label} ended on {hold.until} ({hold.reason}{by}): it counts no more",
                f"If it is to count on, hold it anew to a later day; else: {release(hold, stack)}"
                if hold.by
                else "Take its line out of hold:, or give it a later until:",
            )


def release(hold: Hold, stack: Stack) -> str:
    """Return the command that takes a hold out of the shared state."""
    name = str(hold.host or hold.label)
    doubtful = (name in stack.hosts) == (name in stack.vms)
    subject = f"{_kind(hold)}:{name}" if doubtful else name
    return str(quoting.own("bin/placement release {} {}", subject, stack.path.stem))


def _kind(hold: Hold) -> str:
    return "host" if hold.host is not None else "vm"


def _when_done(hold: Hold, stack: Stack) -> str:
    if hold.by:
        return f"When that is done: {release(hold, stack)}"
    return "When that is done, take its line out of hold:"
