"""The states of admission: who takes part, what befalls them, and one value that holds all of it. Pure."""

# How admission works
# ===================
#
# A host runs a few migrations at once (MaximumActiveVirtualSystemMigration and its like), has only so much memory and
# disk, and refuses or breaks what exceeds them. Pulumi's engine hands us up to 256 machines at the same time, each in a
# thread of its own, and knows nothing of hosts. Admission stands between: each thread waits here until both hosts of
# its move have room, sends its order, and keeps the room until the move has ended. It decides from what hosts show at
# that moment, and not from the plan: facts change between a plan and a start (docs/adr/0003). The order that the plan
# wants is kept by resources/run_order.py before a machine comes here; what arrives here may go in any order, and `rank`
# only says which of two that want the same room goes first.
#
# Who takes part
# --------------
#
# One Participant is one attempt of one machine, or a machine whose move is not known yet. It is in one state:
#
#   EXPECTED   its machine is being looked up or judged, or what it is busy with is waited for (resources/activity.py). It may
#              come back as a move, or not at all.
#   PRESENT    its move is known. Its thread reads disks, asks the directory, or waits before another attempt.
#   WAITING    its thread has asked for a start and sleeps: a host has no room, or answers another thread.
#   LOOKING    its thread reads the facts of its hosts.                                         I/O, holds its hosts
#   SEEKING    its thread asks the source of an UNSEEN move whether that still runs.            I/O
#   STARTING   it has room, and its thread sends the order.                                     I/O, holds its hosts
#   RUNNING    its order was taken. Its thread follows the job.
#   UNSEEN     its thread has gone (no answer, no progress) and its job may still run: its room stays taken.
#   HOPELESS   nothing that is under way can make its room. Its thread raises NoRoomError.
#   LEFT       it takes no part any more, and is forgotten.
#
# TRANSITIONS below is the whole truth of who may go where. What is not in the table is a bug of ours and raises.
# Three kinds of events move a participant: what its own thread does (ASK, ADOPT, READ, ORDERED, END, LOSE, WITHDRAW,
# SOUGHT, LEAVE), what `decide` in admission_decision.py lets it do (LOOK, SEEK, GRANT, DESPAIR), and what another thread
# finds out (GONE: the job of an UNSEEN move runs no more).
#
# Invariants
# ----------
#
# 1. Two participants that hold hosts (LOOKING, STARTING) share none. So a host is read, and gets its orders, one after
#    the other, and a slow host delays only those that need it: who waits for one host holds no other.
# 2. Whoever is in STARTING, RUNNING or UNSEEN takes its room. A start is granted only by readings of both hosts that
#    are young (LIVE_MAX_AGE_S), or that its own thread has just made, however long a slow host took to answer; and by
#    the moves that take room: what has started since a host was read counts on top. That ledger closes the gap between
#    reading a host and ordering the next move there.
# 3. A reading that began before one of our moves at that host ended counts for nothing: it may show neither the memory
#    that the move took at its destination nor the slot that it gave back. `ends` counts per host, and a Reading
#    carries the count from before it began.
# 4. Nobody is forgotten: a participant in WAITING is woken when `decide` has something for it, and otherwise sleeps no
#    longer than until the moment that `decide` names, at which time alone may change the answer.
#
# When a wait is hopeless
# -----------------------
#
# Nobody waits for what cannot come, and nobody gives up what may still come. Room at a host is made by the end of a
# move, and a wait is hopeless when no move can end there any more. All of this has to hold at once:
#
# - None of ours is under way or may yet come: nobody is EXPECTED, PRESENT, STARTING or RUNNING.
# - All that wait have found no room since the last change (`judged` equals `turn`): none of them is about to start, and
#   none has room by what others have read since, or lets another one go first.
# - Nothing has changed for SETTLED_S. The engine hands over machines one by one, and the next may be on its way.
# - No UNSEEN move takes room at its hosts, or the source of that one has not answered for SILENT_S: a dead host does
#   not say when its job ends, so that it is waited for no longer than this.
# - Its hosts show no migration of somebody else: none is counted now, and no job was seen by the last whole reading,
#   which may be a minute old (docs/adr/0039).
# - The last two hold as well for everybody who waits at one of its hosts, and who would make room there by going, and
#   for those who wait at theirs, and so on.
#
# Then what is left is a set of moves that wait for room that only they themselves could free, in a circle: the hosts
# stay as they are however long it is waited. The circle is reported, never started half.
#
# `turn` counts changes that may give somebody hope or take it: one comes, takes room, gives it back, is lost from
# sight, or has been looked up. Who leaves without having run changes nothing: all who find themselves hopeless at the
# same moment say so together.
#
# Locks and I/O
# -------------
#
# One lock guards one Gate (admission.py). It is never held while a host is read, an order is sent, or a line is
# reported: a thread takes it, applies what has happened, has `decide` look at everybody, wakes those for whom there is
# something to do, and gives it back. What is to be done is done by the thread whose participant it is, outside the
# lock; meanwhile its state (LOOKING, SEEKING, STARTING) shows everybody else. A thread that fails on the way
# withdraws, and the others are looked at again.
#
# A thread sleeps on an event of its own. It still opens its eyes once a second, for two things that set no event of
# ours: the engine's cancellation, and what `permitted` says of the calendar (a freeze begins) and of failed moves. Such
# a look asks no host and decides nothing.

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName

