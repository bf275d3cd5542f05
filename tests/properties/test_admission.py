"""Admission through random histories: arrivals, room that comes and goes, failures, silent hosts, a cancel, a freeze."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hyperv_placement.clock import Clock
from hyperv_placement.migration.admission import FactsReader
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import HostSpec
from tests.standin.clock import Deaf
from tests.standin.gate_hosts import HOSTS, Fate, Foreign, History, Leg, Silence
from tests.standin.gate_judge import Judge

CASES = 200
MOMENTS = st.integers(0, 40).map(float)
HOST = st.integers(0, len(HOSTS) - 1)


@st.composite
def legs(draw: st.DrawFn) -> Leg:
    """Draw a machine that wants to move."""
    source = draw(HOST)
    return Leg(
        source=source, destination=(source + draw(st.integers(1, 2))) % len(HOSTS), memory_gib=draw(st.integers(0, 3)),
        arrives=draw(MOMENTS), looked_up=draw(st.sampled_from([0.0, 1.0, 15.0])), lasts=draw(st.integers(1, 20)),
        rank=float(draw(st.integers(0, 3))), fate=draw(st.sampled_from([*Fate, Fate.MOVES, Fate.MOVES])),
    )  # fmt: skip


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, float, float]:
    """Draw a host, and from when until when something is so there."""
    begins = draw(MOMENTS)
    return draw(HOST), begins, begins + draw(st.integers(1, 60))


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw all that happens to one admission."""
    slow = draw(st.sampled_from([0.0, 0.0, 0.0, 0.3, 2.0, 7.0]))
    others = draw(st.lists(spans(), max_size=2)) if draw(st.booleans()) else []
    silent = draw(st.lists(spans(), max_size=2)) if draw(st.integers(0, 3)) == 0 else []
    return History(
        limit=draw(st.integers(1, 2)),
        free_gib=tuple(draw(st.tuples(*(st.integers(0, 3) for _ in HOSTS)))),
        latency=tuple(draw(st.sampled_from([0.0, slow])) for _ in HOSTS),
        legs=tuple(draw(st.lists(legs(), min_size=1, max_size=5))),
        foreign=tuple(
            Foreign(host=host, begins=begins, ends=ends, memory_gib=draw(st.integers(0, 2)))
            for host, begins, ends in others
        ),
        silences=tuple(Silence(host=host, begins=begins, ends=ends) for host, begins, ends in silent),
        order_takes=draw(st.sampled_from([0.0, 0.0, 3.0])),
        cancelled_at=draw(MOMENTS) + 0.5 if draw(st.integers(0, 5)) == 0 else None,
        frozen_at=draw(MOMENTS) if draw(st.integers(0, 5)) == 0 else None,
    )


def leg(source: int, destination: int, *, memory_gib: int = 1, arrives: float = 0.0) -> Leg:
    """Return a machine that moves for five seconds."""
    return Leg(
        source=source, destination=destination, memory_gib=memory_gib, arrives=arrives, looked_up=0.0, lasts=5.0, rank=0.0,
        fate=Fate.MOVES,
    )  # fmt: skip


CHAIN = History(limit=2, free_gib=(0, 0, 1), latency=(0.0, 0.0, 0.0), legs=(leg(1, 2), leg(0, 1)))
"""The second needs what the first frees."""
SWAP = History(limit=2, free_gib=(0, 0, 0), latency=(0.0, 0.0, 0.0), legs=(leg(0, 1), leg(1, 0)))
"""Each needs what the other has."""
TOGETHER = replace(SWAP, free_gib=(0, 0, 2), legs=(leg(0, 2), leg(0, 2)), order_takes=3.0)
"""Both have room, at hosts that take one order at a time."""


@given(histories())
@example(TOGETHER)
@settings(max_examples=CASES)
def test_whatever_happens_nobody_starts_without_room_sleeps_on_or_waits_for_nothing(history: History) -> None:
    """Each wait ends in a start, in an error that nothing can make room, or because the run was stopped; by rank, and at once."""
    judge = Judge(history)
    judge.play()
    assert judge.violations == []
    assert len(judge.ends) == len(history.legs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """Reads hosts, and shows them otherwise than they are."""

    hosts: FactsReader
    memory_gib: int = 0
    busy: int = 0

    @property
    def specs(self) -> Mapping[HostName, HostSpec]:
        """Return the hosts."""
        return self.hosts.specs

    def facts(self, host: HostName) -> HostFacts:
        """Read a host, and add to what it shows."""
        return self._shown(self.hosts.facts(host))

    def room(self, host: HostName, *, arriving: bool) -> HostFacts:
        """Read a host, and add to what it shows."""
        return self._shown(self.hosts.room(host, arriving=arriving))

    def _shown(self, found: HostFacts) -> HostFacts:
        free = (found.memory_free_mib or 0) + self.memory_gib * 1024
        migration = replace(found.migration, active_live=found.migration.active_live + self.busy)
        return replace(found, memory_free_mib=free, migration=migration)


def test_a_chain_moves_and_a_swap_is_given_up() -> None:
    """The two histories that the judge is held against below."""
    judge = Judge(CHAIN)
    judge.play()
    assert (judge.ends, judge.violations) == ({1: "moved", 2: "moved"}, [])
    judge = Judge(SWAP)
    judge.play()
    assert all("no move under way could make room" in end for end in judge.ends.values())
    assert judge.violations == []


def test_the_judge_sees_a_wake_up_that_is_lost() -> None:
    """Nobody is woken: the second starts by the next look at its watch, too late."""

    def deaf(clock: Clock) -> Clock:
        return Deaf(clock=clock)

    judge = Judge(CHAIN, heard_by=deaf)
    judge.play()
    assert judge.ends == {1: "moved", 2: "moved"}
    assert any("sleeps at" in each for each in judge.violations)


def test_the_judge_sees_a_start_without_room() -> None:
    """Hosts that show more memory than they have are overfilled."""
    judge = Judge(SWAP, read_by=lambda hosts: Otherwise(hosts=hosts, memory_gib=9))
    judge.play()
    assert any("starts: no memory at" in each for each in judge.violations)


def test_the_judge_sees_a_wait_without_hope() -> None:
    """Hosts that always show a migration of somebody else are waited for until the judge ends it."""
    judge = Judge(SWAP, read_by=lambda hosts: Otherwise(hosts=hosts, busy=1))
    judge.play()
    assert judge.violations == ["[1, 2] wait without end"]
