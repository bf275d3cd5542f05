"""Orders over thirty seeded estates: their finish against the lower bound and simple tools, their time and memory."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median

from hyperv_placement.planning.schedule.bound import lower_bound
from hyperv_placement.planning.schedule.budget import Budget
from hyperv_placement.planning.schedule.ordering import ORDERS
from hyperv_placement.planning.schedule.problem import Leg, Problem
from hyperv_placement.planning.schedule.schedule import IMPROVEMENT
from hyperv_placement.planning.schedule.search import best
from hyperv_placement.planning.schedule.sequence import DeadEnd, sequence
from hyperv_placement.planning.schedule.timing import finish
from tools.bench.figure import Figure, amount
from tools.bench.site import Sites

from .estates import estate
from .simple import in_turn

KINDS = ((10, 180), (40, 750), (100, 2000))
SEEDS = range(10)
HUGE = (1000, 10_000)
AT_ONCE = (1, 2, 4, 8, 16, 32, 64)
_KIB_PER_MB = 1_000_000 / 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One estate."""

    seconds: float
    """Of thinking."""
    ratio: float
    """Finish over the lower bound; infinite where no order was found."""
    in_file_order: dict[int, float | None]
    """N at a time -> finish over the lower bound, None where it got stuck."""
    first_that_fits: dict[int, float | None]


def measure(_sites: Sites) -> list[Figure]:
    """Order thirty estates and the huge one."""
    results = {kind: [_one(*kind, seed) for seed in SEEDS] for kind in KINDS}
    every = [result for found in results.values() for result in found]
    return [
        *_quality(every),
        *_times(results),
        *_baselines(every),
        *_huge(),
    ]


def _one(hosts: int, machines: int, seed: int) -> Result:
    problem = estate(hosts, machines, seed)
    begun = time.perf_counter()
    ratio = _ordered(problem)
    seconds = time.perf_counter() - begun
    direct = [
        Leg(machine=number, source=machine.start, target=machine.goal)
        for number, machine in enumerate(problem.machines)
        if not machine.in_place
    ]
    bound = lower_bound(problem, direct)

    def simple(*, skip: bool) -> dict[int, float | None]:
        ends = {count: in_turn(problem, direct, count, skip=skip) for count in AT_ONCE}
        return {count: None if end is None else end / bound for count, end in ends.items()}

    return Result(
        seconds=seconds, ratio=ratio, in_file_order=simple(skip=False), first_that_fits=simple(skip=True)
    )


def _ordered(problem: Problem) -> float:
    legs = sequence(problem, Budget(ORDERS))
    if isinstance(legs, DeadEnd):
        return float("inf")
    bound = lower_bound(problem, legs)
    return finish(best(problem, legs, bound, Budget(IMPROVEMENT))) / bound


def _quality(every: Sequence[Result]) -> list[Figure]:
    ratios = [result.ratio for result in every]
    return [
        Figure(name="estates with a safe order that are solved", unit="of 30", result=sum(r < float("inf") for r in ratios), at_least=len(every)),
        Figure(name="finish of a run, mean of 30 estates", unit="x lower bound", result=mean(ratios), at_most=1.05),
        Figure(name="finish of a run, worst of 30 estates", unit="x lower bound", result=max(ratios), at_most=1.15),
    ]  # fmt: skip


def _times(results: dict[tuple[int, int], list[Result]]) -> list[Figure]:
    goals = {(40, 750): 0.5, (100, 2000): 2.0}
    return [
        Figure(
            name=f"order for {kind[0]} hosts, {kind[1]:,} machines, slowest of 10", unit="s",
            result=max(result.seconds for result in found), at_most=goals.get(kind), below=True,
            notes=(f"mean {amount(mean(r.seconds for r in found))} s; finish {_listed(r.ratio for r in found)} x lower bound",),
        )
        for kind, found in results.items()
    ]  # fmt: skip


def _baselines(every: Sequence[Result]) -> list[Figure]:
    """Compare with what others do; ours may never be slower than the best of them on the same estate."""
    slower = sum(
        result.ratio > min([*_ended(result.in_file_order.values()), *_ended(result.first_that_fits.values())], default=float("inf")) * (1 + 1e-9)
        for result in every
    )  # fmt: skip
    return [
        Figure(
            name="estates on which a simple tool is faster than ours", unit="of 30", result=slower, at_most=0,
            notes=(
                *(_reported("file order", count, [result.in_file_order[count] for result in every]) for count in AT_ONCE),
                *(_reported("first that fits", count, [result.first_that_fits[count] for result in every]) for count in AT_ONCE),
            ),
        )
    ]  # fmt: skip


def _reported(what: str, count: int, ratios: Sequence[float | None]) -> str:
    ended = _ended(ratios)
    stuck = len(ratios) - len(ended)
    rest = f"; else {amount(median(ended))} x lower bound (median)" if ended else ""
    return f"{what}, {count} at a time: stuck in {stuck} of {len(ratios)}{rest}"


def _ended(ratios: Iterable[float | None]) -> list[float]:
    return [ratio for ratio in ratios if ratio is not None]


def _listed(ratios: Iterable[float]) -> str:
    return ", ".join(f"{ratio:.2f}" for ratio in ratios)


def _huge() -> list[Figure]:
    """Order the huge estate in a process of its own, whose memory is then that of the order alone."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        seconds, ratio, peak = pool.apply(_measured_alone)
    return [
        Figure(
            name=f"order for {HUGE[0]:,} hosts, {HUGE[1]:,} machines", unit="s", result=seconds, at_most=30, below=True,
            notes=(f"finish {amount(ratio)} x lower bound",),
        ),
        Figure(name="its memory, the estate included", unit="MB", result=peak, at_most=1000, below=True),
    ]  # fmt: skip


def _measured_alone() -> tuple[float, float, float]:
    problem = estate(*HUGE, seed=0)
    begun = time.perf_counter()
    ratio = _ordered(problem)
    seconds = time.perf_counter() - begun
    return seconds, ratio, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MB
