"""Refusals: how many of what the planner refuses could be done, on drains and on small estates that are short of room.

Judged by `tests/judge`, which shares no code with the planner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from tests.judge.asking import planned
from tests.judge.drains import drain
from tests.judge.estate import Estate, read
from tests.judge.generated import Drawn, drawn
from tests.judge.replay import Plan
from tests.judge.verdicts import Kind, Verdict, judged, judged_choice

from .figure import Figure
from .site import Sites

DRAINS, ESTATES = 400, 3_000
SHOWN = 5
"""Wrong ones that are named."""


def measure(_sites: Sites) -> list[Figure]:
    """Judge both kinds."""
    drains = _verdicts(range(DRAINS), drain, lambda estate, plan, n: judged_choice(estate, plan, seed=n))
    small = _verdicts(range(ESTATES), drawn, lambda estate, plan, n: judged(estate, plan, seed=n))
    return [
        *_figures(f"{DRAINS} drains", drains, (Kind.WRONG_FIT, "do not fit")),
        *_figures(f"{ESTATES:,} small estates", small, (Kind.WRONG_ORDER, "no order")),
    ]


def _verdicts(
    numbers: Iterable[int],
    make: Callable[[int], Drawn],
    judge: Callable[[Estate, Plan, int], Verdict],
) -> dict[int, Verdict]:
    found = {}
    for number in numbers:
        texts = make(number)
        plan = planned(texts.stack, texts.inventory)
        found[number] = judge(read(texts.stack, texts.inventory), plan, number)
    return found


def _figures(name: str, verdicts: dict[int, Verdict], wrong: tuple[Kind, str]) -> list[Figure]:
    kind, words = wrong
    counts = Counter(each.kind for each in verdicts.values())
    others = {
        each
        for each in (Kind.WRONG_FIT, Kind.WRONG_ORDER, Kind.WRONG_RULE, Kind.WRONG_REFUSAL, Kind.WRONG_SPARE)
        if each != kind
    }
    lost = sum(bool(each.lost_spare) for each in verdicts.values())
    told = ", ".join(f"{each.value} {counts[each]}" for each in Kind)
    return [
        Figure(
            name=f'wrong "{words}", {name}', unit="", result=counts[kind], at_most=0,
            notes=(told, f"N + 1 held before and not at every moment of the run, and no proof that it could not: {lost}", *_named(verdicts, {kind})),
        ),
        Figure(
            name=f"other wrong refusals, {name}", unit="", result=sum(counts[each] for each in others), at_most=0,
            notes=_named(verdicts, others),
        ),
        Figure(
            name=f"plans that overdraw or end elsewhere, {name}", unit="", result=counts[Kind.VIOLATION], at_most=0,
            notes=_named(verdicts, {Kind.VIOLATION}),
        ),
    ]  # fmt: skip


def _named(verdicts: dict[int, Verdict], kinds: set[Kind]) -> tuple[str, ...]:
    wrong = [(number, each) for number, each in verdicts.items() if each.kind in kinds]
    return tuple(f"number {number}: {' '.join(each.why.split())}" for number, each in wrong[:SHOWN])
