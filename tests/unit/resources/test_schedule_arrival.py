"""The schedule on its way to the plugin: asked for again until it is there, and said once where it does not come."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hyperv_placement.errors import InterruptedRunError, OrderMissingError, StackFileSavedError
from hyperv_placement.resources.run_order import Course
from hyperv_placement.resources.schedule_arrival import ARRIVES, Arrival
from hyperv_placement.workspace.handoff import Handover
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
def handover(tmp_path: Path) -> Handover:
    """The meeting place of one run."""
    return Handover(project=tmp_path, engine="127.0.0.1:4711", stack=replace(stack({}), digest="a1"))


def arriving(handover: Handover | None, clock: FastClock | None = None) -> tuple[Arrival, Course, FastClock]:
    """Return the way of a schedule, its end and the clock."""
    clock = clock or FastClock()
    course = Course(clock)
    return Arrival(course, clock, handover), course, clock


def test_what_is_left_after_it_was_asked_for_is_found(handover: Handover) -> None:
    """The engine compares what it knows before the program runs: that is no answer for the run."""
    arrival, course, _ = arriving(handover)
    assert not arrival.look()
    handover.leave_schedule(SWAP, NOW)
    arrival.wait("VM001", GO_ON)
    assert len(course.legs("VM002")) == 2
    assert arrival.look()


def test_what_was_noted_before_it_came_is_kept(handover: Handover) -> None:
    """Who is in the run, and since when, is told by the engine's calls and by nothing else."""
    arrival, course, clock = arriving(handover)
    course.name("VM002")
    course.unchanged("VM002")
    handover.leave_schedule(SWAP, NOW)
    with course.under_way("VM001"):
        clock.wait(3)
        arrival.wait("VM001", GO_ON)
        for number in range(3):
            course.done(number)
        ended = course.ended()
    assert ended is not None
    assert ended.seconds == 3


def test_a_move_waits_for_one_that_is_written_meanwhile(handover: Handover) -> None:
    """As where the file comes late."""
    arrival, course, clock = arriving(handover, Calling(lambda: handover.leave_schedule(SWAP, NOW)))
    arrival.wait("VM001", GO_ON)
    assert course.legs("VM001")
    assert clock.now() < ARRIVES


def test_what_does_not_come_is_said_once_and_asked_again(handover: Handover) -> None:
    """The others have a short line, and do not wait as long once more; when it comes after all, they go on."""
    arrival, course, clock = arriving(handover)
    with pytest.raises(
        OrderMissingError, match=r"VM001 is not started: the order .* within 10 s \(.*4711.json\)\. See that"
    ):
        arrival.wait("VM001", GO_ON)
    waited = clock.now()
    with pytest.raises(OrderMissingError) as short:
        arrival.wait("VM002", GO_ON)
    assert str(short.value) == "VM002 is not started: this run has no order of its moves"
    assert clock.now() == waited
    handover.leave_schedule(SWAP, NOW)
    arrival.wait("VM003", GO_ON)
    assert course.legs("VM001")


def test_a_plan_by_another_stack_file_starts_nothing(handover: Handover) -> None:
    """Half of it would be by the one, half by the other."""
    replace(handover, stack=replace(handover.stack, digest="b2")).leave_schedule(SWAP, NOW)
    arrival, _, clock = arriving(handover)
    with pytest.raises(
        StackFileSavedError, match=r"test.yaml was saved while this run was starting\. Run again"
    ):
        arrival.agree("VM001")
    with pytest.raises(StackFileSavedError, match=r"VM002 is left as it is: test.yaml was saved meanwhile$"):
        arrival.wait("VM002", GO_ON)
    assert clock.now() == 0


def test_ctrl_c_ends_the_wait(handover: Handover) -> None:
    """With a line for the machine."""
    arrival, _, _ = arriving(handover)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(InterruptedRunError, match="VM001 was not started"):
        arrival.wait("VM001", cancelled)


def test_without_a_program_there_is_nothing_to_wait_for() -> None:
    """Each move is judged by itself then."""
    arrival, course, clock = arriving(None)
    arrival.agree("VM001")
    arrival.wait("VM001", GO_ON)
    assert course.legs("VM001") == []
    assert clock.now() == 0
