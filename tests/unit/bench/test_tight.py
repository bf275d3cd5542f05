"""The tight estates of the bench, and what is known of them."""

from __future__ import annotations

import json
from itertools import pairwise

from hyperv_placement.planning.schedule.bound import lower_bound
from hyperv_placement.planning.schedule.budget import Budget
from hyperv_placement.planning.schedule.schedule import IMPROVEMENT
from hyperv_placement.planning.schedule.search import best
from hyperv_placement.planning.schedule.sequence import DeadEnd, quick
from hyperv_placement.planning.schedule.timing import finish
from tools.bench.orders.estates import TIGHT_HOSTS, TIGHT_SEEDS, tight
from tools.bench.orders.tight import BEST_KNOWN

KNOWN = json.loads(BEST_KNOWN.read_text(encoding="utf-8"))


def test_every_tight_estate_has_its_best_known_finish() -> None:
    """None is proved to end before its bound."""
    assert set(KNOWN) == {f"{hosts}/{seed}" for hosts in TIGHT_HOSTS for seed in TIGHT_SEEDS}
    assert all(0 < each["bound"] <= each["finish"] for each in KNOWN.values())


def test_a_tight_estate_ends_as_soon_as_the_solver_proved() -> None:
    """CP-SAT has proved that nothing without shared links is faster; priorities on one safe order take longer."""
    known = KNOWN["4/1"]
    assert known["bound"] == known["finish"]
    problem = tight(4, 1)
    legs = quick(problem, Budget(10_000))
    assert not isinstance(legs, DeadEnd)
    run = best(problem, legs, lower_bound(problem, legs), Budget(IMPROVEMENT))
    assert finish(run) <= known["finish"] * 1.001
    assert any(each.behind for each in run)
    assert all(one.start <= other.start for one, other in pairwise(run))
