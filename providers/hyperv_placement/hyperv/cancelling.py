"""Asks a host to end one of its jobs before it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from hyperv_placement.codes.catalogue import return_value
from hyperv_placement.errors import PlacementError, ProtocolError
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.connection_errors import AnswerLostError
from hyperv_placement.winrm.faults import AbsentFaultError
from hyperv_placement.wsman import EndpointReference, Instance

from .progress import Progress

METHOD = "RequestStateChange"
TERMINATE = 4
"""RequestedState: stops the job cleanly (page of CIM_ConcreteJob.RequestStateChange). Kill (5), which need preserve nothing, is never sent."""
_TAKEN = frozenset({0, 4096})
"""ReturnValue: done, and transition started (the same page)."""


@dataclass(slots=True, kw_only=True)
class CancelRequest:
    """The cancellation of a job that is followed, once it is wanted: asked for once, and reported."""

    client: Client
    job: EndpointReference
    wanted: threading.Event
    announce: Callable[[], object]
    """Is called before the host is asked."""
    report: Callable[[Progress], None]
    _asked: bool = field(default=False, init=False)
    _announced: bool = field(default=False, init=False)
    _reported: str = field(default="", init=False)

    def look(self, row: Instance) -> None:
        """Ask where it is wanted and was not asked yet. `row`: the job as it was just read.

        A host that does not let it be cancelled, refuses, or does not answer lets it go on: it is followed to its end.
        """
        if self._asked or not self.wanted.is_set():
            return
        host = self.client.host.name
        if row.is_readable("Cancellable") and row.flag("Cancellable") is False:
            self._say(f"{host} does not let it be cancelled now; followed to its end")
            return
        if not self._announced:
            self._announced = True
            self.announce()
        try:
            refused = ask_to_end(self.client, self.job)
        except PlacementError as error:
            self._asked = not error.retryable
            self._say(f"{host} was not asked to cancel it ({error.message}); followed to its end")
            return
        self._asked = True
        ending = (
            f"refuses to cancel it ({refused}); followed to its end" if refused else "was asked to cancel it"
        )
        self._say(f"{host} {ending}")

    def _say(self, text: str) -> None:
        """Report what was not reported last."""
        if text != self._reported:
            self._reported = text
            self.report(Progress(phase=text, lasting=True))


def ask_to_end(client: Client, job: EndpointReference) -> str | None:
    """Ask a host to end a job cleanly; return why it refuses, None where it has taken the request, or may have.

    How its job ended, and where the machine is, only the job and both hosts show. That a migration job heeds Terminate, and
    how soon, is unverified. Raises the client's errors where the request cannot have been taken.
    """
    reference = EndpointReference(job.resource_uri, {"InstanceID": job.selector("InstanceID") or ""})
    try:
        answer = client.invoke(reference, METHOD, {"RequestedState": TERMINATE, "TimeoutPeriod": None})
    except (AbsentFaultError, AnswerLostError, ProtocolError):
        return None  # it is gone, or has perhaps heard: whoever follows it sees what became of it
    value = answer.return_value
    if value is None or value in _TAKEN:
        return None
    row = return_value(value)
    return f"ReturnValue {value}{f' ({row.meaning})' if row else ''}"
