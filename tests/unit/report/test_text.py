"""What an operator reads of a plan's cost, and of what it cost in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.model.units import GIB
from hyperv_placement.report.text import reported, run_took, summary, took
from tests.estates import machine


def leg(number: int, to: str, start: float, end: float, *after: int, aside: bool = False) -> ScheduledMove:
    """Return a move of VM00N, of 40 GiB, that pauses it for a second and a bit."""
    vm = machine(number)
    move = Move(
        vm=vm,
        moves=Moves.HOST_AND_STORAGE,
        source=vm.host,
        destination=HostName(to),
        roots=vm.roots,
    )
    return ScheduledMove(
        label=vm.name, move=move, placement=Placement(), start=start, end=end, after=after, bytes=40 * GIB,
        blackout=1.2, reason="parked to break the swap with VM002" if aside else "", aside=aside,
    )  # fmt: skip


SWAP = Schedule(
    moves=(leg(1, "hv3", 0, 60, aside=True), leg(2, "hv1", 60, 190, 0), leg(1, "hv2", 190, 2280, 1)),
    bound=2100,
)
COST = "40 GiB, about {}, pauses about 1 s"


def test_each_move_says_what_it_costs() -> None:
    """Bytes, time and pause; a machine that steps aside says it for each of its legs."""
    assert list(reported(SWAP, "VM001")) == [
        "first to hv3: parked to break the swap with VM002; " + COST.format("1 min"),
        "then to hv2, after VM002; " + COST.format("35 min"),
    ]
    assert list(reported(SWAP, "VM002")) == ["to hv1, after VM001; " + COST.format("2 min 10 s")]
    still = replace(leg(3, "hv2", 0, 0.3), blackout=0.0)
    assert list(reported(Schedule(moves=(still,)), "VM003")) == ["40 GiB, under 1 s"]


def test_a_run_says_what_it_costs() -> None:
    """With what no order could beat, and that pauses are not measured."""
    assert summary(SWAP) == (
        "3 moves, 120 GiB, about 38 min (no order of them ends before 35 min); about 4 s of pauses in all, 1 s the longest"
        " (no host reports the real ones)"
    )
    one = Schedule(moves=(replace(leg(3, "hv2", 0, 40), blackout=0.0),), bound=40)
    assert summary(one) == "1 move, 40 GiB, about 40 s (no order of them ends before 40 s)"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (took(130, 110), "moved in 2 min 10 s, estimated 1 min 50 s"),
        (took(130, None), "moved in 2 min 10 s"),
        (run_took(2460, 2280), "run took 41 min, estimated 38 min (+8 %)"),
        (run_took(30, 60), "run took 30 s, estimated 1 min (-50 %)"),
        (run_took(30, 0), "run took 30 s, estimated under 1 s"),
    ],
)
def test_what_it_took_stands_beside_the_estimate(line: str, text: str) -> None:
    """The error of a run is told in per cent of its estimate."""
    assert line == text
