"""The order of a run through random stories: legs between legs, failures, machines left out or moved by others, few workers, a cancel."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hyperv_placement.clock import Clock
from tests.standin.clock import Deaf
from tests.standin.order_judge import Fate, OrderJudge, Part, Story

CASES = 200


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw all that happens in one run."""
    count = draw(st.integers(2, 5))
    moves: list[tuple[int, frozenset[int]]] = []
    for who in draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=7)):
        others = [number for number, (other, _) in enumerate(moves) if other != who]
        after = draw(st.frozensets(st.sampled_from(others), max_size=2)) if others else frozenset()
        moves.append((who, after))
    return Story(
        parts=tuple(
            Part(
                fate=draw(st.sampled_from([*Fate, *[Fate.MOVES] * 5])), named_after=draw(st.integers(0, 5)),
                lasts=draw(st.sampled_from([1.0, 4.0, 30.0, 300.0])), held_back=draw(st.booleans()),
            )
            for _ in range(count)
        ),
        moves=tuple(moves), workers=draw(st.sampled_from([1, 2, 8, 8, 8])),
        other_work=draw(st.sampled_from([0.0, 0.0, 20.0])),
        cancelled_at=draw(st.integers(0, 60)) + 0.5 if draw(st.integers(0, 5)) == 0 else None,
    )  # fmt: skip


def part(*, lasts: float = 1.0, held_back: bool = False) -> Part:
    """Return a machine whose moves are made."""
    return Part(fate=Fate.MOVES, named_after=1.0, lasts=lasts, held_back=held_back)


RING = Story(
    parts=(part(), part(lasts=300.0), part()),
    moves=((0, frozenset()), (1, frozenset({0})), (2, frozenset({1})), (0, frozenset({2}))),
    workers=8, other_work=0.0,
)  # fmt: skip
"""The engine names the third when the second has moved, long after the first has begun to wait for it."""
HELD_BACK = Story(
    parts=(part(), part(held_back=True)), moves=((1, frozenset()), (0, frozenset({0})), (0, frozenset())),
    workers=8, other_work=20.0,
)  # fmt: skip
"""The first has two legs, of which one comes after a machine that the engine names only when a host is set up."""
STARVED = Story(
    parts=(part(), part(), replace(part(), named_after=0.0)),
    moves=((0, frozenset()), (2, frozenset()), (1, frozenset({0})), (2, frozenset({2}))),
    workers=1, other_work=0.0,
)  # fmt: skip
"""The third has the only worker and waits for the second, which the engine does not name before it has moved the first."""


@given(stories())
@example(RING)
@example(HELD_BACK)
@example(STARVED)
@settings(max_examples=CASES)
def test_whatever_happens_nobody_goes_too_early_sleeps_on_or_waits_for_nothing(story: Story) -> None:
    """Each wait ends when all before it is made, in an error about what is not made and never will be, or by a cancel."""
    judge = OrderJudge(story)
    judge.play()
    assert judge.violations == []


def test_the_judge_sees_a_wake_up_that_is_lost() -> None:
    """Nobody is woken: the leg between two others goes by the next look at its machine's watch, too late."""
    slow = part(lasts=4.5)
    legs = ((0, frozenset[int]()), (1, frozenset({0})), (0, frozenset({1})))
    story = Story(parts=(slow, slow), moves=legs, workers=8, other_work=0.0)

    def deaf(clock: Clock) -> Clock:
        return Deaf(clock=clock)

    judge = OrderJudge(story)
    judge.play()
    assert (judge.ends, judge.violations) == ({"VM000": "moved", "VM001": "moved"}, [])
    judge = OrderJudge(story, heard_by=deaf)
    judge.play()
    assert judge.ends == {"VM000": "moved", "VM001": "moved"}
    assert any("sleeps at" in each for each in judge.violations)
