"""When one move may start, asked by the clock at each start: a plan's windows may have closed since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hyperv_placement.errors import MoveRefusedError
from hyperv_placement.model.move import Move
from hyperv_placement.planning.checks.windows import Windows, once


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWindow:
    """The windows of one move, and how long it takes by the plan."""

    windows: Windows | None = None
    """None where it may start at any time."""
    seconds: float = 0.0
    """By the plan's estimate; 0 where there is none: then windows have to be open, and nothing is said of its end."""

    def check(self, move: Move, now: datetime) -> None:
        """Raise MoveRefusedError where `move` must not be started at `now`."""
        if self.windows is not None and (why := self.windows.against(now, 0.0, self.seconds)):
            raise MoveRefusedError(
                f"{move.vm.name} was not started: {why}",
                remedy=f"Run again in its window, or allow it once: {once()}",
            )


ANY_TIME = StartWindow()
"""No window binds."""
