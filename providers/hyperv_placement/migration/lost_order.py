"""What has become of an order whose answer was lost, or does not say: its host is asked, and the order is never sent again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal, TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.errors import MovedByOthersError, PlacementError
from hyperv_placement.hyperv.jobs import JOB_STARTED
from hyperv_placement.winrm.trouble import LASTING

Trace = TypeVar("Trace")
LOST_S = 20.0
"""Seconds to look for the trace of an order whose answer was lost, once the host answers again."""
UNREACHABLE_S = 120.0
"""Seconds to wait for that host to answer."""
_STATE_UNKNOWN = frozenset({3, 32771, 32772})
"""ReturnValue: Timeout of the CIM method, Status is unknown, Timeout (win32 pages of the methods): no refusal, an order that may have
been taken."""


def verdict(value: int | None) -> Literal["taken", "unknown", "refused"]:
    """Return what the ReturnValue of an order says: that it was taken, that nobody knows, or that it was refused."""
    if value is None or value in _STATE_UNKNOWN:
        return "unknown"
    return "taken" if value in {0, JOB_STARTED} else "refused"


def trace_of_order(
    look: Callable[[], Trace | None], clock: Clock, cancelled: threading.Event
) -> Trace | None:
    """Return the first that `look` finds of an order, once a second; None where the host shows nothing of it.

    A host that does not answer, or answers an error as a service that restarts does, says nothing of the order: where that is
    all that it does, its error is raised. Raises MovedByOthersError where `look` does, and trouble that waiting does not cure.
    """
    begun, answered = clock.now(), None
    trouble: PlacementError | None = None
    while clock.now() - begun < UNREACHABLE_S:
        try:
            if (found := look()) is not None:
                return found
            # The time to look runs from the first answer since the last silence: before that the host could show nothing.
            answered, trouble = answered or clock.now(), None
        except (MovedByOthersError, *LASTING):
            raise
        except PlacementError as error:
            answered, trouble = None, error
        if answered is not None and clock.now() - answered > LOST_S:
            return None
        if clock.wait(1.0, cancelled):
            break
    if trouble is not None:
        raise trouble
    return None
