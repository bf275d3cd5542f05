"""A run's time beside its estimate: told when all its moves are made, once."""

from __future__ import annotations

from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.resources.run_order import Ended, RunOrder
from tests.clocks import FastClock
from tests.estates import machine


def scheduled(number: int, start: float, end: float) -> ScheduledMove:
    """Return a move of VM00N."""
    vm = machine(number)
    move = Move(vm=vm, moves=Moves.HOST, source=vm.host, destination=HostName("hv2"), roots=vm.roots)
    return ScheduledMove(label=vm.name, move=move, placement=Placement(), start=start, end=end, after=())


TWO = Schedule(moves=(scheduled(1, 0, 30), scheduled(2, 10, 60)))


def test_the_last_move_that_ends_tells_what_the_run_took() -> None:
    """From the first order for a machine that moves; nothing before all are made, and nothing twice."""
    clock = FastClock()
    run_order = RunOrder(clock, TWO)
    with run_order.under_way("VM009"):
        clock.wait(100)
    with run_order.under_way("VM001"):
        clock.wait(50)
        run_order.done(0)
        assert run_order.ended() is None
    with run_order.under_way("VM002"):
        clock.wait(25)
        run_order.done(1)
        assert run_order.ended() == Ended(seconds=75, estimated=60)
        assert run_order.ended() is None


def test_a_run_that_is_not_whole_is_compared_with_nothing() -> None:
    """Nor one of a single move, which says it itself, nor one without a plan."""
    clock = FastClock()
    for schedule in (TWO, Schedule(moves=TWO.moves[:1]), Schedule()):
        run_order = RunOrder(clock, schedule)
        with run_order.under_way("VM001"):
            if schedule.moves:
                run_order.done(0)
            assert run_order.ended() is None
