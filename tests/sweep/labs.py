"""A lab in this process whose time is that of the runs before it: it passes only while a run waits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.migrate import mover_for
from hyperv_placement.migration.mover import Movers
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load
from hyperv_placement.winrm.bounds import BOUNDS
from hyperv_placement.workspace.identities import identities_path, read_kept
from lab.home import certificates, credentials
from lab.server import Connection, serve
from lab.world import World, vmms
from tests.standin.clock import Turns
from tests.standin.engine import Runs

PATIENCE = 2.0
"""Seconds of the machine's that a host has for an answer."""
_BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Time:
    """The lab's time: what the runs have waited, one after the other."""

    def __init__(self) -> None:
        """Begin on a fixed day."""
        self._before = 0.0
        self._clock = Turns()
        self.meddling: list[Callable[[World], bool]] = []
        """What somebody does as time passes, each until it says that it is done."""

    def clock(self, world: World) -> Turns:
        """Return the clock of the next run, which moves the world along."""
        self._before += self._clock.now()
        self._clock = Turns(lambda _: self._passing(world))
        return self._clock

    def _passing(self, world: World) -> None:
        vmms.advance(world)
        self.meddling = [each for each in self.meddling if not each(world)]

    def now(self) -> datetime:
        """Return the world's date and time."""
        return _BEGIN + timedelta(seconds=self._before + self._clock.now())

    def pass_on(self, seconds: float, world: World) -> None:
        """Let time pass while nobody runs."""
        for _ in range(math.ceil(seconds)):
            self._before += 1
            self._passing(world)


@dataclass(slots=True, kw_only=True)
class LabRuns(Runs):
    """Runs on hosts of the lab, over sockets."""

    world: World
    time: Time

    def clock(self) -> Turns:
        """Go on where the last run has ended."""
        return self.time.clock(self.world)

    def estate(self, stack: Stack, clock: Turns) -> Estate:
        """Dial, with little patience."""
        bounds = replace(BOUNDS, answer_seconds=PATIENCE, connect_seconds=PATIENCE)
        return Estate(stack.hosts, clock=clock, bounds=bounds)

    def known(self, stack: Stack) -> Kept:
        """Read what the plugin of the last run has kept, as the program does."""
        return read_kept(identities_path(self.folder, stack.path.stem))

    def movers(self) -> Movers:
        """Move by the hosts' own migration."""
        return mover_for


@contextmanager
def served(world: World, home: Path, talk: type[Connection] = Connection) -> Iterator[None]:
    """Have the hosts of a world listen."""
    credentials.ensure(home, world.settings.netbios)
    certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
    servers = serve(world, home, talk=talk)
    servers.start()
    try:
        yield
    finally:
        servers.stop()


def stack_of(world: World, home: Path, text: Callable[[World], str]) -> Stack:
    """Return the stack of a file that reaches the lab's hosts, and declares what `text` says below."""
    path = home / "project" / "stacks" / "lab.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    login = f"{{credentials: '{home / credentials.FILE}', ca: '{home / 'ca.pem'}'}}"
    path.write_text(f"connection: {login}\n{text(world)}", encoding="utf-8")
    return load(path)
