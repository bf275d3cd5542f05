"""Order and choice of hosts talk: chosen hosts that machines find no safe order to, or no room on, are given up for others."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing

MAPS = 24
"""Choices of hosts that are ordered before the best of them is taken."""
FEWEST = 2
"""Of a large estate."""
LOOKED_AT = 4_000
"""Machines in all of them together: the larger the estate, the fewer tries."""
_NAMED = 6

Cut = Mapping[str, HostName]
"""Hosts that are not chosen again for these machines, all of them at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A choice of hosts, with the order of its moves."""

    plan: Plan
    chosen: Mapping[str, HostName]
    """Label -> host, of the machines whose host was chosen."""
    complete: bool
    """Whether every machine has a place by it; a choice that is not is none, once something is excluded."""


def best_map(attempt: Callable[[Sequence[Cut]], Attempt]) -> Plan:
    """Return the plan of the first choice of hosts whose moves can all be made, otherwise of the one that leaves fewest out.

    `attempt`: makes a plan with another choice than those excluded.
    """
    first = best = last = attempt(())
    excluded, tried = list[Cut](), 1
    seen = Counter[tuple[str, HostName]]()
    maps = max(FEWEST, min(MAPS, LOOKED_AT // max(1, len(first.plan.steps))))
    while last.plan.stuck and tried < maps:
        new = [each for cut in _cuts(last) if (each := _sharper(cut, seen)) not in excluded]
        if not new:
            break
        excluded += new
        seen.update(place for cut in new for place in cut.items())
        last = attempt(excluded)
        if not last.complete and first.complete:
            break  # there is no other choice that has a place for everybody
        tried += 1
        if _left(last) < _left(best):
            best = last
    chosen = _with_reason(first, best) if best is not first else first.plan
    chosen = _in_vain(chosen, tried) if best is first and tried > 1 else chosen
    sooner = _sooner(attempt, best, excluded, maps - tried)
    return (
        chosen
        if sooner is best
        else dataclasses.replace(sooner.plan, findings=(*sooner.plan.findings, *_added(chosen, best)))
    )


def _added(chosen: Plan, best: Attempt) -> tuple[Finding, ...]:
    """Return what was said of a choice besides the findings of its own plan."""
    return chosen.findings[len(best.plan.findings) :]


def _sooner(
    attempt: Callable[[Sequence[Cut]], Attempt], best: Attempt, excluded: Sequence[Cut], tries: int
) -> Attempt:
    """Return a choice by which fewer machines wait for a window of the host that was chosen for them, as far as it costs nothing.

    It is taken if no more machines stay, and no more bytes move in all: bytes come before windows.
    """
    cuts = list(excluded)
    for _ in range(tries):
        waits = [
            {step.label: best.chosen[step.label]}
            for step in best.plan.steps
            if step.standing == Standing.WAITING and step.label in best.chosen
        ]
        new = [cut for cut in waits if cut not in cuts]
        if not new:
            break
        cuts += new
        other = attempt(cuts)
        if not other.complete or _left(other) > _left(best) or _bytes(other) > _bytes(best):
            break
        if _waiting(other) < _waiting(best):
            best = other
    return best


def _bytes(attempt: Attempt) -> int:
    return attempt.plan.choice.bytes if attempt.plan.choice is not None else 0


def _waiting(attempt: Attempt) -> int:
    return sum(step.standing == Standing.WAITING for step in attempt.plan.steps)


def _left(attempt: Attempt) -> tuple[bool, int]:
    return bool(attempt.plan.refusals), len(attempt.plan.left_out)


def _cuts(attempt: Attempt) -> Iterator[Cut]:
    """Yield what to give up of a choice: hosts of the machines that find no order or no room, otherwise of those beside them."""
    stuck = attempt.plan.stuck
    own = [{label: attempt.chosen[label] for label in labels if label in attempt.chosen} for labels in stuck]
    if any(own):
        yield from (cut for cut in own if cut)
        return
    steps = {step.label: step for step in attempt.plan.steps}
    moves = (steps[label].move for labels in stuck for label in labels)
    ends = {host for move in moves if move is not None for host in (move.source, move.destination)}
    beside = {label: end for label, end in attempt.chosen.items() if end in ends}
    if beside:
        yield beside


def _sharper(cut: Cut, seen: Mapping[tuple[str, HostName], int]) -> Cut:
    """Return a cut; where machines have been in the way at those hosts before, with others, the place of one of them alone."""
    again = [place for place in cut.items() if place in seen]
    return dict([max(again, key=lambda place: (seen[place], place))]) if again else cut


def _with_reason(first: Attempt, best: Attempt) -> Plan:
    """Return the plan of another choice than the first one, with why that one was given up."""
    was, now = first.plan.choice, best.plan.choice
    moved = [f"{label} on {end}" for label, end in first.chosen.items() if best.chosen.get(label) != end]
    more = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
    said = Finding.warning(
        "choice-without-order",
        f"Other hosts were chosen than at first ({', '.join(moved[:_NAMED])}{more}): with those"
        f" {', '.join(_stuck(first)[:_NAMED])} would stay, because no order of the moves is safe or there is no room",
    )
    if was is not None and now is not None:  # fewer bytes would do, if they had an order
        proved = now.proved and now.bytes == was.least
        now = dataclasses.replace(now, least=was.least, proved=proved)
    return dataclasses.replace(best.plan, choice=now, findings=(*best.plan.findings, said))


def _in_vain(plan: Plan, tried: int) -> Plan:
    said = Finding.warning(
        "choice-without-order",
        f"{tried} choices of hosts were ordered, and none lets more machines go: there may be others",
    )
    return dataclasses.replace(plan, findings=(*plan.findings, said))


def _stuck(attempt: Attempt) -> list[str]:
    return sorted(label for labels in attempt.plan.stuck for label in labels)
