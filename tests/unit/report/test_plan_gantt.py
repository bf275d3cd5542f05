"""Bars over time: where they begin and end, how wide they are, how many there are."""

from __future__ import annotations

import pytest

from hyperv_placement.report.cells import width
from hyperv_placement.report.plan_gantt import MOST, gantt

from .schedules import HOSTILE, STEERING, planned, scheduled


def test_bars_show_when_each_move_runs() -> None:
    """In proportion, one below the other, what only makes room in another character."""
    moves = scheduled(1, 0, 30, aside=True), scheduled(2, 30, 60, 0), scheduled(1, 30, 90, 1)
    assert list(gantt(planned(*moves).schedule, 38)) == [
        "       00:00       00:45        01:30",
        "VM001 |==========                    |",
        "VM002 |          ##########          |",
        "VM001 |          ####################|",
        "# moves, = only makes room",
    ]


@pytest.mark.parametrize("columns", [1, 20, 80, 100, 237])
def test_rows_fit_the_terminal(columns: int) -> None:
    """To the cell, however long the labels; a very narrow one gets the least that can be read."""
    moves = [scheduled(n, n, n + 1, label=f"{STEERING}{HOSTILE}{'東' * n}") for n in range(1, 9)]
    rows = list(gantt(planned(*moves).schedule, columns))
    assert {width(row) for row in rows[1:]} == {max(columns, 28 + 3 + 10)}
    assert width(rows[0]) <= max(columns, 28 + 3 + 10)
    assert all(row.isprintable() for row in rows)


def test_each_move_has_a_bar_however_short() -> None:
    """Also the last of a long run."""
    moves = scheduled(1, 0, 86400), scheduled(2, 86399, 86400)
    assert [row.count("#") >= 1 for row in gantt(planned(*moves).schedule, 60)] == [False, True, True]


def test_of_hundreds_the_first_are_shown_and_the_rest_is_counted() -> None:
    """With the moment from which they start."""
    rows = list(gantt(planned(*(scheduled(n, n, n + 5) for n in range(300))).schedule, 100))
    assert len(rows) == 1 + MOST + 1
    assert rows[-1] == f"... and {300 - MOST} more that start from 00:{MOST} on (all: --json)"


def test_without_moves_there_are_no_bars() -> None:
    """Not even a scale."""
    assert list(gantt(planned().schedule, 100)) == []