from .needs import Needs, Running


class State(StrEnum):
    """Where a participant is."""

    EXPECTED = "expected"
    PRESENT = "present"
    WAITING = "waiting"
    LOOKING = "looking"
    SEEKING = "seeking"
    STARTING = "starting"
    RUNNING = "running"
    UNSEEN = "unseen"
    HOPELESS = "hopeless"
    LEFT = "left"


class Event(StrEnum):
    """What befalls a participant."""

    ASK = "ask for a start"
    ADOPT = "be found running"
    READ = "have its hosts read"
    ORDERED = "have its order taken, or perhaps taken"
    END = "end, or fail to start"
    LOSE = "be lost from sight"
    WITHDRAW = "stop asking"
    LEAVE = "leave"
    LOOK = "be let look at its hosts"
    SEEK = "be let look for an unseen move"
    SOUGHT = "have looked for an unseen move"
    GRANT = "be let start"
    DESPAIR = "be hopeless"
    GONE = "be seen to run no more"


TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.EXPECTED: {Event.LEAVE: State.LEFT},
    State.PRESENT: {Event.ASK: State.WAITING, Event.ADOPT: State.RUNNING, Event.LEAVE: State.LEFT},
    State.WAITING: {
        Event.LOOK: State.LOOKING,
        Event.SEEK: State.SEEKING,
        Event.GRANT: State.STARTING,
        Event.DESPAIR: State.HOPELESS,
        Event.WITHDRAW: State.PRESENT,
    },
    State.LOOKING: {Event.READ: State.WAITING, Event.WITHDRAW: State.PRESENT},
    State.SEEKING: {Event.SOUGHT: State.WAITING, Event.WITHDRAW: State.PRESENT},
    State.STARTING: {Event.ORDERED: State.RUNNING, Event.END: State.PRESENT},
    State.RUNNING: {Event.END: State.PRESENT, Event.LOSE: State.UNSEEN, Event.LEAVE: State.LEFT},
    State.UNSEEN: {Event.GONE: State.LEFT},
    # Whoever is hopeless and asks again begins anew.
    State.HOPELESS: {Event.ASK: State.WAITING, Event.LEAVE: State.LEFT},
    State.LEFT: {},
}

ASKING = frozenset({State.WAITING, State.LOOKING, State.SEEKING})
HOLDING_HOSTS = frozenset({State.LOOKING, State.STARTING})
TAKING_ROOM = frozenset({State.STARTING, State.RUNNING, State.UNSEEN})
MAY_STILL_FREE = frozenset({State.EXPECTED, State.PRESENT, State.STARTING, State.RUNNING})
"""States of those that may yet go, or end, without anybody else's help."""

