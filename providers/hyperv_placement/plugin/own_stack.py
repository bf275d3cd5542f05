"""Which stack a plugin process serves: that of its first call. An engine works on one stack, and starts a process for each run."""

from __future__ import annotations

import threading

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.urn import Urn, read_urn


class ForeignCallError(PlacementError):
    """A call names something that is not a resource of this run."""

    remedy = "Nothing was done. Run pulumi again; where that comes back, somebody else calls this run's plugin or its engine"


class OneStack:
    """The stack of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: Urn | None = None

    def admit(self, urn: str, token: str = "") -> Urn:
        """Return the parts of a resource's URN. Raises ForeignCallError.

        `token`: the type that the call names beside it; empty where it names none.
        """
        try:
            found = read_urn(urn)
        except (ValueError, PlacementError) as error:
            raise ForeignCallError(str(getattr(error, "message", error))) from error
        if token not in {"", found.type}:
            raise ForeignCallError(
                f"The call is for a resource of type {found.type}, and says that it is of type {token[:100]!a}"
            )
        # The first call decides: it has passed the gate, and an engine works on one stack for all its life.
        with self._lock:
            first = self._first = self._first or found
        if (found.stack, found.project) != (first.stack, first.project):
            raise ForeignCallError(
                f"The call is for stack {found.stack} of project {found.project}, and this run is one of"
                f" stack {first.stack} of project {first.project}"
            )
        return found
