"""Asks the run of a stack to give the stack free, from any computer that shares its state, and waits until it has."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.system import account
from hyperv_placement.workspace.holds import SharedHolds
from hyperv_placement.workspace.locks import Fragment, Lock, backend_folder, is_stale, locks
from hyperv_placement.workspace.yielding import YieldRequest, ask, asked, take_away

PATIENCE_S = 90.0
"""Seconds until a run that follows its moves has given its stack free, with some to spare: it answers within 60."""
_AGAIN_S = 25.0
"""Seconds after which the request is made anew: a run that was only starting may have taken the first for an old one."""
_ENDS_S = 10.0
"""Seconds from the answer of a run to its end, on a backend whose locks only the engine sees."""
_BACKEND = "PULUMI_BACKEND_URL"


class YieldError(PlacementError):
    """The stack is not free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yielded:
    """What became of a request."""

    text: str
    free: bool
    """Whether nobody is seen to hold the stack any more."""
    holder: str = ""
    """Who held it; empty where nobody did, or only the engine could tell."""
    known: bool = True
    """False where no run has answered, and whether one is under way is not known."""


@dataclass(slots=True, kw_only=True)
class Yielding:
    """One request."""

    stack: str
    project: Path
    clock: Clock
    environ: Mapping[str, str]
    say: Callable[[str], None]

    @property
    def _shared(self) -> SharedHolds:
        return SharedHolds(self.project, self.stack, self.environ)

    def run(self, reason: str, *, wait: bool) -> Yielded:
        """Ask the run under way to yield; with `wait` return when it has. Raises PlacementError."""
        if not self._shared.in_folder:
            return self._answered(reason, wait=wait)
        held = self._held()
        if held is None:
            return Yielded(text=f"No run holds {self.stack}: there is nobody to yield", free=True)
        if is_stale(held):
            raise YieldError(
                f"{self.stack} is locked by {held.holder}, which is gone: nobody is there to yield",
                remedy="Finish what it has begun: bin/placement recover STACK",
            )
        request = self._ask(reason)
        if not wait:
            return Yielded(
                text=f"{held.holder} was asked to yield {self.stack}", free=False, holder=str(held.holder)
            )
        self.say(f"{held.holder} was asked to yield {self.stack}; waiting until its lock is free")
        return self._freed(held, request, reason)

    def _freed(self, held: Lock, request: YieldRequest, reason: str) -> Yielded:
        begun = renewed = self.clock.now()
        there: Lock | None = held
        while (now := self.clock.now()) - begun < PATIENCE_S:
            there = self._held()
            if there != held:
                self._take_away(request)
                break
            if now - renewed >= _AGAIN_S:
                request, renewed = self._ask(reason), now
            self.clock.wait(1.0)
        else:
            self._take_away(request)
            raise YieldError(
                f"{self.stack} is still locked by {held.holder}, {PATIENCE_S:.0f} s after it was asked to yield",
                remedy="It reads the request once it moves machines: see whether it waits for an answer, a host, or is of an older version",
            )
        if there is not None:
            raise YieldError(
                f"{held.holder} has yielded {self.stack}, and {there.holder} has it now", remedy="Ask again"
            )
        return Yielded(
            text=f"{self.stack} is free; {held.holder} has yielded it, and its moves go on at their hosts",
            free=True, holder=str(held.holder),
        )  # fmt: skip

    def _answered(self, reason: str, *, wait: bool) -> Yielded:
        """Ask where only the engine sees locks: a run that takes the request away has answered."""
        request = self._ask(reason)
        if not wait:
            return Yielded(text=f"Any run of {self.stack} was asked to yield", free=False)
        self.say(f"Any run of {self.stack} was asked to yield; waiting for its answer")
        begun = renewed = self.clock.now()
        while (now := self.clock.now()) - begun < PATIENCE_S:
            self.clock.wait(5.0)
            if asked(self._shared.tags()) is None:
                self.clock.wait(_ENDS_S)
                return Yielded(
                    text=f"The run of {self.stack} has yielded, and its moves go on at their hosts", free=True
                )
            if now - renewed >= 2 * _AGAIN_S:
                request, renewed = self._ask(reason), now
        self._take_away(request)
        return Yielded(
            text=f"No run of {self.stack} has answered within {PATIENCE_S:.0f} s: none moves machines now, or it is of an older version",
            free=False, known=False,
        )  # fmt: skip

    def _ask(self, reason: str) -> YieldRequest:
        me = account()
        by = f"{me.name or me.id}@{platform.node()}"
        return ask(self._shared, by, _whole(self.clock.utc()), reason)

    def _take_away(self, request: YieldRequest) -> None:
        """Leave nothing behind: a request that stays is older than every later run, and stops none."""
        try:
            take_away(self._shared, request)
        except PlacementError as error:
            self.say(f"The request stays in the shared state, and stops no later run: {error.message}")

    def _held(self) -> Lock | None:
        """Return the lock of the stack. Raises PlacementError where something torn lies there, of which no holder is known."""
        found = list(locks(backend_folder(self.environ.get(_BACKEND), self.project), self.stack))
        if any(isinstance(each, Fragment) for each in found):
            # A lock that is being written, or was torn: only another look tells.
            self.clock.wait(1.0)
            found = list(locks(backend_folder(self.environ.get(_BACKEND), self.project), self.stack))
        whole = [each for each in found if isinstance(each, Lock)]
        if not whole and found:
            raise YieldError(
                f"{self.stack} has a torn lock, which names no holder",
                remedy="Mend it: bin/placement recover STACK",
            )
        return whole[0] if whole else None


def _whole(now: datetime) -> datetime:
    return now.replace(microsecond=0)


def yield_run(
    stack: str, project: Path, clock: Clock, say: Callable[[str], None], reason: str, *, wait: bool
) -> Yielded:
    """Ask the run of a stack to yield. Raises PlacementError."""
    return Yielding(stack=stack, project=project, clock=clock, environ=os.environ, say=say).run(
        reason, wait=wait
    )
