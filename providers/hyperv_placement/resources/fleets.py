"""The stacks that this process serves, each loaded at its first call."""

from __future__ import annotations

import os
import sys
import threading
from functools import cache
from pathlib import Path

from hyperv_placement.clock import Clock, SystemClock
from hyperv_placement.errors import PolicyError, StackFileError
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.model.on_cancel import OnCancel
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.engine import engine_started, run_of
from hyperv_placement.workspace.handoff import Handoff
from hyperv_placement.workspace.holds import SharedHolds
from hyperv_placement.workspace.renamed import load_stack

from .fleet import Fleet
from .run_audit import audit_of
from .watching import SharedWatch


class Fleets:
    """The fleets of this process, by stack: a plugin serves one stack, a test may serve several."""

    def __init__(self, project: Path, clock: Clock | None = None, *, engine: str = "") -> None:
        """`project`: the folder that holds `stacks/`. `engine`: the address of the engine that is served."""
        self._project = project
        self._engine = engine
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._fleets: dict[str, Fleet] = {}
        self._broken: dict[str, StackFileError | PolicyError] = {}
        self._reported: set[str] = set()

    def of(self, stack: str) -> Fleet:
        """Return the fleet of `stack`, reading its file at first use. Raises StackFileError or PolicyError."""
        with self._lock:
            if stack in self._broken:
                raise self._broken[stack]
            if stack not in self._fleets:
                try:
                    self._fleets[stack] = self._loaded(stack)
                except (StackFileError, PolicyError) as error:
                    self._broken[stack] = error
                    raise
            return self._fleets[stack]

    def on_cancel(self) -> OnCancel:
        """Return what the file of the stack that is served says of the first Ctrl-C; `leave` where none was read, or several differ."""
        with self._lock:
            said = {fleet.stack.on_cancel for fleet in self._fleets.values()}
            return said.pop() if len(said) == 1 else OnCancel.LEAVE

    def _loaded(self, stack: str) -> Fleet:
        declared = load_stack(stack, self._project)
        since = engine_started()
        handoff = Handoff(
            project=self._project, engine=self._engine, stack=declared, since=since, run=run_of(os.environ)
        )  # fmt: skip
        current = declared.at(self._clock.utc())
        audit = audit_of(current, audit_path(self._project, stack), self._clock)
        watch = SharedWatch(SharedHolds(self._project, stack, in_run=True), self._clock, since, current.zone)
        return Fleet(current, self._clock, audit, handoff, allowances(os.environ), watch=watch)

    def of_reader(self, stack: str) -> Fleet | None:
        """Return the fleet for reading, None where the errors of its file have been reported already.

        Every machine is read, but one list of errors is enough. Raises StackFileError or PolicyError the first time.
        """
        try:
            return self.of(stack)
        except (StackFileError, PolicyError):
            with self._lock:
                reported = stack in self._reported
                self._reported.add(stack)
            if reported:
                return None
            raise


@cache
def fleets() -> Fleets:
    """Return the fleets of this process: the engine starts it in the project's folder, its address the last argument."""
    return Fleets(Path(), engine=sys.argv[-1])
