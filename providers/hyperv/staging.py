"""`check: staged`: a planned machine at the destination, what it says of the move, and its removal where nothing comes of it.

A planned system has the machine's GUID, so nothing on it says who made it. It counts as ours only where our own order
made it: in this run by its job, in a later one by this stack's audit log. Any other is left alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from providers.clock import Clock
from providers.codes.catalogue import codes_in, remedy_for
from providers.errors import InterruptedRunError, MoveRefusedError, PlacementError, StageFailedError
from providers.model import winpath
from providers.model.plan import Move
from providers.wsman import Argument, EndpointReference, resource_uri

from . import inventory
from .connection_errors import AnswerLostError
from .estate import Estate
from .jobs import Follower, Outcome
from .progress import Progress
from .rows import PLANNED, job_of

JOB_STARTED = 4096
"""ReturnValue: Method Parameters Checked - Job Started (win32 pages of the methods)."""
SECONDS = 30.0
"""How long a planned system may take to vanish, as long as after a failed move (alexbarthnet/PowerShell Move-VMOnline)."""
_MANAGEMENT = "Msvm_VirtualSystemManagementService"


@dataclass(slots=True, kw_only=True)
class Stage:
    """The planned machine of one move."""

    estate: Estate
    move: Move
    clock: Clock
    cancelled: threading.Event
    note: Callable[[str, str], None]
    """`note(event, result)`: a line of the audit log."""
    report: Callable[[Progress], None]

    def prepare(
        self, service: EndpointReference, stage: dict[str, Argument], check: dict[str, Argument]
    ) -> None:
        """Make the planned machine and have it checked.

        Raises MoveRefusedError with the reasons of the host, InterruptedRunError, and what the requests raise; the
        planned machine is gone then, or the error says where it is left.
        """
        if self.move.vm.id in inventory.read_planned(self.estate.client(self.move.destination)):
            raise MoveRefusedError(
                f"{self.move.destination} holds a planned system with the GUID of {self.move.vm.name}, which this"
                " stack has not made",
                remedy="Wait half a minute and run again; if it stays, remove the planned virtual machine there",
            )
        self.note("staging", "")
        self._done("MigrateVirtualSystemToHost", service, stage, "preparing at the destination")
        self.note("staged", "")
        try:
            self._done("CheckVirtualSystemIsMigratable", service, check, "checking compatibility")
        except PlacementError as error:
            raise self.given_up(error) from error

    def given_up(self, error: PlacementError) -> PlacementError:
        """Remove our planned machine after `error`; return it, with the trouble that the removal made."""
        trouble = self.remove()
        if trouble:
            error.message = f"{error.message}; {trouble}"
        return error

    def remove(self) -> str:
        """Remove the planned machine, which is ours; return why it is left, or an empty text.

        Only while the machine itself is realized at its source alone and no job of it runs there: else somebody
        needs it, or it is no leftover.
        """
        begun = self.clock.now()
        asked, said = False, ""
        while self.clock.now() - begun <= SECONDS:
            try:
                if self.move.vm.id not in inventory.read_planned(self.estate.client(self.move.destination)):
                    self.note("unstaged", "")
                    return ""
                said = self._kept()
                if not said and not asked:
                    asked, said = True, self._destroy()
            except PlacementError as error:
                said = error.message
            self.clock.wait(1.0)
        left = f"a planned system of it is left on {self.move.destination}: {said or 'it does not vanish'}"
        self.note("left staged", left)
        return left

    def is_leftover(self, config: str) -> bool:
        """Say whether the planned system at the destination has the configuration folder that we once ordered."""
        rows = self.estate.client(self.move.destination).query(
            "Msvm_VirtualSystemSettingData",
            where={"VirtualSystemIdentifier": self.move.vm.id, "VirtualSystemType": PLANNED},
        )
        return len(rows) == 1 and winpath.same(rows[0].text("ConfigurationDataRoot"), config)

    def _kept(self) -> str:
        """Return why the planned system must not be touched now, or an empty text."""
        vm, source = self.move.vm.id, self.estate.client(self.move.source)
        if any(job_of(row) is not None for row in inventory.jobs_of(source, vm)):
            return "a job of the machine runs"
        if inventory.has_vm(self.estate.client(self.move.destination), vm):
            return "the machine itself is there"
        if not inventory.has_vm(source, vm):
            return f"the machine is not on {self.move.source}"
        return ""

    def _destroy(self) -> str:
        """Order its removal, by the class of planned systems: no realized machine can be meant (DestroySystem page)."""
        service = EndpointReference(resource_uri(_MANAGEMENT), {"CreationClassName": _MANAGEMENT})
        planned = EndpointReference(
            resource_uri("Msvm_PlannedComputerSystem"),
            {"CreationClassName": "Msvm_PlannedComputerSystem", "Name": self.move.vm.id},
        )
        client = self.estate.client(self.move.destination)
        value = client.invoke(service, "DestroySystem", {"AffectedSystem": planned}).return_value
        return "" if value in (0, JOB_STARTED) else f"DestroySystem was refused with ReturnValue {value}"

    def _done(self, method: str, service: EndpointReference, order: dict[str, Argument], phase: str) -> None:
        """Call a method and follow its job to the end. Raises MoveRefusedError where it does not succeed."""
        self.report(Progress(phase=phase))
        try:
            answer = self.estate.client(self.move.source).invoke(service, method, order)
        except AnswerLostError as lost:
            raise MoveRefusedError(
                f"{self.move.vm.name}: the answer of {self.move.source} to {method} was lost ({lost.message})",
                remedy=f"Run again; if a planned system is left on {self.move.destination}, remove it there",
            ) from lost
        job, value = answer.outputs.get("Job"), answer.return_value
        if value == 0:
            return
        if value != JOB_STARTED or not isinstance(job, EndpointReference):
            raise MoveRefusedError(
                f"{self.move.vm.name}: {self.move.source} refused {method} with ReturnValue {value}",
                remedy=f"See the event log Hyper-V-VMMS-Admin on {self.move.source}",
            )
        self._judge(self._followed(job, self.cancelled), method)

    def _followed(self, job: EndpointReference, cancelled: threading.Event) -> Outcome:
        follower = Follower(
            client=self.estate.client(self.move.source),
            job=job,
            name=self.move.vm.name,
            activity=lambda: None,
            report=lambda _progress: None,
            cancelled=cancelled,
            clock=self.clock,
        )
        try:
            return follower.follow()
        except InterruptedRunError:
            self._undo_interrupted(job)
            raise InterruptedRunError(
                f"{self.move.vm.name} was not started: the run was interrupted while the destination checked it",
                remedy="",
            ) from None

    def _undo_interrupted(self, job: EndpointReference) -> None:
        """Wait for the end of a short job that an interrupted run began, and remove what it has made."""
        client, begun = self.estate.client(self.move.source), self.clock.now()
        while self.clock.now() - begun <= SECONDS:
            try:
                row = client.get(
                    EndpointReference(job.resource_uri, {"InstanceID": job.selector("InstanceID") or ""})
                )
            except PlacementError:
                return
            if job_of(row) is None:
                if (row.number("JobState") or 0) in {7, 32768}:
                    self.remove()
                return
            self.clock.wait(1.0)

    def _judge(self, outcome: Outcome, method: str) -> None:
        if outcome.succeeded:
            return
        told = " | ".join(" ".join(text.split()) for text in outcome.texts) or f"JobState {outcome.state}"
        names = {
            host: self.estate.names(host).full_name for host in (self.move.source, self.move.destination)
        }
        codes = codes_in(outcome.texts)
        raise StageFailedError(
            f"{self.move.vm.name} did not pass {method} ({self.move.source} -> {self.move.destination}): {told}",
            codes=codes,
            remedy=remedy_for(
                codes, source=names[self.move.source], destination=names[self.move.destination]
            ),
        )
