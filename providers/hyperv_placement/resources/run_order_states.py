"""The states of a run's order: which machines the engine has in its hands, and one value that holds all of it. Pure."""

# How the order of a run is kept
# ==============================
#
# The program plans the moves of a run as a Schedule: each ScheduledMove names in `after` those whose room it needs. What
# of that Pulumi can order, it orders: the program declares `depends_on` between machines, and the engine starts a
# machine when those before it are done. Two things it cannot see to, and they are seen to here, in the plugin:
#
# - A machine that steps aside moves twice, and other machines move between its two legs. To the engine it is one
#   resource with one update, which cannot both precede and follow another one.
# - With `--target` and `--exclude` the engine leaves machines out, and starts what depends on them as if they were done.
#   The plan counted on their room. Whoever waits for it has to fail with an error, and not to wait for ever.
#
# So each leg waits here (`wait` in run_order.py) until all that it comes after are made. Whether hosts then have the
# room is looked at once more by admission, afterwards.
#
# What the engine lets us know
# ----------------------------
#
# The engine names no machine before it comes to it, and says nothing of those it leaves out. What we have is its calls:
#
#   Check               it has the machine in its run (NAME)
#   Diff                without changes: it will order nothing for it (UNCHANGED); with changes, an order will follow
#   Create, Update      the order is here (ARRIVE), and answered (LEAVE)
#
# One Machine is one key of the stack file. It is in one state:
#
#   UNHEARD    the engine has not named it. It may still come, or is left out.
#   NAMED      it is in the run, and its order may come.
#   UNCHANGED  it is in the run, and the engine orders nothing for it.
#   PRESENT    its order is here, and its thread works.
#   WAITING    its order is here, and its thread sleeps until other moves are made.
#   ASKING     its thread asks the hosts whether the move that it waits for has been made after all.   I/O
#   GIVEN_UP   the move that it waits for will not be made. Its thread raises NoRoomError.
#   LEFT       its order is answered, whether its moves were made or not.
#
# TRANSITIONS is the whole truth of who may go where. What is not in the table is a bug of ours and raises. The engine
# moves a machine by NAME, UNCHANGED, ARRIVE and LEAVE; its own thread by WAIT, ANSWERED and WITHDRAW; `decide` in
# run_order_decision.py by GO, ASK and GIVE_UP.
#
# A refresh compares machines with their old inputs before the program has run, and so before anything is named. It says
# nothing of the run: UNCHANGED leaves a machine that was never named UNHEARD.
#
# Invariants
# ----------
#
# 1. A leg goes only when each move in its `after` was reported as made and verified, or is shown as made by the hosts,
#    by whomever. That one has failed, or will never come, lets nobody go.
# 2. Moves are waited for one after the other, as `after` has them: the first that is not made decides. What will become
#    of a later one is better known later.
# 3. Whoever is in WAITING is woken when `decide` has something for it, and otherwise sleeps no longer than until the
#    moment that `decide` names, at which the engine's silence alone may change the answer.
#
# When a wait is hopeless
# -----------------------
#
# A move that is not made can still be made while its machine is in somebody's hands, or may still come into them:
#
# - PRESENT, WAITING, ASKING: it is in hand. So there is hope, with one exception below.
# - GIVEN_UP: it will not be made, and its thread is about to say so. Those that wait for it find it in LEFT, so that
#   their error points to its own.
# - LEFT, UNCHANGED: it will not be made. There is none.
# - UNHEARD, NAMED, while something that it waits for itself may still be made: the engine calls a machine only after all
#   that it depends on (pulumi SDK, runtime/resource.py), so that its silence says nothing yet.
# - NAMED, and nothing is before it: its order is due. The engine gives it when one of its workers is free, and none may
#   be: all of them may wait here. When everybody present waits and nothing was heard for STARVED_S, none will be.
# - UNHEARD, and nothing is before it: the engine is given SETTLED_S of silence to name it. Calls for something that is
#   no machine (a host's settings, an account) may hold machines back, so that no silence counts while one is answered.
#
# The exception: between two machines that move once each, the order is the engine's own, by `depends_on`. It starts the
# second when it is done with the first. If that is not in hand then, it was left out, and no silence need pass.
#
# Silence proves nothing of the hosts: a machine that is left out may be where the plan wants it all the same. So before
# anybody is given up its thread asks the hosts (ASKING). If anything has changed meanwhile, it is looked at again.
#
# Whose link is taken over
# ------------------------
#
# A move may also be `behind` others: nothing of them is needed but their links, and both at once would end later. They are
# waited for while their machines are in hand, or still to come by the rules above, with SETTLED_S for all silence. One that
# failed or was left out keeps nobody, so that a failed move stops only those that need its room.
#
# Locks and I/O
# -------------
#
# One lock guards one Run (run_order.py). It is never held while hosts are asked or a line is reported. A thread takes it,
# applies what has happened, has `decide` look at everybody who waits, wakes those for whom there is something new, and
# gives it back. A waiting thread still opens its eyes once a second, for the engine's cancellation alone.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from hyperv_placement.model.plan import Schedule, ScheduledMove


