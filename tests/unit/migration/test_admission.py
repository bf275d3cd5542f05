"""Many moves at one gate: hosts are never overfilled, everyone gets a turn, and waiting for nothing ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from hyperv_placement.errors import HostUnreachableError, NoRoomError, PlacementError
from hyperv_placement.migration.admission import Admission, Facts
from hyperv_placement.migration.needs import LIVE, STORAGE, needs_of
from hyperv_placement.model.estate import HostFacts, MigrationSettings
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection, HostSpec
from tests.clocks import FastClock
from tests.estates import machine


class Hosts:
    """Three hosts by their numbers: slots taken and memory free. A start that exceeds them fails the test."""

    def __init__(self, *, limit: int = 2, memory_mib: int = 65536) -> None:
        """`limit`: of each kind; `memory_mib`: free on each host."""
        self.specs = {
            name: HostSpec(name=name, endpoint="https://x", connection=Connection())
            for name in map(HostName, ("hv1", "hv2", "hv3"))
        }
        self.clock = FastClock()
        self._lock = threading.Lock()
        self._limit = limit
        self._taken = {name: dict.fromkeys((LIVE, STORAGE), 0) for name in self.specs}
        self._free = dict.fromkeys(self.specs, memory_mib)
        self.most = 0
        self.order: list[str] = []

    def room(self, host: HostName, *, arriving: bool) -> HostFacts:  # noqa: ARG002 - as an estate reads it
        """Return the same as `facts`."""
        return self.facts(host)

    def facts(self, host: HostName) -> HostFacts:
        """Return a host's numbers now."""
        begun = self.clock.now()
        with self._lock:
            taken, free = dict(self._taken[host]), self._free[host]
        settings = MigrationSettings(
            enabled=True, max_live=self._limit, max_storage=self._limit, active_live=taken[LIVE],
            active_storage=taken[STORAGE], authentication=1, addresses=("10.0.0.1",),
        )  # fmt: skip
        return HostFacts(
            full_name=host,
            computer_name=host,
            memory_mib=65536,
            memory_free_mib=free,
            volumes=(),
            migration=settings,
            jobs=(),
            planned=(),
            read_at=begun,
        )

    def begin(self, move: Move) -> None:
        """Take slots and memory."""
        needs = needs_of(move)
        with self._lock:
            for host in needs.hosts:
                for slot in needs.slots:
                    self._taken[host][slot] += 1
                    assert self._taken[host][slot] <= self._limit
            self._free[move.destination] -= needs.memory_mib
            assert self._free[move.destination] >= 0
            self.order.append(move.vm.name)
            self.most = max(self.most, sum(taken[LIVE] for taken in self._taken.values()) // 2)

    def end(self, move: Move) -> None:
        """Give the slots back; the source's memory gets free."""
        needs = needs_of(move)
        with self._lock:
            for host in needs.hosts:
                for slot in needs.slots:
                    self._taken[host][slot] -= 1
            if move.changes_host:
                self._free[move.source] += move.vm.memory_mib or 0


def move(number: int, source: str, destination: str) -> Move:
    """Return a move with storage of VM00N, or one of its storage alone where the host stays."""
    vm = machine(number, source)
    kind = Moves.STORAGE if source == destination else Moves.HOST_AND_STORAGE
    return Move(vm=vm, moves=kind, source=vm.host, destination=HostName(destination), roots=vm.roots)


class Gate:
    """The gate under test, with moves that last until others had their turn."""

    def __init__(self, hosts: Hosts) -> None:
        """Make a gate for `hosts`."""
        self.hosts = hosts
        self.clock = hosts.clock
        self.admission = Admission(hosts, clock=self.clock)
        self.cancelled = threading.Event()
        self.on_start: Callable[[], None] = lambda: None
        self.reasons: list[str] = []
        self.gathered = threading.Barrier(1)

    def pass_through(self, one: Move) -> str:
        """Wait, start, last for a while, end; return how it went."""

        def begin(_facts: Facts) -> None:
            self.hosts.begin(one)
            self.on_start()

        with self.admission.taking_part(one):
            self.gathered.wait(10)  # the clock is fast: nobody shall give up before all have come
            try:
                self.admission.start(
                    one, needs_of(one), begin, waiting=self.reasons.append, cancelled=self.cancelled
                )
            except PlacementError as error:
                return str(error)
            self.clock.wait(3)
            self.hosts.end(one)
            return "moved"

    def run(self, *moves: Move) -> list[str]:
        """Send all moves at once, each in a thread."""
        self.gathered = threading.Barrier(len(moves))
        with ThreadPoolExecutor(len(moves)) as pool:
            return list(pool.map(self.pass_through, moves))


def test_forty_moves_never_exceed_a_limit_and_all_pass() -> None:
    """The ledger closes the gap between a reading and the next start."""
    hosts = ("hv1", "hv2", "hv3")
    moves = [move(n, hosts[n % 3], hosts[(n + n // 3) % 3]) for n in range(40)]
    gate = Gate(Hosts())
    assert gate.run(*moves) == ["moved"] * 40
    assert sorted(gate.hosts.order) == sorted(m.vm.name for m in moves)


def test_moves_with_room_for_all_wait_for_nothing() -> None:
    """Nobody is told to wait where limits allow everything."""
    gate = Gate(Hosts(limit=16))
    assert gate.run(*(move(n, "hv1", "hv2") for n in range(16))) == ["moved"] * 16
    assert gate.reasons == []


def test_a_chain_goes_through_one_after_the_other() -> None:
    """Each move frees the memory that the next one needs, though all were sent at once."""
    gate = Gate(Hosts(memory_mib=0))
    gate.hosts._free[HostName("hv3")] = 2048
    assert gate.run(move(1, "hv1", "hv2"), move(2, "hv2", "hv3")) == ["moved", "moved"]
    assert gate.hosts.order == ["VM002", "VM001"]


@pytest.mark.parametrize("early", [1, 2])
def test_of_two_that_wait_for_a_slot_the_one_planned_earlier_gets_it(early: int) -> None:
    """Whoever came first, and whoever wakes first."""
    gate = Gate(Hosts(limit=1))
    running, waiting = move(9, "hv1", "hv2"), [move(1, "hv1", "hv2"), move(2, "hv1", "hv2")]
    both = threading.Barrier(3)

    def wait_for(one: Move) -> None:
        said = threading.Event()

        def hear(_reason: str) -> None:
            if not said.is_set():
                said.set()
                both.wait(10)

        with gate.admission.taking_part(one):
            gate.admission.start(
                one, needs_of(one), lambda _facts: gate.hosts.begin(one), waiting=hear,
                cancelled=gate.cancelled, rank=0.0 if one.vm.name == f"VM{early:03d}" else 1.0,
            )  # fmt: skip
            gate.hosts.end(one)

    with ThreadPoolExecutor(2) as pool:
        with gate.admission.taking_part(running):
            gate.admission.start(
                running, needs_of(running), lambda _facts: gate.hosts.begin(running), waiting=gate.reasons.append,
                cancelled=gate.cancelled,
            )  # fmt: skip
            ends = [pool.submit(wait_for, one) for one in waiting]
            both.wait(10)  # both have looked, and found no room
            gate.hosts.end(running)
        for end in ends:
            end.result(10)
    assert gate.hosts.order == ["VM009", f"VM{early:03d}", f"VM{3 - early:03d}"]


def test_a_swap_without_room_ends_in_a_line_each() -> None:
    """Neither can ever start: nothing is moved, and the reason is said."""
    gate = Gate(Hosts(memory_mib=1024))
    ends = gate.run(move(1, "hv1", "hv2"), move(2, "hv2", "hv1"))
    assert gate.hosts.order == []
    assert all("lacks 1 GiB of memory, and no move under way could make room" in end for end in ends)
    assert len(gate.reasons) == 2  # each said once, however long it waited


def test_somebody_elses_migration_may_make_room() -> None:
    """While a host is busy with moves that are not ours, waiting goes on; a cancelled run ends it."""
    gate = Gate(Hosts(limit=1))
    foreign = replace(move(9, "hv1", "hv2"))
    gate.hosts.begin(foreign)
    released = threading.Thread(target=_release_after_patience, args=(gate, foreign))
    released.start()
    assert gate.run(move(1, "hv1", "hv2")) == ["moved"]
    released.join()


def _release_after_patience(gate: Gate, foreign: Move) -> None:
    """End the foreign move once ours has waited longer than it would for nothing."""
    pause = threading.Event()
    while gate.clock.now() < 30:
        pause.wait(0.01)
    gate.hosts.end(foreign)


def test_a_cancelled_run_starts_nothing_more() -> None:
    """A move that waits is told so, and the hosts are not asked."""
    gate = Gate(Hosts())
    gate.cancelled.set()
    (end,) = gate.run(move(1, "hv1", "hv2"))
    assert "was not started: the run was interrupted" in end
    assert gate.hosts.order == []


def test_moves_that_queue_at_a_door_do_not_start_after_the_cancel() -> None:
    """The first to pass cancels the run; those behind it look again before they order anything."""
    gate = Gate(Hosts(limit=16))
    gate.on_start = gate.cancelled.set
    ends = gate.run(*(move(n, "hv1", "hv2") for n in range(8)))
    assert ends.count("moved") == 1
    assert len(gate.hosts.order) == 1


def test_who_is_still_being_looked_up_may_free_the_room() -> None:
    """Nobody gives up before the newcomer has come, and all do after it has gone."""
    gate = Gate(Hosts(memory_mib=1024))
    one = move(1, "hv1", "hv2")
    with gate.admission.expecting(), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gate.pass_through, one)
        pause = threading.Event()
        while gate.clock.now() < 60 and not pause.wait(0.01):
            assert not waiting.done()
        gate.cancelled.set()
        assert "interrupted" in waiting.result(10)


class Silent(Hosts):
    """Hosts of which one answers no more."""

    def __init__(self, silent: str, **more: int) -> None:
        """`silent`: its name."""
        super().__init__(**more)
        self._silent = silent
        self.asked = 0

    def facts(self, host: HostName) -> HostFacts:
        """Answer, or not."""
        if host == self._silent:
            self.asked += 1
            raise HostUnreachableError(f"{host} does not answer")
        return super().facts(host)


@pytest.mark.parametrize("silent", ["hv1", "hv2"])
def test_a_move_out_of_sight_is_not_waited_for_without_end(silent: str) -> None:
    """Its host is dead: a move that nothing can make room for ends, on other hosts at once, there after a while."""
    gate = Gate(Silent(silent, memory_mib=1024))
    lost = move(1, silent, silent)
    with gate.admission.taking_part(lost):
        gate.admission.adopt(lost, needs_of(lost))
        gate.admission.lost_sight(lost)
    (end,) = gate.run(move(2, "hv2", "hv3"))
    assert "could make room" in end or "does not answer" in end


def test_a_silent_host_of_a_lost_move_delays_nobody_elsewhere() -> None:
    """It is not asked for a move between other hosts."""
    hosts = Silent("hv1")
    gate = Gate(hosts)
    lost = move(1, "hv1", "hv1")
    with gate.admission.taking_part(lost):
        gate.admission.adopt(lost, needs_of(lost))
        gate.admission.lost_sight(lost)
    assert gate.run(move(2, "hv2", "hv3")) == ["moved"]
    assert hosts.asked == 0


def test_a_move_out_of_sight_may_be_found_ended_before_its_own_thread_has_left() -> None:
    """Another move looks for it meanwhile: the thread leaves all the same, and both are forgotten."""
    gate = Gate(Hosts(limit=1))
    lost, other = move(1, "hv1", "hv2"), move(2, "hv1", "hv2")
    with gate.admission.taking_part(lost):
        gate.admission.adopt(lost, needs_of(lost))
        gate.admission.lost_sight(lost)
        assert gate.run(other) == ["moved"]
    assert gate.admission._gate.participants == {}


def test_who_waits_for_one_door_holds_no_other() -> None:
    """A start that takes long at hv3 delays those of hv3, and not those that share a host with these."""
    gate = Gate(Hosts())
    begun, go_on = threading.Event(), threading.Event()
    slow, behind, free = move(1, "hv3", "hv3"), move(2, "hv1", "hv3"), move(3, "hv1", "hv2")

    def start(one: Move, starter: Callable[[Facts], object]) -> None:
        with gate.admission.taking_part(one):
            gate.admission.start(one, needs_of(one), starter, waiting=print, cancelled=gate.cancelled)

    def slowly(_facts: Facts) -> None:
        begun.set()
        assert go_on.wait(20)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(start, slow, slowly)
        assert begun.wait(10)
        queued = pool.submit(start, behind, lambda _facts: None)
        start(free, lambda _facts: None)
        assert not queued.done()
        go_on.set()
        queued.result(20)


def test_a_start_that_fails_gives_its_room_back() -> None:
    """The next move of the same kind finds the slot free."""
    gate = Gate(Hosts(limit=1))
    first, second = move(1, "hv1", "hv2"), move(2, "hv1", "hv2")

    def fail(_facts: Facts) -> None:
        raise NoRoomError("the host said no")

    with gate.admission.taking_part(first), pytest.raises(NoRoomError, match="the host said no"):
        gate.admission.start(first, needs_of(first), fail, waiting=print, cancelled=gate.cancelled)
    assert gate.run(second) == ["moved"]
