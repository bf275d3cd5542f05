"""A plan under limits that hold at some times of the day only.

A schedule that runs from a time with one limit into a time with another one is made by the stricter of both for its whole
length: no moment of it is then over a limit, whichever way the estimates are wrong. Its price is a run that may end later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from hyperv_placement import quoting
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.guard import Occasion
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack


def paced(
    stack: Stack, occasion: Occasion, scheduled: Callable[[Stack, Plan], Plan]
) -> Callable[[Plan], Plan]:
    """Return what orders the moves of a plan by the limits that hold while they run.

    `scheduled`: orders them by a stack whose limits hold always. Without a clock only limits without a time count.
    """
    now = occasion.now
    entries = [*stack.limits, *(each for host in stack.hosts.values() for each in host.limits)]
    timed = sum(each.window is not None for each in entries)

    def ordered(plan: Plan) -> Plan:
        if not timed:
            return scheduled(stack, plan)
        if now is None:
            found = scheduled(stack, plan)
            return replace(found, findings=(*found.findings, *_unjudged(stack, found)))
        as_limited = stack.paced(now, now)
        found = scheduled(as_limited, plan)
        for _ in range(timed):  # each round brings one more of them into force
            longer = stack.paced(now, now + timedelta(seconds=found.schedule.seconds))
            if longer == as_limited:
                break
            as_limited, found = longer, scheduled(longer, plan)
        return found

    return ordered


def _unjudged(stack: Stack, plan: Plan) -> Iterator[Finding]:
    """Yield a warning where limits that hold at some times may bind a move of the plan."""
    at = sorted({host for move in plan.moves for host in (move.source, move.destination)})
    binding = {"limits": stack.limits, **{f"hosts.{host}.limits": stack.hosts[host].limits for host in at}}
    keys = [key for key, paces in binding.items() if any(each.window is not None for each in paces)]
    if plan.moves and keys:
        yield Finding.warning(
            "limits-unjudged",
            f"What {' and '.join(keys)} of {stack.path.name} let at certain times is not in this order and its estimate: a recorded inventory has no clock",
            f"What a run at a moment keeps: {quoting.own('bin/placement plan STACK --inventory FILE --at MOMENT')}",
        )