Key = int
"""Of a participant: the identity of its move, which lives as long as it does. Two attempts of a machine are two participants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Permission to read hosts. These readings count however long they take."""

    hosts: tuple[HostName, ...]
    """Those whose last reading is too old, or spent."""
    max_age: float
    begun: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One attempt of one machine, or a machine whose move is not known yet."""

    state: State
    move: Move | None = None
    """None while it is EXPECTED."""
    needs: Needs | None = None
    """Known from ASK or ADOPT on."""
    rank: float = 0.0
    judged: int = -1
    """The gate's turn at which it last found no room; -1 before."""
    reason: str = ""
    """Why it waits, in the words of the live tree; empty before it has looked."""
    rests_until: float = 0.0
    """Until then an older reading will do: hosts that take long to answer are not asked again at once."""
    look: Look | None = None
    """Of one that is LOOKING, or that has read and is still to be judged by it."""
    seeks: Key = 0
    """The UNSEEN move that one in SEEKING looks for; 0 otherwise."""
    since: float = 0.0
    """When it took its room."""
    looked: float = 0.0
    """When an UNSEEN move was last looked for."""
    answered: float = 0.0
    """When the source of an UNSEEN move last answered."""

    def meets(self, needs: Needs) -> bool:
        """Say whether its move has a host in common with `needs`."""
        return self.move is not None and not {self.move.source, self.move.destination}.isdisjoint(needs.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a host has shown."""

    facts: HostFacts
    ends: int
    """How many of our moves at this host had ended before it was asked."""
    arriving: bool = True
    """Whether it shows room for a machine that would come: memory and volumes of a host that is only left are older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """All that is known at one moment."""

    participants: Mapping[Key, Participant] = field(default_factory=dict)
    """In the order in which they came."""
    readings: Mapping[HostName, Reading] = field(default_factory=dict)
    ends: Mapping[HostName, int] = field(default_factory=dict)
    """How many of our moves at a host have ended."""
    most: Mapping[str, int] = field(default_factory=dict)
    """How many moves of each seat may be on their way at once, now (`Seat.key`)."""
    turn: int = 0
    """How many changes there were that give or take hope."""
    turned: float = 0.0
    """When the last of them was."""

    def entered(self, key: Key, newcomer: Participant, now: float) -> Gate:
        """Return the gate with one more participant."""
        return replace(
            self, participants={**self.participants, key: newcomer}, turn=self.turn + 1, turned=now
        )

    def after(self, key: Key, event: Event, now: float, **changes: Any) -> Gate:
        """Return the gate after something has befallen a participant; `changes`: further fields of it. Raises KeyError."""
        before = self.participants[key]
        state = TRANSITIONS[before.state][event]
        took, takes = before.state in TAKING_ROOM, state in TAKING_ROOM
        if state is State.PRESENT:
            changes = {"look": None, "seeks": 0, "judged": -1, "reason": "", **changes}
        others = {**self.participants, key: replace(before, state=state, **changes)}
        if state is State.LEFT:
            del others[key]
        gate = replace(self, participants=others)
        if took and not takes and before.needs is not None:
            spent = {host: self.ends.get(host, 0) + 1 for host in before.needs.hosts}
            gate = replace(gate, ends={**self.ends, **spent})
        if took != takes or before.state is State.EXPECTED or event is Event.LOSE:
            gate = replace(gate, turn=self.turn + 1, turned=now)
        return gate

    def noted(self, key: Key, **changes: Any) -> Gate:
        """Return the gate with other fields of a participant, which stays in its state."""
        return replace(
            self, participants={**self.participants, key: replace(self.participants[key], **changes)}
        )

    def read(self, host: HostName, facts: HostFacts, ends: int, *, arriving: bool = True) -> Gate:
        """Return the gate with a new reading; `ends`: as they were before the host was asked."""
        reading = Reading(facts=facts, ends=ends, arriving=arriving)
        return replace(self, readings={**self.readings, host: reading})

    def asking(self) -> Iterator[tuple[Key, Participant, Needs]]:
        """Yield those that have asked for a start and have none yet."""
        for key, each in self.participants.items():
            if each.state in ASKING and each.needs is not None:
                yield key, each, each.needs

    def unseen(self) -> Iterator[tuple[Key, Participant]]:
        """Yield the moves that nobody follows any more and whose job may still run."""
        return ((key, each) for key, each in self.participants.items() if each.state is State.UNSEEN)

    def running(self) -> list[Running]:
        """Return the moves that take room."""
        return [
            Running(needs=each.needs, since=each.since)
            for each in self.participants.values()
            if each.state in TAKING_ROOM and each.needs is not None
        ]

    def held(self) -> set[HostName]:
        """Return the hosts that are being read or ordered."""
        return {
            host
            for each in self.participants.values()
            if each.state in HOLDING_HOSTS and each.needs is not None
            for host in each.needs.hosts
        }
