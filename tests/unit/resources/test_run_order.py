"""The order of a run as the plugin keeps it: who waits, who goes on, and who is told that nobody will come."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from hyperv_placement.errors import InterruptedRunError, NoRoomError
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Schedule, ScheduledMove
from hyperv_placement.resources.run_order import RunOrder
from hyperv_placement.resources.run_order_decision import SETTLED_S, STARVED_S
from tests.clocks import FastClock
from tests.estates import machine

PATIENCE = 10.0
"""Seconds of real time for a thread to end."""


def leg(number: int, source: str, destination: str, *after: int, aside: bool = False) -> ScheduledMove:
    """Return a move of VM00N that waits for others."""
    vm = machine(number, source)
    move = Move(
        vm=vm, moves=Moves.HOST_AND_STORAGE, source=HostName(source),
        destination=HostName(destination), roots=vm.roots,
    )  # fmt: skip
    return ScheduledMove(
        label=vm.name, move=move, placement=Placement(host=HostName(destination)), start=float(len(after)),
        end=9.0, after=after, aside=aside,
    )  # fmt: skip


SWAP = Schedule(
    moves=(
        leg(2, "hv2", "hv3", aside=True),
        leg(1, "hv1", "hv2", 0),
        leg(2, "hv3", "hv1", 1),
    )
)
RING = Schedule(
    moves=(
        leg(1, "hv1", "hv4", aside=True),
        leg(2, "hv2", "hv1", 0),
        leg(3, "hv3", "hv2", 1),
        leg(1, "hv4", "hv3", 2),
    )
)
"""A cycle of three. The engine names VM003 when VM002 has been moved, and no sooner."""
CHAIN = Schedule(moves=(leg(1, "hv1", "hv2"), leg(2, "hv3", "hv1", 0)))


class Waiting:
    """A move that waits in a thread of its own."""

    def __init__(self, run_order: RunOrder, number: int, *, made: bool = False) -> None:
        """`made`: what the hosts show of those it waits for."""
        self.said: list[str] = []
        self.cancelled = threading.Event()
        self.begun = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._answer = self._pool.submit(
            run_order.wait, number, made=lambda _: made, waiting=self._hear, cancelled=self.cancelled
        )
        self._pool.shutdown(wait=False)

    def _hear(self, text: str) -> None:
        self.said.append(text)
        self.begun.set()

    def ends(self) -> None:
        """Wait for its end. Raises what it raised."""
        self._answer.result(PATIENCE)


class StoppedClock(FastClock):
    """Time goes on only when the test says so."""

    def __init__(self) -> None:
        """Nobody has looked yet."""
        super().__init__()
        self._look = threading.Event()

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait for the event in real time, no longer than a moment."""
        self._look.set()
        return until is not None and until.wait(min(seconds, 0.01))

    def looked(self) -> None:
        """Wait until the one who waits has looked again, and has gone on waiting."""
        for _ in range(2):
            self._look.clear()
            assert self._look.wait(PATIENCE), "it waits no longer"

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        super().wait(seconds)


def test_a_move_waits_until_the_one_before_it_is_made() -> None:
    """It says for whom, once."""
    run_order = RunOrder(StoppedClock(), SWAP)
    with run_order.under_way("VM002"), run_order.under_way("VM001"):
        waiting = Waiting(run_order, 1)
        assert waiting.begun.wait(PATIENCE)
        run_order.done(0)
        waiting.ends()
    assert waiting.said == ["for VM002 to step aside to hv3"]


def test_the_legs_of_one_machine_wait_for_what_is_between_them() -> None:
    """The way back is free when the other machine has left."""
    run_order = RunOrder(StoppedClock(), SWAP)
    with run_order.under_way("VM001"), run_order.under_way("VM002"):
        run_order.done(0)
        back = Waiting(run_order, 2)
        assert back.begun.wait(PATIENCE)
        run_order.done(1)
        back.ends()
    assert back.said == ["for VM001 to leave hv1"]


def test_who_waits_for_a_failed_move_is_told_whose() -> None:
    """The machine has left without its move."""
    run_order = RunOrder(StoppedClock(), SWAP)
    with run_order.under_way("VM001"):
        with run_order.under_way("VM002"):
            waiting = Waiting(run_order, 1)
            assert waiting.begun.wait(PATIENCE)
        with pytest.raises(NoRoomError, match="VM002 was to free, and that move was not made"):
            waiting.ends()


def test_a_whole_move_that_the_engine_never_gave_is_no_part_of_the_run() -> None:
    """The engine starts VM002 only when it is done with VM001: so that one was excluded."""
    run_order = RunOrder(StoppedClock(), CHAIN)
    with (
        run_order.under_way("VM002"),
        pytest.raises(NoRoomError, match=r"VM001 was to free \(hv1 -> hv2\), which is no part of this run"),
    ):
        Waiting(run_order, 1).ends()


