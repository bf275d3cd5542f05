"""Decides, for everybody who waits in a run, who goes, who asks the hosts, who goes on waiting, and who is given up. Pure.

The states and the rules are explained in run_order_states.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .run_order_states import IN_HAND, WAITS, WILL_NOT_COME, Event, Machine, Run, State

SETTLED_S = 8.0
"""Without anything new from the engine for so long, a machine that it never named is no part of the run."""
STARVED_S = 60.0
"""Without anything new for so long, and with everybody waiting, the engine is taken to have no worker left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done now, by label of the machine that waits."""

    goes: tuple[str, ...]
    asks: Mapping[str, int]
    """Who asks the hosts whether which move is made."""
    waits: Mapping[str, int]
    """Who waits for which move."""
    given_up: Mapping[str, int]
    """Whose move waits for which one that will not be made."""
    again: float
    """When to decide again although nothing has happened until then."""


def decide(run: Run, now: float) -> Decision:
    """Return what is to be done for those that wait."""
    goes: list[str] = []
    asks: dict[str, int] = {}
    waits: dict[str, int] = {}
    given_up: dict[str, int] = {}
    for label, each in run.waiting():
        before = _first_not_made(run, each)
        if before is None and (ahead := _link_taken_by(run, each, now)) is not None:
            waits[label] = ahead
        elif before is None:
            goes.append(label)
        elif _hopes(run, before, each.number, now):
            waits[label] = before
        elif each.not_made == before:
            given_up[label] = before
        else:
            asks[label] = before
    silences = (run.heard + SETTLED_S, run.heard + STARVED_S)
    again = min((moment for moment in silences if moment > now), default=math.inf)
    return Decision(goes=tuple(goes), asks=asks, waits=waits, given_up=given_up, again=again)


def carried_out(run: Run, decision: Decision) -> Run:
    """Return the run after a decision, and before anybody has acted on it."""
    for label, before in decision.waits.items():
        run = run.noted(label, waits_for=before, not_made=-1)  # whatever hosts have shown, it may be made now
    for label in decision.goes:
        run = run.after(label, Event.GO)
    for label, before in decision.asks.items():
        run = run.after(label, Event.ASK, waits_for=before)
    for label, before in decision.given_up.items():
        run = run.after(label, Event.GIVE_UP, waits_for=before)
    return run


def _first_not_made(run: Run, each: Machine) -> int | None:
    made = run.done | each.made
    return next((before for before in run.schedule.moves[each.number].needs if before not in made), None)


def _link_taken_by(run: Run, each: Machine, now: float) -> int | None:
    """Return the first of the moves that it lets go first and that has not ended, if that one may still come.

    It needs nothing of them, but uses their links, or a rule would not hold meanwhile: where one has failed or is left out, it
    goes.
    """
    follows = run.schedule.moves[each.number].follows
    return next(
        (ahead for ahead in follows if ahead not in run.done and _may_use_link(run, ahead, now)), None
    )


def _may_use_link(run: Run, number: int, now: float) -> bool:
    """Say whether a move is in hand, or will soon be: without its room, or without a word of it, nobody waits for it."""
    move = run.schedule.moves[number]
    state = run.machine(move.label).state
    if state in IN_HAND or state in WILL_NOT_COME:
        return state in IN_HAND
    before = (each for each in move.needs if each not in run.done)
    return now < run.heard + SETTLED_S or any(_may_come(run, each, now, {number}) for each in before)


def _hopes(run: Run, before: int, number: int, now: float) -> bool:
    """Say whether a move that is not made may yet be, so that `number` is to wait for it."""
    return not _is_passed_over(run, before, number) and _may_come(run, before, now, set())


def _is_passed_over(run: Run, before: int, number: int) -> bool:
    """Say whether the engine has started `number` though it is not done with `before`, which it orders itself."""
    state = run.machine(run.schedule.moves[before].label).state
    return state not in IN_HAND and run.schedule.whole(before) and run.schedule.whole(number)


def lacks_worker(run: Run, before: int, number: int) -> bool:
    """Say whether `number`, given up for `before`, waits for a machine that the engine has named and has no worker for.

    That is the one of `before`, or one that has to be done before the engine names that.
    """
    if run.machine(run.schedule.moves[before].label).state is State.NAMED:
        return True
    return not _is_passed_over(run, before, number) and _comes_after_named(run, before, set())


def _comes_after_named(run: Run, number: int, seen: set[int]) -> bool:
    seen.add(number)
    move = run.schedule.moves[number]
    state = run.machine(move.label).state
    if state is not State.UNHEARD:
        return state is State.NAMED
    left = (before for before in move.needs if before not in run.done and before not in seen)
    return any(_comes_after_named(run, before, seen) for before in left)


def _may_come(run: Run, number: int, now: float, seen: set[int]) -> bool:
    """Say whether a move that is not made is in hand, or the engine may still come to it.

    `seen`: moves that are being looked at, or were found without hope: a circle gives none.
    """
    if number in seen:
        return False
    seen.add(number)
    move = run.schedule.moves[number]
    state = run.machine(move.label).state
    if state in IN_HAND:
        return True
    if state in WILL_NOT_COME:
        return False
    if any(_may_come(run, before, now, seen) for before in move.needs if before not in run.done):
        return True
    if state is State.NAMED:
        return now < run.heard + STARVED_S or not _all_wait(run)
    return bool(run.others) or now < run.heard + SETTLED_S


def _all_wait(run: Run) -> bool:
    in_hand = [each.state for each in run.machines.values() if each.state in IN_HAND]
    return all(state in WAITS for state in in_hand)
