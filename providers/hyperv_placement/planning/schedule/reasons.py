"""Why a machine steps aside, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from .timing import ScheduledLeg

COMES_BACK = "back to its place: it only made room"
"""Of the last move of a machine that was in its place."""
FOR_ITSELF = "on its way: what it has and what it is to have find no room beside each other"
"""Of a stop that is for nobody else, as where old and new files are to share a volume."""
FOR_SPARE = "on its way: if it went straight, or others before it, a rule (n_plus_1) would not hold meanwhile"
"""Of a stop that nobody needs the room of."""
_NAMED = 3
"""Machines that are named; the rest is counted."""


def why_aside(
    labels: Sequence[str], run: Sequence[ScheduledLeg], before: Sequence[frozenset[int]], number: int
) -> str:
    """Return why leg `number` of a schedule parks its machine: for those that move before it can go on.

    `labels`: by machine. `before`: by leg, the legs that must have ended.
    """
    machine = run[number].leg.machine
    onward = next(later for later in range(number + 1, len(run)) if run[later].leg.machine == machine)
    awaited = _behind(before, onward)
    between = [
        each for each in range(number + 1, onward) if each in awaited and number in _behind(before, each)
    ]
    if not between:
        waiting = [
            each for each, own in enumerate(before) if number in own and run[each].leg.machine != machine
        ]
        if not waiting:
            return FOR_ITSELF
        return f"makes room for {_listed(labels, run, waiting)}"
    circle = "swap" if len({run[each].leg.machine for each in between}) == 1 else "cycle"
    return f"parked to break the {circle} with {_listed(labels, run, between)}"


def _behind(before: Sequence[frozenset[int]], number: int) -> set[int]:
    """Return all legs that a leg waits for, directly or indirectly."""
    found: set[int] = set()
    waiting = [number]
    while waiting:
        for each in before[waiting.pop()] - found:
            found.add(each)
            waiting.append(each)
    return found


def _listed(labels: Sequence[str], run: Sequence[ScheduledLeg], legs: Sequence[int]) -> str:
    names = list(dict.fromkeys(labels[run[each].leg.machine] for each in legs))
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
