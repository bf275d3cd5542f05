"""The schedule on its way to the plugin: asked for again until it is there, and said once where it does not come."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperv_placement.errors import InterruptedRunError, OrderMissingError, StackFileSavedError
from hyperv_placement.resources.run_order import RunOrder
from hyperv_placement.resources.schedule_arrival import ARRIVES, Arrival
from hyperv_placement.workspace.handoff import Handoff
from tests.clocks import FastClock
from tests.estates import stack

from .test_run_order import SWAP

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GO_ON = threading.Event()


class Calling(FastClock):
    """Does something when it is waited on for the first time."""

    def __init__(self, then: object = None) -> None:
        """`then`: called once."""
        super().__init__()
        self._then = then

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Jump ahead."""
        then, self._then = self._then, None
        if callable(then):
            then()
        return super().wait(seconds, until)


@pytest.fixture
def handoff(tmp_path: Path) -> Handoff:
    """The meeting place of one run."""
    return Handoff(project=tmp_path, engine="127.0.0.1:4711", stack=replace(stack({}), digest="a1"))


def arriving(handoff: Handoff | None, clock: FastClock | None = None) -> tuple[Arrival, RunOrder, FastClock]:
    """Return the way of a schedule, its end and the clock."""
    clock = clock or FastClock()
    run_order = RunOrder(clock)
    return Arrival(run_order, clock, handoff), run_order, clock


def test_what_is_left_after_it_was_asked_for_is_found(handoff: Handoff) -> None:
    """The engine compares what it knows before the program runs: that is no answer for the run."""
    arrival, run_order, _ = arriving(handoff)
    assert not arrival.look()
    handoff.leave_schedule(SWAP, NOW)
    arrival.wait("VM001", GO_ON)
    assert len(run_order.legs("VM002")) == 2
    assert arrival.look()


def test_what_was_noted_before_it_came_is_kept(handoff: Handoff) -> None:
    """Who is in the run, and since when, is told by the engine's calls and by nothing else."""
    arrival, run_order, clock = arriving(handoff)
    run_order.name("VM002")
    run_order.unchanged("VM002")
    handoff.leave_schedule(SWAP, NOW)
    with run_order.under_way("VM001"):
        clock.wait(3)
        arrival.wait("VM001", GO_ON)
        for number in range(3):
            run_order.done(number)
        ended = run_order.ended()
    assert ended is not None
    assert ended.seconds == 3


def test_a_move_waits_for_one_that_is_written_meanwhile(handoff: Handoff) -> None:
    """As where the file comes late."""
    arrival, run_order, clock = arriving(handoff, Calling(lambda: handoff.leave_schedule(SWAP, NOW)))
    arrival.wait("VM001", GO_ON)
    assert run_order.legs("VM001")
    assert clock.now() < ARRIVES


def test_what_does_not_come_is_said_once_and_asked_again(handoff: Handoff) -> None:
    """The others have a short line, and do not wait as long once more; when it comes after all, they go on."""
    arrival, run_order, clock = arriving(handoff)
    with pytest.raises(
        OrderMissingError,
        match=r"VM001 is not started: the order .* within 10 s \(.*4711-test.json\)\. Make sure that",
    ):
        arrival.wait("VM001", GO_ON)
    waited = clock.now()
    with pytest.raises(OrderMissingError) as short:
        arrival.wait("VM002", GO_ON)
    assert str(short.value) == "VM002 is not started: this run has no order of its moves"
    assert clock.now() == waited
    handoff.leave_schedule(SWAP, NOW)
    arrival.wait("VM003", GO_ON)
    assert run_order.legs("VM001")


def test_a_plan_by_another_stack_file_starts_nothing(handoff: Handoff) -> None:
    """Half of it would be by the one, half by the other."""
    replace(handoff, stack=replace(handoff.stack, digest="b2")).leave_schedule(SWAP, NOW)
    arrival, _, clock = arriving(handoff)
    with pytest.raises(
        StackFileSavedError, match=r"test.yaml was saved while this run was starting\. Run again"
    ):
        arrival.agree("VM001")
    with pytest.raises(StackFileSavedError, match=r"VM002 is left as it is: test.yaml was saved meanwhile$"):
        arrival.wait("VM002", GO_ON)
    assert clock.now() == 0


def test_ctrl_c_ends_the_wait(handoff: Handoff) -> None:
    """With a line for the machine."""
    arrival, _, _ = arriving(handoff)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(InterruptedRunError, match="VM001 was not started"):
        arrival.wait("VM001", cancelled)


def test_without_a_program_there_is_nothing_to_wait_for() -> None:
    """Each move is judged by itself then."""
    arrival, run_order, clock = arriving(None)
    arrival.agree("VM001")
    arrival.wait("VM001", GO_ON)
    assert run_order.legs("VM001") == []
    assert clock.now() == 0
