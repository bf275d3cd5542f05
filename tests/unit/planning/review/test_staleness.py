"""What is said where a plan is not the one that was shown."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.planning.review.staleness import changes
from tests.estates import machine


def moved(number: int, source: str, destination: str, *after: int) -> ScheduledMove:
    """Return a scheduled move of VM00N; of its files alone where the host stays."""
    vm = machine(number, source)
    kind = Moves.STORAGE if source == destination else Moves.HOST_AND_STORAGE
    move = Move(vm=vm, moves=kind, source=HostName(source), destination=HostName(destination), roots=vm.roots)
    return ScheduledMove(label=vm.name, move=move, placement=Placement(), start=0.0, end=1.0, after=after)


def said(shown: list[ScheduledMove], now: list[ScheduledMove]) -> list[str]:
    """Return the lines."""
    return list(changes(Schedule(moves=tuple(shown)), Schedule(moves=tuple(now))))


def test_the_same_plan_is_no_news() -> None:
    """Though its times differ."""
    assert said([moved(1, "hv1", "hv2")], [moved(1, "hv1", "hv2")]) == []


def test_each_machine_that_goes_otherwise_is_named() -> None:
    """One more, one less, another place, another way."""
    shown = [moved(1, "hv1", "hv2"), moved(2, "hv1", "hv2"), moved(4, "hv2", "hv1")]
    now = [moved(2, "hv1", "hv3"), moved(3, "hv1", "hv1"), moved(4, "hv2", "hv3"), moved(4, "hv3", "hv1")]
    assert said(shown, now) == [
        "VM001 does not move any more (was hv1 -> hv2)",
        "VM002: hv1 -> hv3 instead of hv1 -> hv2",
        "VM003 moves as well: storage on hv1",
        "VM004: hv2 -> hv3, then hv3 -> hv1 instead of hv2 -> hv1",
    ]


def test_another_order_is_said_once() -> None:
    """Who waits for whom, not the order of lines."""
    one = [moved(1, "hv1", "hv2"), moved(2, "hv3", "hv1", 0)]
    other = [moved(2, "hv3", "hv1"), moved(1, "hv1", "hv2", 0)]
    assert said(one, other) == ["the same moves, in another order"]
    assert said(one, list(one)) == []


def test_who_takes_over_whose_link_is_an_order_as_well() -> None:
    """The same moves, of which the second no longer waits for the link of the first."""
    first, second = moved(1, "hv1", "hv2"), moved(2, "hv1", "hv3")
    assert said([first, replace(second, behind=(0,))], [first, second]) == [
        "the same moves, in another order"
    ]