QUEUE = Schedule(moves=(leg(1, "hv1", "hv2"), replace(leg(2, "hv1", "hv3"), behind=(0,))))
"""Both use the link of hv1, and neither needs the other's room."""


def test_a_move_takes_over_a_link_when_the_one_before_it_has_ended() -> None:
    """It says behind whom it is, once."""
    run_order = RunOrder(StoppedClock(), QUEUE)
    with run_order.under_way("VM001"), run_order.under_way("VM002"):
        waiting = Waiting(run_order, 1)
        assert waiting.begun.wait(PATIENCE)
        run_order.done(0)
        waiting.ends()
    assert waiting.said == ["behind VM001, which uses the same link"]


def test_a_failed_move_gives_up_its_link() -> None:
    """Nothing of it is needed: who is behind it goes, without an error and without asking the hosts."""
    run_order = RunOrder(StoppedClock(), QUEUE)
    with run_order.under_way("VM002"):
        with run_order.under_way("VM001"):
            waiting = Waiting(run_order, 1)
            assert waiting.begun.wait(PATIENCE)
        waiting.ends()


def test_a_link_is_not_kept_for_a_machine_that_does_not_come() -> None:
    """One that the engine never names is waited for as long as its silence proves nothing."""
    clock = StoppedClock()
    run_order = RunOrder(clock, QUEUE)
    with run_order.under_way("VM002"):
        waiting = Waiting(run_order, 1)
        assert waiting.begun.wait(PATIENCE)
        clock.passes(SETTLED_S + 1)
        waiting.ends()


def test_a_link_is_kept_for_a_machine_that_waits_for_room_first() -> None:
    """The engine does not order it before that room is free, and its silence means nothing until then."""
    clock = StoppedClock()
    moves = (leg(3, "hv2", "hv4"), leg(1, "hv1", "hv2", 0), replace(leg(2, "hv1", "hv3"), behind=(1,)))
    run_order = RunOrder(clock, Schedule(moves=moves))
    run_order.name("VM001")
    with run_order.under_way("VM003"), run_order.under_way("VM002"):
        waiting = Waiting(run_order, 2)
        assert waiting.begun.wait(PATIENCE)
        clock.passes(SETTLED_S + 1)
        clock.looked()
        run_order.done(0)
        with run_order.under_way("VM001"):
            run_order.done(1)
            waiting.ends()


def test_what_somebody_else_has_moved_is_made() -> None:
    """The hosts decide, not our memory."""
    run_order = RunOrder(StoppedClock(), CHAIN)
    with run_order.under_way("VM002"):
        Waiting(run_order, 1, made=True).ends()


def test_a_parked_machine_waits_for_whom_the_engine_names_later() -> None:
    """However long the move takes after which it is named: the engine's silence says nothing before."""
    clock = StoppedClock()
    run_order = RunOrder(clock, RING)
    with run_order.under_way("VM001"):
        with run_order.under_way("VM002"):
            run_order.done(0)
            back = Waiting(run_order, 3)
            assert back.begun.wait(PATIENCE)
            clock.passes(3600)
            clock.looked()
            run_order.done(1)
        with run_order.under_way("VM003"):
            clock.passes(3600)
            run_order.done(2)
        back.ends()


def test_a_parked_machine_is_told_when_nobody_will_come() -> None:
    """What VM003 waited for is made, and the engine names it not: it was excluded, and is waited for no longer."""
    clock = StoppedClock()
    run_order = RunOrder(clock, RING)
    with run_order.under_way("VM001"):
        with run_order.under_way("VM002"):
            run_order.done(0)
            back = Waiting(run_order, 3)
            assert back.begun.wait(PATIENCE)
            clock.passes(3600)
            run_order.done(1)
        clock.passes(SETTLED_S + 1)
        with pytest.raises(NoRoomError, match=r"VM003 was to free .* no part of this run"):
            back.ends()


def test_a_leg_is_given_up_when_the_engine_has_been_quiet() -> None:
    """Until then the machine may still be named."""
    clock = StoppedClock()
    run_order = RunOrder(clock, SWAP)
    with run_order.under_way("VM001"):
        waiting = Waiting(run_order, 1)
        assert waiting.begun.wait(PATIENCE)
        clock.passes(SETTLED_S + 1)
        with pytest.raises(NoRoomError, match="no part of this run"):
            waiting.ends()


def test_work_of_another_kind_may_hold_machines_back() -> None:
    """A host that is being set up keeps its machines from being named."""
    clock = StoppedClock()
    run_order = RunOrder(clock, SWAP)
    with run_order.under_way("VM001"):
        with run_order.other_work():
            waiting = Waiting(run_order, 1)
            assert waiting.begun.wait(PATIENCE)
            clock.passes(10 * SETTLED_S)
        with run_order.under_way("VM002"):
            run_order.done(0)
            waiting.ends()


