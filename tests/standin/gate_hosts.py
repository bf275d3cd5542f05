"""Hosts whose room comes and goes, for machines that want to move: a history as values, and what hosts show of it.

Time is virtual and passes only while everybody waits (Turns), so that a start that comes a moment late is seen as late.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from hyperv_placement.clock import Clock
from hyperv_placement.errors import HostUnreachableError
from hyperv_placement.migration.needs import Needs, needs_of
from hyperv_placement.model.estate import HostFacts
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection, HostSpec
from tests.estates import facts, job

HOSTS = tuple(HostName(name) for name in ("hv1", "hv2", "hv3"))
GIB = 1024


class Fate(Enum):
    """What becomes of an order."""

    MOVES = "it moves"
    REFUSED = "the host refuses it, and takes the second one"
    FAILS = "its job fails, and the machine stays"
    LOST = "nobody follows its job, which goes on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A machine that wants to move."""

    source: int
    destination: int
    memory_gib: int
    arrives: float
    looked_up: float
    """Seconds for which it is expected before its move is known."""
    lasts: float
    rank: float
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A live migration of somebody else, into a host."""

    host: int
    begins: float
    ends: float
    memory_gib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A host that does not answer for a while."""

    host: int
    begins: float
    ends: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that happens to one admission."""

    limit: int
    free_gib: tuple[int, ...]
    latency: tuple[float, ...]
    """Seconds that each host takes to answer."""
    legs: tuple[Leg, ...]
    foreign: tuple[Foreign, ...] = ()
    silences: tuple[Silence, ...] = ()
    order_takes: float = 0.0
    """Seconds for which an order is on its way."""
    cancelled_at: float | None = None
    frozen_at: float | None = None
    """When nothing is permitted to start any more."""

    def moments(self, *, until: float) -> list[float]:
        """Return when something has begun or ended at hosts by itself."""
        foreign = [moment for each in self.foreign for moment in (each.begins, each.ends)]
        silent = [moment for each in self.silences for moment in (each.begins, each.ends)]
        return [0.0, *(moment for moment in (*foreign, *silent) if moment <= until)]

    @property
    def is_prompt(self) -> bool:
        """Whether whatever is asked or ordered is answered at once."""
        return max(self.latency) == self.order_takes == 0

    @property
    def slack(self) -> float:
        """Seconds that reading both hosts, twice, may take."""
        return 4 * max(self.latency)


@dataclass(slots=True, kw_only=True)
class Hosts:
    """Hosts as they are, whatever anybody has read of them."""

    history: History
    clock: Clock
    running: dict[int, Move] = field(default_factory=dict)
    """By number of the machine."""
    unseen: dict[int, float] = field(default_factory=dict)
    """Numbers of those that run without being followed, and until when."""
    arrived: dict[HostName, int] = field(default_factory=lambda: dict.fromkeys(HOSTS, 0))
    """MiB that came to a host, less what has left it."""
    specs: dict[HostName, HostSpec] = field(
        default_factory=lambda: {
            name: HostSpec(name=name, endpoint="https://x", connection=Connection()) for name in HOSTS
        }
    )

    def facts(self, host: HostName) -> HostFacts:
        """Answer in the host's time, with what was true when it was asked."""
        now, number = self.clock.now(), HOSTS.index(host)
        self.settle(now)
        latency = self.history.latency[number]
        if any(each.host == number and each.begins <= now < each.ends for each in self.history.silences):
            self.clock.wait(latency)
            raise HostUnreachableError(f"{host} does not answer")
        active = self.slots(host, now)
        found = replace(
            facts(host, memory_free_mib=self.free(host, now), migration={
                "max_live": self.history.limit, "max_storage": self.history.limit, "active_live": active,
            }),
            jobs=tuple(job(n, str(each.destination)) for n, each in self.running.items() if each.source == host),
            read_at=now,
        )  # fmt: skip
        self.clock.wait(latency)
        return found

    def room(self, host: HostName, *, arriving: bool) -> HostFacts:
        """Answer in the host's time; what nobody asks for shows all the memory in the world."""
        found = self.facts(host)
        return found if arriving else replace(found, memory_free_mib=1 << 30)

    def settle(self, now: float) -> None:
        """End the jobs that nobody follows, in their time."""
        for number, until in list(self.unseen.items()):
            if until <= now:
                del self.unseen[number]
                self.end(number, arrives=True)

    def end(self, number: int, *, arrives: bool) -> None:
        """End a job: memory shows at the destination only now, which is the hardest to count."""
        move = self.running.pop(number)
        if arrives:
            memory = needs_of(move).memory_mib
            self.arrived[move.destination] += memory
            self.arrived[move.source] -= memory

    def slots(self, host: HostName, now: float) -> int:
        """Return how many live migrations run at a host; ours as they are, others as they were at `now`."""
        ours = sum(host in {each.source, each.destination} for each in self.running.values())
        return ours + sum(HOSTS[each.host] == host for each in self._others(now))

    def free(self, host: HostName, now: float) -> int:
        """Return the memory that a host shows as free."""
        taken = sum(each.memory_gib * GIB for each in self._others(now) if HOSTS[each.host] == host)
        return self.history.free_gib[HOSTS.index(host)] * GIB - self.arrived[host] - taken

    def shortage(self, needs: Needs, at: dict[HostName, float]) -> str:
        """Return what really lacks for a move, empty where there is room; `at`: as of when somebody else's moves count."""
        for host in needs.hosts:
            if self.slots(host, at[host]) >= self.history.limit:
                return f"no slot at {host}"
        coming = sum(
            needs_of(each).memory_mib for each in self.running.values() if each.destination == needs.destination
        )  # fmt: skip
        free = self.free(needs.destination, at[needs.destination])
        return f"no memory at {needs.destination}" if free - coming < needs.memory_mib else ""

    def _others(self, now: float) -> list[Foreign]:
        return [each for each in self.history.foreign if each.begins <= now < each.ends]
