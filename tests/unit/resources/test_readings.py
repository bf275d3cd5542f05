"""One reading of a slow host serves all moves that have waited for it."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.model.estate import Host
from hyperv_placement.model.names import HostName
from hyperv_placement.resources.readings import Readings
from tests.clocks import FastClock
from tests.estates import machine, spec, stack
from tests.standin.world import Values, World

HV1, HV2 = HostName("hv1"), HostName("hv2")


class Asked(FastClock):
    """Notes which threads have asked what time it is."""

    def __init__(self) -> None:
        """Nobody has."""
        super().__init__()
        self.by: dict[str, threading.Event] = {name: threading.Event() for name in ("first", "second")}

    def now(self) -> float:
        """Return the seconds so far."""
        if (event := self.by.get(threading.current_thread().name)) is not None:
            event.set()
        return super().now()


class Slow(Values):
    """Hosts that answer when they are let."""

    def __init__(self, world: World, clock: Asked) -> None:
        """Nobody waits yet."""
        super().__init__(world, stack({**spec(1, HV2), **spec(2, HV2)}), clock)
        self.reads: Counter[HostName] = Counter()
        self.begun, self.over = threading.Event(), threading.Event()

    def read_host(self, name: HostName, detail: Detail, found: Host | None = None) -> Host:
        """Count, and take as long as is wanted."""
        self.reads[name] += 1
        self.begun.set()
        assert self.over.wait(20)
        return super().read_host(name, detail, found)


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

    def read_host(self, name: HostName, detail: Detail, found: Host | None = None) -> Host:
        """Wait for the other one."""
        self.asked.wait(20)
        return super().read_host(name, detail, found)


def test_both_ends_of_a_move_are_read_at_once() -> None:
    """One after the other, slow hosts would keep each start waiting twice as long."""
    here = replace(machine(1, HV1), switches=())
    estate = Together(World(memory=dict.fromkeys((HV1, HV2), 65536), vms={here.id: here}))
    readings = Readings(estate, estate.clock, None)
    found = readings.ends(readings.sweep().inventory, here, HV2)
    assert not estate.asked.broken
    assert [found.hosts[name].facts is not None for name in (HV1, HV2)] == [True, True]
