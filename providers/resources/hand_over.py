"""The program's last word before it declares: the schedule goes to the plugin, and what has changed is said."""

from __future__ import annotations

from datetime import datetime

import pulumi

from providers.handover import Handover
from providers.model.plan import Schedule
from providers.planning.staleness import changes

_SHOWN = 20
"""Lines of differences that are said."""


def hand_over(handover: Handover, schedule: Schedule, now: datetime) -> None:
    """Leave the schedule for the plugin; in a preview only remember what is shown, for the run that follows.

    Where the estate has changed since the preview, the run goes by the new plan and says how it differs.
    """
    if pulumi.runtime.is_dry_run():
        handover.leave_preview(schedule, now)
        return
    handover.leave_schedule(schedule)
    shown = handover.take_preview(now)
    lines = list(changes(shown, schedule)) if shown is not None else []
    if lines:
        more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        told = "\n".join(
            ["The hosts have changed since the preview, so the plan has:", *lines[:_SHOWN], *more]
        )
        pulumi.log.warn(told)
