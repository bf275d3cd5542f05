"""Admission through random histories: arrivals, room that comes and goes, failures, silent hosts, a cancel, a freeze."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.standin.gate_hosts import HOSTS, Fate, Foreign, History, Leg, Silence
from tests.standin.gate_judge import Judge

CASES = 300
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
        cancelled_at=draw(MOMENTS) + 0.5 if draw(st.integers(0, 5)) == 0 else None,
        frozen_at=draw(MOMENTS) if draw(st.integers(0, 5)) == 0 else None,
    )


@given(histories())
@settings(max_examples=CASES)
def test_whatever_happens_nobody_starts_without_room_sleeps_on_or_waits_for_nothing(history: History) -> None:
    """Each wait ends in a start, in an error that nothing can make room, or because the run was stopped; by rank, and at once."""
    judge = Judge(history)
    judge.play()
    assert judge.violations == []
    assert len(judge.ends) == len(history.legs)
