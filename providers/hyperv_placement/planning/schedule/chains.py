"""Which leg waits for which: room as portions handed from leg to leg, so that any run that keeps the order keeps the room.

Each leg takes its portions from what is free at the beginning or from legs that gave theirs back, and waits for
those. What is given back to a pool below its reserve fills that up first. However long any of them takes, no pool is
ever overdrawn (partial order schedules by chaining, Policella et al. 2004). Slots are not booked here: a move that
fails stops only those that need its room.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from .problem import Problem
from .timing import ScheduledLeg

Portion = tuple[int, int | None]
"""An amount, and the leg that gave it back; None for what was free at the beginning."""


def predecessors(problem: Problem, run: Sequence[ScheduledLeg]) -> list[frozenset[int]]:
    """Return, for each leg of a schedule in the order of starts, the numbers of those that must have ended before."""
    legs = [each.leg for each in run]
    portions: list[deque[Portion]] = [deque([(free, None)] if free > 0 else ()) for free in problem.free]
    debts = [max(0, -free) for free in problem.free]
    payers: list[set[int]] = [set() for _ in problem.free]
    before: list[set[int]] = [set() for _ in legs]
    last: dict[int, int] = {}
    # At one moment ends come before starts: what ends makes room for what starts.
    events = [(each.start, _START, number) for number, each in enumerate(run)]
    events += [(each.end, _END, number) for number, each in enumerate(run)]
    for _, kind, number in sorted(events):
        leg = legs[number]
        if kind == _END:
            for pool, amount in leg.releases:
                paid = min(debts[pool], amount)
                debts[pool] -= paid
                payers[pool] |= {number} if paid else set()
                portions[pool].append((amount - paid, number))
            continue
        if leg.machine in last:
            before[number].add(last[leg.machine])
        last[leg.machine] = number
        for pool, amount in leg.acquires:
            before[number] |= payers[pool]  # of a pool below its reserve there is nothing before all of these
            before[number] |= set(_taken(portions[pool], amount, waited=before[number]))
    return _without_detours(before)


_END, _START = 0, 1
_NONE = frozenset[int]()


def _taken(portions: deque[Portion], amount: int, waited: set[int]) -> Iterator[int]:
    """Take `amount`: first what was free, then from legs that are waited for anyway, then the oldest portions given back."""
    if portions and portions[0][1] is None and portions[0][0] > amount:  # nearly always
        portions[0] = (portions[0][0] - amount, None)
        return
    ranked = sorted(range(len(portions)), key=lambda at: _rank(at, portions[at], waited))
    for at in ranked:
        if amount <= 0:
            break
        has, giver = portions[at]
        used = min(has, amount)
        portions[at] = (has - used, giver)
        amount -= used
        if giver is not None:
            yield giver
    kept = [portion for portion in portions if portion[0] > 0]
    portions.clear()
    portions.extend(kept)


def _rank(at: int, portion: Portion, waited: set[int]) -> tuple[bool, bool, int]:
    giver = portion[1]
    return giver is not None and giver not in waited, giver is not None, at


def _without_detours(before: Sequence[set[int]]) -> list[frozenset[int]]:
    """Drop predecessors that another predecessor already waits for."""
    # A bit for each leg: as sets, the predecessors of 15,000 legs would take hundreds of megabytes.
    behind: list[int] = []
    result = []
    for own in before:
        if not own:
            behind.append(0)
            result.append(_NONE)
            continue
        implied = whole = 0
        for number in own:
            implied |= behind[number]
            whole |= 1 << number
        behind.append(implied | whole)
        result.append(frozenset(number for number in own if not implied >> number & 1))
    return result
