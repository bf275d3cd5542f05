"""Past moves and plans: no order of what is remembered changes a plan, and no pace breaks one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.model.names import HostName
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.schedule.bound import lower_bound
from hyperv_placement.planning.schedule.problem import Problem
from hyperv_placement.planning.schedule.sequence import DeadEnd
from hyperv_placement.planning.schedule.throughput import observed_throughput
from hyperv_placement.planning.schedule.timing import finish

from .test_schedule import estates, overdrawn, solved

HOSTS = st.sampled_from([HostName("hv1"), HostName("hv2"), HostName("hv3")])
MOVES = st.builds(
    PastMove,
    ended=st.integers(0, 20),
    source=HOSTS,
    destination=HOSTS,
    bytes=st.integers(0, 500 * GIB),
    seconds=st.floats(0, 1e5),
    estimated=st.floats(0, 1e5),
)


@given(st.lists(MOVES, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_past_moves_changes_nothing(past: list[PastMove], chance: object) -> None:
    """Nor does telling some of them twice."""
    mixed = [*past, *past[:3]]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert observed_throughput(mixed) == observed_throughput(past)


PACE = st.floats(0.1, 100)


@given(
    estates(machines=9),
    st.dictionaries(st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True).map(tuple), PACE),
    st.dictionaries(st.integers(0, 3), PACE),
)
def test_slow_pairs_keep_a_schedule_safe(
    problem: Problem, pair_rates: dict[tuple[int, ...], float], shown: dict[int, float]
) -> None:
    """Whatever pair_rates are known, nothing is overdrawn, no leg beats its pace, and the run not its bound."""
    slow = replace(problem, pair_rates=pair_rates, host_rates=shown)
    run = solved(slow)
    assert isinstance(run, DeadEnd) == isinstance(solved(problem), DeadEnd)
    if isinstance(run, DeadEnd):
        return
    assert overdrawn(slow, run) == []
    assert all(
        (each.end - each.start) * slow.rate(each.leg) >= each.leg.transfer * (1 - 1e-9) for each in run
    )
    assert finish(run) >= lower_bound(slow, [each.leg for each in run]) * (1 - 1e-9)
