"""Schedules where room is short: their finish against the best that CP-SAT found in 60 s for the same thirty estates."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from hyperv_placement.planning.schedule.bound import lower_bound
from hyperv_placement.planning.schedule.budget import Budget
from hyperv_placement.planning.schedule.ordering import ORDERS
from hyperv_placement.planning.schedule.schedule import IMPROVEMENT
from hyperv_placement.planning.schedule.search import best
from hyperv_placement.planning.schedule.sequence import DeadEnd, sequence
from hyperv_placement.planning.schedule.timing import finish
from tools.bench.figure import Figure, amount
from tools.bench.site import Sites

from .estates import TIGHT_HOSTS, TIGHT_SEEDS, tight

BEST_KNOWN = Path(__file__).parent / "best_known.json"
"""`HOSTS/SEED` -> finish of the best schedule of CP-SAT (OR-Tools, one worker, 60 s, begun from a schedule of ours), and the bound that it proved, in seconds.

Its model: each move at full rate, one at a time on each link, room held at both ends, slots, nobody parked.
"""
INFINITE = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One estate."""

    seconds: float
    """Of thinking."""
    ratio: float
    """Finish over that of CP-SAT; infinite where no order was found."""
    bound: float
    """Finish over our own lower bound."""


def measure(_sites: Sites) -> list[Figure]:
    """Order thirty estates."""
    known: Mapping[str, Mapping[str, float]] = json.loads(BEST_KNOWN.read_text(encoding="utf-8"))
    kinds = [(hosts, seed) for hosts in TIGHT_HOSTS for seed in TIGHT_SEEDS]
    results = {kind: _one(*kind, known["{}/{}".format(*kind)]["finish"]) for kind in kinds}
    ratios = [result.ratio for result in results.values()]
    notes = tuple(
        f"{hosts} hosts: {', '.join(f'{results[hosts, seed].ratio:.2f}' for seed in TIGHT_SEEDS)} x CP-SAT;"
        f" {mean(results[hosts, seed].bound for seed in TIGHT_SEEDS):.2f} x lower bound (mean)"
        for hosts in TIGHT_HOSTS
    )
    return [
        Figure(name="tight estates with a safe order that are solved", unit=f"of {len(kinds)}", result=sum(r < INFINITE for r in ratios), at_least=len(kinds)),
        Figure(name="finish where room is short, mean", unit="x CP-SAT in 60 s", result=mean(ratios), at_most=1.08, notes=notes),
        Figure(name="finish where room is short, worst", unit="x CP-SAT in 60 s", result=max(ratios), at_most=1.2),
        Figure(
            name="order where room is short, slowest", unit="s", result=max(r.seconds for r in results.values()), at_most=3, below=True,
            notes=(f"mean {amount(mean(r.seconds for r in results.values()))} s",),
        ),
    ]  # fmt: skip


def _one(hosts: int, seed: int, best_known: float) -> Result:
    problem = tight(hosts, seed)
    begun = time.process_time()
    legs = sequence(problem, Budget(ORDERS))
    if isinstance(legs, DeadEnd):
        return Result(seconds=time.process_time() - begun, ratio=INFINITE, bound=INFINITE)
    bound = lower_bound(problem, legs)
    end = finish(best(problem, legs, bound, Budget(IMPROVEMENT)))
    return Result(seconds=time.process_time() - begun, ratio=end / best_known, bound=end / bound)
