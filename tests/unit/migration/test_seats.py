"""Limits and turns at the moment of a start: who has a seat, how many there are by the clock, and what the line says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from hyperv_placement.migration.needs import Needs, Running, needs_of, shortage
from hyperv_placement.migration.seats import Most, most_at, seats_of
from hyperv_placement.model.guard import Daily
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.pace import Pace
from hyperv_placement.model.reserve import NO_RESERVE
from hyperv_placement.model.stack import Stack, Turns
from tests.estates import facts, machine, spec, stack

DAY = Daily(begins=time(8), ends=time(18), zone=ZoneInfo("UTC"))
NOON, NIGHT = datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2026, 11, 30, 22, tzinfo=UTC)
PAIRS = {1: ("hv1", "hv2"), 2: ("hv3", "hv4")}
FACTS = {HostName(name): facts(name) for name in ("hv1", "hv2", "hv3", "hv4")}


def declared() -> Stack:
    """Return a stack of two machines on four hosts, which share none."""
    return stack({**spec(1, "hv2"), **spec(2, "hv4")}, hosts=("hv1", "hv2", "hv3", "hv4"))


def waits(there: Stack, now: datetime) -> str | None:
    """Return why the second machine waits while the first one is on its way."""
    first, second = (seated(there, number) for number in PAIRS)
    most = most_at(there, now)
    return shortage(second, FACTS, [Running(needs=first, since=0.0)], NO_RESERVE, most)


def seated(there: Stack, number: int) -> Needs:
    """Return the needs of a machine's move, with its seats."""
    source, destination = map(HostName, PAIRS[number])
    vm = machine(number, source)
    move = Move(vm=vm, moves=Moves.HOST, source=source, destination=destination, roots=vm.roots)
    return replace(needs_of(move), seats=seats_of(there, f"VM{number:03d}", move))


def test_turns_are_taken_whatever_the_hour_and_the_hosts() -> None:
    """The line names the group."""
    turns = replace(declared(), one_at_a_time=(Turns(labels=("VM001", "VM002")),))
    assert waits(turns, NIGHT) == "1 of 1 move is on its way (VM001 and VM002 move one at a time)"
    assert waits(replace(turns, one_at_a_time=(Turns(labels=("VM001", "VM003")),)), NIGHT) is None
    assert waits(declared(), NIGHT) is None


def test_limits_count_by_the_clock() -> None:
    """The same two moves go at night and wait by day."""
    few = replace(declared(), limits=(Pace(window=DAY, copies=1), Pace(copies=2)))
    assert waits(few, NIGHT) is None
    assert waits(few, NOON) == "1 of 1 move is on its way (limits of test.yaml)"


def test_numbers_change_with_the_minute() -> None:
    """A limit of the day begins and ends while a run goes on."""
    most = Most(replace(declared(), limits=(Pace(window=DAY, copies=1), Pace(copies=2))))
    assert [most.at(NOON.replace(hour=hour))["limits"] for hour in (7, 8, 8, 17, 18)] == [2, 1, 1, 1, 2]


def test_limits_of_a_host_count_moves_at_that_host() -> None:
    """Not those elsewhere."""
    there = declared()
    limited = replace(there.hosts[HostName("hv4")], limits=(Pace(copies=1),))
    there = replace(there, hosts={**there.hosts, limited.name: limited})
    assert waits(there, NIGHT) is None
    second = seated(there, 2)
    assert shortage(second, FACTS, [Running(needs=second, since=0.0)], NO_RESERVE, most_at(there, NIGHT)) == (
        "1 of 1 move is on its way (hosts.hv4.limits of test.yaml)"
    )
