"""Failures of one cause stop new starts; what was never started is no failure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from hyperv_placement.errors import (
    InterruptedRunError,
    MigrationFailedError,
    MigrationStartError,
    MovedByOthersError,
    MoveRefusedError,
    NoRoomError,
    PlacementError,
    StageFailedError,
    VerificationError,
)
from hyperv_placement.migration.failure_guard import FailureGuard
from hyperv_placement.model.guard import Guard
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from tests.clocks import FastClock
from tests.estates import machine

TICKET = MigrationFailedError("no credentials", codes=(0x8009030E,))


def move(number: int) -> Move:
    """Return a move of VM00N to hv2."""
    vm = machine(number)
    kind = Moves.HOST
    return Move(vm=vm, moves=kind, source=vm.host, destination=HostName("hv2"), roots=vm.roots)


def failure_guard(most: int | None = 2, *, allow: bool = False) -> FailureGuard:
    """Return the guard of a run that stops after `most` failures of a cause."""
    guard = Guard(max_failures=most)
    return FailureGuard(
        guard, file="prod.yaml", clock=FastClock(), allowed=frozenset({"max_failures"} if allow else ())
    )


def stops(run: FailureGuard) -> str:
    """Return why VM009 is not started; empty where it may start."""
    try:
        run.check(move(9))
    except MoveRefusedError as error:
        return str(error)
    return ""


def test_the_line_names_count_cause_first_and_way_out() -> None:
    """What failed later of that cause counts, what failed otherwise does not."""
    run = failure_guard()
    for number, error in enumerate((TICKET, VerificationError("odd"), TICKET, TICKET), start=1):
        run.failed(move(number), error)
    assert stops(run) == (
        "VM009 was not started: 3 moves have failed with 0x8009030E (first: VM001 on hv1 -> hv2); guard.max_failures of"
        " prod.yaml. Remove the cause and run again, or allow it once: PLACEMENT_ALLOW=max_failures bin/pulumi up (on"
        " Windows first: set PLACEMENT_ALLOW=max_failures)"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TICKET, MigrationFailedError("x", codes=(0x8009030E, 0x80070005))),
        (TICKET, MigrationFailedError("x")),
        (MigrationStartError("x", return_value=32769), MigrationStartError("x", return_value=32774)),
        (VerificationError("x"), PlacementError("x")),
    ],
)
def test_different_causes_are_counted_apart(one: PlacementError, other: PlacementError) -> None:
    """Other codes, other return values, other errors."""
    run = failure_guard()
    run.failed(move(1), one)
    run.failed(move(2), other)
    assert not stops(run)
    run.failed(move(3), other)
    assert "2 moves have failed" in stops(run)


def test_codes_in_another_order_are_one_cause() -> None:
    """So are a planned machine that could not be made and a job that failed of the same."""
    run = failure_guard()
    run.failed(move(1), MigrationFailedError("x", codes=(0x80070005, 0x8009030E)))
    run.failed(move(2), StageFailedError("x", codes=(0x8009030E, 0x80070005)))
    assert "2 moves have failed with 0x80070005, 0x8009030E" in stops(run)


@pytest.mark.parametrize(
    "error",
    [
        InterruptedRunError("x"),
        MoveRefusedError("x"),
        MovedByOthersError("x"),
        NoRoomError("x"),
    ],
)
def test_what_was_not_started_is_no_failure(error: PlacementError) -> None:
    """A run of nothing but refusals says each of them."""
    run = failure_guard(1)
    run.failed(move(1), error)
    assert not stops(run)


def test_a_move_counts_once() -> None:
    """However often its failure is told."""
    run = failure_guard()
    run.failed(move(1), TICKET)
    run.failed(move(1), TICKET)
    assert not stops(run)


@pytest.mark.parametrize("run", [failure_guard(None), failure_guard(2, allow=True)])
def test_without_a_limit_everything_starts(run: FailureGuard) -> None:
    """Where none is set, and where it is lifted for this run."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: run.failed(move(number), TICKET), range(1, 50)))
    assert not stops(run)


def test_failures_of_many_threads_are_all_counted() -> None:
    """None is lost."""
    run = failure_guard(50)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: run.failed(move(number), TICKET), range(1, 51)))
    assert "50 moves have failed" in stops(run)