class State(StrEnum):
    """Where a machine is."""

    UNHEARD = "unheard"
    NAMED = "named"
    UNCHANGED = "unchanged"
    PRESENT = "present"
    WAITING = "waiting"
    ASKING = "asking"
    GIVEN_UP = "given up"
    LEFT = "left"


class Event(StrEnum):
    """What befalls a machine."""

    NAME = "be named by the engine"
    UNCHANGED = "be found without changes"
    ARRIVE = "arrive with an order"
    LEAVE = "leave, its order answered"
    WAIT = "wait for other moves"
    GO = "be let go"
    ASK = "be let ask the hosts"
    ANSWERED = "have the hosts' answer"
    GIVE_UP = "wait for what will not come"
    WITHDRAW = "wait no longer, whatever happens"


TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.UNHEARD: {
        Event.NAME: State.NAMED,
        Event.UNCHANGED: State.UNHEARD,
        Event.ARRIVE: State.PRESENT,
    },
    State.NAMED: {Event.NAME: State.NAMED, Event.UNCHANGED: State.UNCHANGED, Event.ARRIVE: State.PRESENT},
    State.UNCHANGED: {
        Event.NAME: State.NAMED,
        Event.UNCHANGED: State.UNCHANGED,
        Event.ARRIVE: State.PRESENT,
    },
    State.PRESENT: {Event.WAIT: State.WAITING, Event.LEAVE: State.LEFT},
    State.WAITING: {
        Event.GO: State.PRESENT,
        Event.ASK: State.ASKING,
        Event.GIVE_UP: State.GIVEN_UP,
        Event.WITHDRAW: State.PRESENT,
    },
    State.ASKING: {Event.ANSWERED: State.WAITING, Event.WITHDRAW: State.PRESENT},
    State.GIVEN_UP: {Event.WITHDRAW: State.PRESENT},
    # The engine may name what it has done, as it may order it again: a create that was half done is an update then.
    State.LEFT: {Event.NAME: State.LEFT, Event.UNCHANGED: State.LEFT, Event.ARRIVE: State.PRESENT},
}
IN_HAND = frozenset({State.PRESENT, State.WAITING, State.ASKING, State.GIVEN_UP})
WAITS = frozenset({State.WAITING, State.ASKING, State.GIVEN_UP})
WILL_NOT_COME = frozenset({State.LEFT, State.UNCHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One key of the stack file."""

    state: State = State.UNHEARD
    begun: float | None = None
    """When its first order arrived."""
    number: int = -1
    """The move for which it waits to go; -1 while it does not wait."""
    made: frozenset[int] = frozenset()
    """Moves before that one which nobody has reported, and which the hosts show as made."""
    not_made: int = -1
    """The move of which the hosts have just shown that it is not made."""
    waits_for: int = -1
    """The first of those before it that is not made."""


UNHEARD = Machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that is known at one moment."""

    schedule: Schedule
    machines: Mapping[str, Machine] = field(default_factory=dict)
    """By label; who is not in it is UNHEARD."""
    done: frozenset[int] = frozenset()
    """Moves that are made and verified, by number."""
    others: int = 0
    """Calls for something that is no machine, while they are answered."""
    heard: float = 0.0
    """When anything last changed."""

    def machine(self, label: str) -> Machine:
        """Return a machine of the run."""
        return self.machines.get(label, UNHEARD)

    def after(self, label: str, event: Event, **changes: Any) -> Run:
        """Return the run after something has befallen a machine; `changes`: further fields of it. Raises KeyError."""
        before = self.machine(label)
        state = TRANSITIONS[before.state][event]
        if state is State.PRESENT:
            changes = {"number": -1, "made": frozenset(), "not_made": -1, "waits_for": -1, **changes}
        return replace(self, machines={**self.machines, label: replace(before, state=state, **changes)})

    def noted(self, label: str, **changes: Any) -> Run:
        """Return the run with other fields of a machine, which stays in its state."""
        return replace(self, machines={**self.machines, label: replace(self.machine(label), **changes)})

    def waiting(self) -> Iterator[tuple[str, Machine]]:
        """Yield the machines that wait for others, and are not asking the hosts."""
        return ((label, each) for label, each in self.machines.items() if each.state is State.WAITING)

    def legs(self, label: str) -> list[tuple[int, ScheduledMove]]:
        """Return a machine's moves with their numbers, one after the other; none where nothing is scheduled for it."""
        return [(number, self.schedule.moves[number]) for number in self.schedule.legs(label)]
