"""Whether this run may still start moves: no freeze has begun, and no one cause has made too many of them fail."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from hyperv_placement.clock import Clock
from hyperv_placement.errors import (
    InterruptedRunError,
    MigrationFailedError,
    MigrationStartError,
    MoveCancelledError,
    MovedByOthersError,
    MoveRefusedError,
    NoRoomError,
    PlacementError,
    StageFailedError,
    WsmanFaultError,
)
from hyperv_placement.model.guard import Guard, Limit, frozen
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.planning.checks.guard import way_out

_NO_FAILURES = (InterruptedRunError, MoveCancelledError, MoveRefusedError, MovedByOthersError, NoRoomError)
"""How a move ends that was never started, or that somebody has taken over; but for planned machines that a host made."""


@dataclass(slots=True)
class _Cause:
    """Moves that have failed in one way."""

    shown: str
    first: str
    """The first of them, with its way."""
    machines: set[VmId] = field(default_factory=set)


class FailureGuard:
    """The guard of a stack file while its moves run: for one run, and any number of threads."""

    def __init__(
        self, guard: Guard, *, file: str, clock: Clock, allowed: frozenset[Limit] = frozenset()
    ) -> None:
        """Nothing has failed yet. `file`: the stack file's name, for people; `allowed`: limits lifted for this run."""
        self._guard = guard
        self._file = file
        self._clock = clock
        self._allowed = allowed
        self._lock = threading.Lock()
        self._causes: dict[str, _Cause] = {}
        self._stopped: _Cause | None = None

    def allows(self, what: Limit) -> bool:
        """Say whether somebody has allowed this for the run."""
        return what in self._allowed

    def check(self, move: Move) -> None:
        """Raise MoveRefusedError where `move` must not be started now."""
        if "freeze" not in self._allowed and (freeze := frozen(self._guard.freeze, self._clock.utc())):
            raise MoveRefusedError(
                f"{move.vm.name} was not started: guard.freeze of {self._file} lets nothing start until {freeze}",
                remedy=f"Run again then, or {way_out({*self._allowed, 'freeze'})}",
            )
        with self._lock:
            cause = self._stopped
            count = len(cause.machines) if cause else 0
        if cause:
            raise MoveRefusedError(
                f"{move.vm.name} was not started: {count} move{'s have' if count > 1 else ' has'} failed with {cause.shown}"
                f" (first: {cause.first}); guard.max_failures of {self._file}",
                remedy=f"Remove the cause and run again, or {way_out({*self._allowed, 'max_failures'})}",
            )

    def failed(self, move: Move, error: PlacementError) -> None:
        """Count a move that has failed; one that was never started, or that fails twice, counts no more."""
        if isinstance(error, _NO_FAILURES) and not isinstance(error, StageFailedError):
            return
        shown = _cause(error)
        first = (
            f"{move.vm.name} on {move.source} -> {move.destination}"
            if move.changes_host
            else f"{move.vm.name}, storage on {move.source}"
        )
        with self._lock:
            cause = self._causes.setdefault(shown, _Cause(shown=shown, first=first))
            # Machines, not failures: one that is tried again and fails alike has not failed in a second place.
            cause.machines.add(move.vm.id)
            most = None if "max_failures" in self._allowed else self._guard.max_failures
            if self._stopped is None and most is not None and len(cause.machines) >= most:
                self._stopped = cause


def _cause(error: PlacementError) -> str:
    """Return what makes failures alike, in words: the codes, whatever their order, or else the kind of error."""
    if isinstance(error, MigrationFailedError | StageFailedError) and error.codes:
        return ", ".join(f"0x{code:08X}" for code in sorted(set(error.codes)))
    if isinstance(error, MigrationStartError):
        return f"ReturnValue {error.return_value}"
    if isinstance(error, WsmanFaultError) and error.code is not None:
        return f"fault {error.code}"
    return type(error).__name__
