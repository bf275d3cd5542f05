"""One reading of a slow host serves all moves that have waited for it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.model.estate import Host, HostFacts, Inventory
from hyperv_placement.model.names import HostName
from hyperv_placement.resources.readings import Readings
from tests.clocks import FastClock
from tests.estates import machine, spec, stack
from tests.standin.world import Values, World

HV1, HV2 = HostName("hv1"), HostName("hv2")


class Asked(FastClock):
    """Notes which threads have asked what time it is, so many times."""

    def __init__(self, times: int = 1) -> None:
        """Nobody has."""
        super().__init__()
        self._times = times
        self._asked: Counter[str] = Counter()
        self.by: dict[str, threading.Event] = {name: threading.Event() for name in ("first", "second")}

    def now(self) -> float:
        """Return the seconds so far."""
        name = threading.current_thread().name
        self._asked[name] += 1
        if name in self.by and self._asked[name] >= self._times:
            self.by[name].set()
        return super().now()


class Slow(Values):
    """Hosts that answer when they are let."""

    def __init__(self, world: World, clock: Asked) -> None:
        """Nobody waits yet."""
        super().__init__(world, stack({**spec(1, HV2), **spec(2, HV2)}), clock)
        self.reads: Counter[HostName] = Counter()
        self.begun, self.over = threading.Event(), threading.Event()

    def read_host(
        self, name: HostName, detail: Detail, found: Host | None = None, facts: HostFacts | None = None
    ) -> Host:
        """Count, and take as long as is wanted."""
        self.reads[name] += 1
        self.begun.set()
        assert self.over.wait(20)
        return super().read_host(name, detail, found, facts)


def test_who_has_waited_for_a_slow_host_does_not_read_it_once_more() -> None:
    """It took longer than a reading may be old when it is asked for: 64 moves would read it one after the other."""
    here, there = (replace(machine(number, HV1), switches=()) for number in (1, 2))
    world = World(memory=dict.fromkeys((HV1, HV2), 65536), vms={here.id: here, there.id: there})
    clock = Asked()
    estate = Slow(world, clock)
    readings = Readings(estate, clock, None)
    found = readings.sweep().inventory
    threads = [
        threading.Thread(target=lambda vm=vm: readings.ends(found, vm, HV2), name=name)
        for vm, name in ((here, "first"), (there, "second"))
    ]
    threads[0].start()
    assert estate.begun.wait(20)
    threads[1].start()
    assert clock.by["second"].wait(20)
    clock.wait(60.0)
    estate.over.set()
    for thread in threads:
        thread.join(20)
    assert estate.reads == {HV1: 1, HV2: 1}


class Together(Values):
    """Hosts of which none answers before both are asked."""

    def __init__(self, world: World) -> None:
        """Nobody is asked yet."""
        super().__init__(world, stack(spec(1, HV2)), FastClock())
        self.asked = threading.Barrier(2)

    def read_host(
        self, name: HostName, detail: Detail, found: Host | None = None, facts: HostFacts | None = None
    ) -> Host:
        """Wait for the other one."""
        self.asked.wait(20)
        return super().read_host(name, detail, found, facts)


def test_both_ends_of_a_move_are_read_at_once() -> None:
    """One after the other, slow hosts would keep each start waiting twice as long."""
    here = replace(machine(1, HV1), switches=())
    estate = Together(World(memory=dict.fromkeys((HV1, HV2), 65536), vms={here.id: here}))
    readings = Readings(estate, estate.clock, None)
    found = readings.ends(readings.sweep().inventory, here, HV2)
    assert not estate.asked.broken
    assert [found.hosts[name].facts is not None for name in (HV1, HV2)] == [True, True]


class Swept(Values):
    """Hosts that answer the sweeps after the first when they are let."""

    def __init__(self, world: World, clock: Asked) -> None:
        """Nobody waits yet."""
        super().__init__(world, stack(spec(1, HV2)), clock)
        self.sweeps = 0
        self.begun, self.over = threading.Event(), threading.Event()

    def read(self, detail: Detail | Mapping[HostName, Detail], found: Inventory | None = None) -> Inventory:
        """Count, and take as long as is wanted."""
        self.sweeps += 1
        if self.sweeps > 1:
            self.begun.set()
            assert self.over.wait(20)
        return super().read(detail, found)


def test_who_asks_while_slow_hosts_are_swept_is_served_by_that_sweep() -> None:
    """It took longer than a sweep may be old for a start: 64 moves that ask at once would have 64 made, one after the other."""
    here = replace(machine(1, HV1), switches=())
    clock = Asked()
    estate = Swept(World(memory=dict.fromkeys((HV1, HV2), 65536), vms={here.id: here}), clock)
    readings = Readings(estate, clock, None)
    readings.sweep()
    clock.wait(10.0)
    threads = [
        threading.Thread(target=lambda: readings.for_order(here.id), name=name)
        for name in ("first", "second")
    ]
    threads[0].start()
    assert estate.begun.wait(20)
    threads[1].start()
    assert clock.by["second"].wait(20)
    clock.wait(30.0)
    estate.over.set()
    for thread in threads:
        thread.join(20)
    assert estate.sweeps == 2


def test_a_machine_that_has_waited_for_slow_hosts_to_be_swept_has_them_swept_once() -> None:
    """What is done with a sweep that took longer than one may be old counts from when it was asked for."""
    here = replace(machine(1, HV1), switches=())
    clock = FastClock()

    class Late(Values):
        """A second after the other for each sweep."""

        sweeps = 0

        def read(
            self, detail: Detail | Mapping[HostName, Detail], found: Inventory | None = None
        ) -> Inventory:
            """Count, and take long."""
            self.sweeps += 1
            clock.wait(20.0)
            return super().read(detail, found)

    world = World(memory=dict.fromkeys((HV1, HV2), 65536), vms={here.id: here})
    estate = Late(world, stack(spec(1, HV2)), clock)
    readings = Readings(estate, clock, None)
    asked = clock.now()
    first = readings.for_order(here.id, asked)
    assert readings.for_order(here.id, asked) is first
    assert estate.sweeps == 1
    assert readings.for_order(here.id) is not first
    assert estate.sweeps == 2


class Counted(Values):
    """Notes what each reading of a host was asked for."""

    def __init__(self, world: World) -> None:
        """Nothing was asked yet."""
        super().__init__(world, stack(spec(1, HV2)), FastClock())
        self.asked: list[tuple[HostName, Detail, bool]] = []

    def read_host(
        self, name: HostName, detail: Detail, found: Host | None = None, facts: HostFacts | None = None
    ) -> Host:
        """Note it, and whether facts were at hand; machines show what moves ask of them only in that detail."""
        self.asked.append((name, detail, facts is not None))
        host = super().read_host(name, detail, found, facts)
        return host if detail == Detail.MOVE else replace(host, vms=())


def test_a_host_that_was_just_read_as_a_destination_is_asked_for_its_machines_alone() -> None:
    """All that is asked of it as a host was asked a moment ago, for a move that comes to it."""
    here, there = replace(machine(1, HV1), switches=()), replace(machine(2, HV2), switches=())
    world = World(memory=dict.fromkeys((HV1, HV2), 65536), vms={here.id: here, there.id: there})
    estate = Counted(world)
    readings = Readings(estate, estate.clock, None)
    found = readings.sweep().inventory
    readings.ends(found, here, HV2)
    readings.ends(found, there, HV1)
    asked = sorted(estate.asked, key=lambda each: each[1])
    assert asked == [(HV2, Detail.HOST, False), (HV1, Detail.MOVE, False), (HV2, Detail.MOVE, True)]
