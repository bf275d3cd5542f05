"""Readings that do not depend on each other: one after the other at a quick host, side by side at a slow one."""

from __future__ import annotations

import dataclasses
import threading
from functools import partial

import pytest

from hyperv_placement.errors import HostUnreachableError, ProtocolError
from hyperv_placement.hyperv.inventory import read_for_moves
from hyperv_placement.model.names import HostName
from hyperv_placement.winrm.bounds import BOUNDS, MEBIBYTE
from hyperv_placement.winrm.budget import Budget
from hyperv_placement.winrm.sessions import SESSIONS
from hyperv_placement.winrm.together import SLOW_S, Pace, together
from hyperv_placement.wsman import Fragment
from tests.clocks import FastClock

from .answers import Answering, projected, rows

ROW = Fragment({"Name": "x" * (MEBIBYTE // 4)})


def test_a_quick_host_is_asked_one_after_the_other() -> None:
    """In their order and by the thread that asks; one that fails is the last."""
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        assert threading.current_thread() is threading.main_thread()
        if number == 2:
            raise HostUnreachableError("hv1 is silent")
        return number

    def ask_all() -> None:
        with together(lambda: False, SESSIONS) as soon:
            for number in range(4):
                soon(partial(ask, number))

    with pytest.raises(HostUnreachableError, match="silent"):
        ask_all()
    assert asked == [0, 1, 2]


def test_a_slow_host_is_asked_side_by_side() -> None:
    """As many at once as there are hands, each with its own result or error."""
    at_once = threading.Barrier(SESSIONS)

    def ask(number: int) -> int:
        at_once.wait(20)
        if number == 1:
            raise HostUnreachableError("the second one is silent")
        return number

    with together(lambda: True, SESSIONS) as soon:
        asked = [soon(partial(ask, number)) for number in range(SESSIONS)]
    assert [asked[0](), asked[2](), asked[3]()] == [0, 2, 3]
    with pytest.raises(HostUnreachableError, match="the second one"):
        asked[1]()


def test_two_slow_answers_make_a_slow_host_and_one_quick_one_a_quick_host() -> None:
    """A single hiccup says little, and the first answer has the login in it."""
    clock = FastClock()
    pace = Pace(clock)

    def answered(seconds: float) -> bool:
        pace.noted(lambda: clock.wait(seconds))
        return pace.slow

    assert [answered(each) for each in (9.0, SLOW_S, 0.01, 9.0, 9.0)] == [False, True, False, False, True]


def test_what_hands_read_is_held_by_the_reading_they_are_part_of() -> None:
    """All of it together must fit, and afterwards all is free again."""
    budget = Budget(HostName("hv1"), FastClock(), dataclasses.replace(BOUNDS, rows_bytes=2 * MEBIBYTE))

    def read(count: int) -> None:
        with budget.reading():
            budget.take([ROW] * count)

    for _ in range(3):
        with budget.reading():
            with together(lambda: True, SESSIONS, budget) as soon:
                asked = [soon(lambda: read(3)), soon(lambda: read(3))]
            for each in asked:
                each()
            with pytest.raises(ProtocolError, match="rows take more than 2 MiB"):
                read(3)
    read(7)


def test_hands_have_no_more_time_than_the_reading_they_are_part_of() -> None:
    """A host that is slow enough for them is slow enough to use the time up."""
    clock = FastClock()
    budget = Budget(HostName("hv1"), clock, BOUNDS)
    with budget.reading():
        clock.wait(BOUNDS.reading_seconds)
        with together(lambda: True, SESSIONS, budget) as soon:
            late = soon(budget.check)
        with pytest.raises(HostUnreachableError, match="not read to the end within 300 s"):
            late()
        with together(lambda: True, SESSIONS, budget) as soon:
            late = soon(budget.check)
    budget.check()


FOUR = (
    "Msvm_SummaryInformation",
    "Msvm_SecuritySettingData",
    "Msvm_EthernetPortAllocationSettingData",
    "Msvm_HeartbeatComponent",
)


def test_what_moves_ask_of_a_slow_host_is_asked_on_all_its_connections() -> None:
    """One after the other, 14 classes would take 14 seconds of a host that needs one for each answer; memory is last as ever."""
    at_once = threading.Barrier(len(FOUR))

    def answer(_namespace: str, query: str) -> bytes:
        if "Win32_" in query:
            client.clock.wait(SLOW_S)
        elif any(f"FROM {each}" in query for each in FOUR):
            at_once.wait(20)  # none of them is answered before all are asked
        return rows(projected(Name="CL1")) if "MSCluster_Cluster" in query else rows()

    client = Answering(answer)
    for _ in range(2):
        client.query("Win32_ComputerSystem", "Name")
    assert client.slow
    assert read_for_moves(client, [], "HV1", []) == []
    assert "Msvm_MemorySettingData" in client.asked[-1][1]
