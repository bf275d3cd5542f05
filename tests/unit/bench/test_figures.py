"""The bench's arithmetic: what holds a goal, and what is counted against what."""

from __future__ import annotations

import json

import pytest

from tools.bench.figure import Figure, amount, excess_requests, ratio
from tools.bench.table import as_json, render


def figure(result: float, **goal: object) -> Figure:
    """Return a figure of a result and a goal."""
    return Figure(name="figure", unit="s", result=result, **goal)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("result", "goal", "held"),
    [
        (2.0, {"at_most": 2.0}, True),
        (2.1, {"at_most": 2.0}, False),
        (2.0, {"at_most": 2.0, "below": True}, False),
        (64, {"at_least": 64}, True),
        (63, {"at_least": 64}, False),
        (63, {}, True),
    ],
)
def test_a_goal_is_held_up_to_its_edge(result: float, goal: dict[str, object], held: bool) -> None:
    """`<` excludes the number that it names, `<=` and `>=` do not; what has no goal misses none."""
    assert figure(result, **goal).held is held


@pytest.mark.parametrize(
    ("value", "text"), [(64, "64"), (1.304, "1.30"), (68.69, "68.69"), (123.44, "123.4"), (7633.2, "7633")]
)
def test_numbers_are_as_exact_as_their_size_deserves(value: float, text: str) -> None:
    """Nobody reads the decimals of thousands."""
    assert amount(value) == text


def test_one_slow_run_decides_nothing() -> None:
    """Medians are compared, not means and not the best."""
    assert ratio([10, 13, 99], [10, 10, 1]) == pytest.approx(1.3)


@pytest.mark.parametrize(
    ("requests", "characters", "excess"),
    [(1, 10, 0), (2, 10, 0), (3, 10, 1), (3, 100, 0), (4, 250, 0), (5, 250, 1)],
)
def test_each_full_page_pays_for_one_request_more(requests: int, characters: int, excess: int) -> None:
    """Two are free; pages of 100 characters here."""
    assert excess_requests(requests, characters, 100) == excess


def test_the_table_sets_goals_and_results_side_by_side() -> None:
    """One row a figure, what explains it below, and a word that says how it ended."""
    table = render([figure(1.5, at_most=2, notes=("three runs",)), figure(3, at_most=2), figure(7)])
    assert [line.split() for line in table.splitlines()] == [
        ["figure", "goal", "result"],
        ["------", "------", "------", "------"],
        ["figure", "<=", "2", "s", "1.50", "s", "held"],
        ["three", "runs"],
        ["figure", "<=", "2", "s", "3", "s", "missed"],
        ["figure", "7", "s"],
    ]


def test_json_says_the_same() -> None:
    """For scripts: numbers as numbers, and whether each goal is held."""
    (row,) = json.loads(as_json([figure(3, at_most=2)]))
    assert row == {
        "figure": "figure", "unit": "s", "goal": "<= 2 s", "result": 3, "held": False, "notes": [],
    }  # fmt: skip
