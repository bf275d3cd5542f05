"""Waits for a machine that is busy with what passes by itself, such as its backup, before its move is judged and ordered.

A machine that waits here has asked for no room and holds none: to admission it is one that may yet come (EXPECTED), so
that nobody who waits for the room that it will free gives up. Nothing has been sent to its host but readings. When it is free
its move is judged anew, from readings that began after that: a backup leaves other files than it found.
"""

from __future__ import annotations

from dataclasses import dataclass

from hyperv_placement.errors import InterruptedRunError, MoveRefusedError, PlacementError
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.move import Move
from hyperv_placement.model.units import format_seconds
from hyperv_placement.planning.checks.state import passing
from hyperv_placement.winrm.trouble import LASTING

from .call import Call
from .fleet import Fleet

LOOK_S = 10.0
"""Between two looks at a machine that is busy."""


@dataclass(slots=True, kw_only=True)
class Patience:
    """How long one move still waits for its machine."""

    fleet: Fleet
    call: Call
    begun: float | None = None
    """When it was first found busy; None before."""
    since: float | None = None
    """When it was last seen to be free: what was read before does not count."""

    @property
    def _most(self) -> int:
        return self.fleet.stack.wait_for_activity

    def wait(self, move: Move) -> None:
        """Return when the machine of `move` is free.

        Raises MoveRefusedError when the time for that is over, nothing may start any more, or its host no longer has it,
        InterruptedRunError when the run is cancelled, and what a host raises that refuses us.
        """
        clock = self.fleet.clock
        first, self.begun = self.begun is None, clock.now() if self.begun is None else self.begun
        while True:
            asked = clock.now()
            reason, passed = self._reason(move.vm), asked - self.begun
            if first and reason:
                first = False
                self.call.say("info", f"{reason}: its move waits up to {format_seconds(self._most)} for that")
            # One that is free now and was busy at each attempt does not go on for ever either.
            if not reason and passed < self._most:
                self.since = asked
                return
            self.fleet.failure_guard.check(move)
            if passed >= self._most:
                raise MoveRefusedError(
                    f"{move.vm.name} {reason or 'was busy each time'}, and its move has waited {format_seconds(passed)} for that"
                    f" (wait_for_activity: {format_seconds(self._most)})",
                    remedy="Run again when that has ended",
                )
            self.call.say(
                "info", f"waiting: it {reason}, for {format_seconds(passed)} so far", ephemeral=True
            )
            if clock.wait(min(LOOK_S, self._most - passed), self.call.cancelled):
                raise InterruptedRunError(
                    f"{move.vm.name} was not started: the run was interrupted", remedy=""
                )

    def _reason(self, vm: VirtualMachine) -> str:
        """Return why the machine is not free, as in `is being backed up`; empty where its host shows that it is.

        Raises MoveRefusedError where its host does not have it any more.
        """
        try:
            status = self.fleet.estate.status(vm)
        except LASTING:
            raise
        except PlacementError as error:  # silence is not freedom
            return f"is not shown by {vm.host} ({error.message})"
        if status is None:
            raise MoveRefusedError(f"{vm.name} is no longer on {vm.host}", remedy="Run again")
        return passing(status)