def test_a_machine_that_was_named_is_waited_for_until_the_engine_starves() -> None:
    """It is in the run, but nobody has a hand free for it: the error says which setting."""
    clock = StoppedClock()
    run_order = RunOrder(clock, SWAP)
    run_order.name("VM002")
    with run_order.under_way("VM001"):
        waiting = Waiting(run_order, 1)
        assert waiting.begun.wait(PATIENCE)
        clock.passes(STARVED_S + 1)
        with pytest.raises(NoRoomError, match="PULUMI_PARALLEL=256"):
            waiting.ends()


def test_a_machine_that_the_engine_cannot_name_without_a_worker_is_not_taken_for_one_left_out() -> None:
    """What it depends on is named and gets no worker: taking it into the run with --target would not help."""
    clock = StoppedClock()
    run_order = RunOrder(clock, RING)
    with run_order.under_way("VM001"):
        run_order.done(0)
        run_order.name("VM002")
        back = Waiting(run_order, 3)
        assert back.begun.wait(PATIENCE)
        clock.passes(STARVED_S + 1)
        with pytest.raises(
            NoRoomError, match=r"room that VM003 was to free, which the engine does not start.*PARALLEL"
        ):
            back.ends()


def test_a_machine_without_change_frees_nothing() -> None:
    """Unless it is where the plan wanted it: then the hosts show it."""
    run_order = RunOrder(StoppedClock(), SWAP)
    run_order.name("VM002")
    run_order.unchanged("VM002")
    with run_order.under_way("VM001"), pytest.raises(NoRoomError):
        Waiting(run_order, 1).ends()


def test_what_a_refresh_compares_says_nothing_of_the_run() -> None:
    """The engine compares old inputs before the program runs, and the new ones when it has named the machine."""
    clock = StoppedClock()
    run_order = RunOrder(clock, SWAP)
    run_order.unchanged("VM002")
    with run_order.under_way("VM001"):
        waiting = Waiting(run_order, 1)
        assert waiting.begun.wait(PATIENCE)
        run_order.unchanged("VM002")
        clock.looked()
        run_order.name("VM002")
        with run_order.under_way("VM002"):
            run_order.done(0)
        waiting.ends()


def test_ctrl_c_ends_the_wait() -> None:
    """With a line for the machine."""
    run_order = RunOrder(StoppedClock(), SWAP)
    with run_order.under_way("VM001"), run_order.under_way("VM002"):
        waiting = Waiting(run_order, 1)
        assert waiting.begun.wait(PATIENCE)
        waiting.cancelled.set()
        with pytest.raises(InterruptedRunError, match="VM001 was not started"):
            waiting.ends()


def test_the_rank_is_that_of_the_next_leg() -> None:
    """What is not scheduled comes last."""
    run_order = RunOrder(StoppedClock(), SWAP)
    assert run_order.rank("VM002") == 0.0
    run_order.done(0)
    assert run_order.rank("VM002") == 1.0
    assert run_order.rank("VM009") == float("inf")


def test_a_run_without_a_schedule_waits_for_nobody() -> None:
    """As where the file of the program was lost."""
    run_order = RunOrder(StoppedClock(), Schedule())
    assert run_order.legs("VM001") == []


def ruled(*, evacuates: bool) -> Schedule:
    """Return two moves of which the second waits for the first only so that a rule (n_plus_1) holds."""
    first, second = CHAIN.moves
    return Schedule(moves=(first, replace(second, spare=(0,), evacuates=evacuates)))


def test_a_move_that_a_rule_lets_wait_is_not_started_where_the_one_before_failed() -> None:
    """The rule holds once that one has moved, and not before; the error names it."""
    run_order = RunOrder(StoppedClock(), ruled(evacuates=False))
    with run_order.under_way("VM002"):
        with run_order.under_way("VM001"):
            waiting = Waiting(run_order, 1)
            assert waiting.begun.wait(PATIENCE)
        with pytest.raises(NoRoomError, match=r"a rule \(n_plus_1\) would not hold before VM001 has moved"):
            waiting.ends()
    assert waiting.said == [
        "for VM001 to have moved: a rule (n_plus_1) would not hold while both are on their way"
    ]


def test_an_evacuation_waits_for_a_rule_and_goes_where_that_was_in_vain() -> None:
    """A host in maintenance is emptied, whatever becomes of N + 1."""
    run_order = RunOrder(StoppedClock(), ruled(evacuates=True))
    with run_order.under_way("VM002"):
        with run_order.under_way("VM001"):
            waiting = Waiting(run_order, 1)
            assert waiting.begun.wait(PATIENCE)
        waiting.ends()
