"""`check: staged`: a planned machine at the destination, what it says of the move, and its removal where nothing comes of it.

A planned system has the machine's GUID, so nothing on it says who made it. It is removed only where our own order made it:
in this run by its job, in a later one by this stack's audit log, or where a person allows it. One that lies exactly where
this stack orders it, while the machine rests at its source and no job of it runs at either end, is moved into: so a run
that was cut is finished by the next one on another runner, too. Any other is named and left.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from hyperv_placement import quoting
from hyperv_placement.codes.catalogue import codes_in, lost_a_slot, remedy_for
from hyperv_placement.errors import (
    InterruptedRunError,
    MoveRefusedError,
    PlacementError,
    ProtocolError,
    StageFailedError,
    WsmanFaultError,
)
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.jobs import JOB_STARTED, Follower, Outcome
from hyperv_placement.hyperv.progress import Progress
from hyperv_placement.hyperv.rows import SUCCEEDED, any_job_of, job_of
from hyperv_placement.model import winpath
from hyperv_placement.winrm.connection_errors import AnswerLostError
from hyperv_placement.winrm.faults import REFUSALS
from hyperv_placement.wsman import Argument, EndpointReference, Instance, resource_uri

from .both_ends import LEFTOVER_S
from .lost_order import trace_of_order, verdict
from .mover import MoveContext
from .short_order import Sent, ShortOrders

_MANAGEMENT = "Msvm_VirtualSystemManagementService"
_FOLDERS = ("config", "checkpoints", "paging")
ALLOW = "PLACEMENT_ALLOW=planned"
_METHOD = "MigrateVirtualSystemToHost"


class _RefusedError(MoveRefusedError):
    """A method was refused with a ReturnValue: nothing was started."""

    def __init__(self, message: str, *, return_value: int, known: frozenset[str], remedy: str) -> None:
        """Keep the ReturnValue, and the jobs of the machine that were known before."""
        super().__init__(message, remedy=remedy)
        self.return_value, self.known = return_value, known


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStage:
    """A planned system of the machine at its destination that this run has not ordered."""

    config: str
    """Its ConfigurationDataRoot; empty where that could not be read."""
    against: str
    """Why it is not taken for what an earlier run of this stack has left; empty where every fact speaks for it."""

    @property
    def usable(self) -> bool:
        """Whether it can be moved into: it lies where we order it, and nobody is at work on it."""
        return not self.against


@dataclass(slots=True, kw_only=True)
class Stage:
    """The planned machine of one move."""

    context: MoveContext
    found_config: str | None = None
    """Configuration folder of a planned system that was there before: this run has not made it, so it is not ours to remove."""
    texts: ShortOrders = field(default_factory=ShortOrders)
    """Which text of new settings the move sends."""

    def prepare(
        self,
        service: EndpointReference,
        stage: dict[str, Argument],
        check: dict[str, Argument],
        short: Instance,
    ) -> None:
        """Make the planned machine, or take the one that an earlier run has left, and have it checked.

        Raises MoveRefusedError with the reasons of the host, InterruptedRunError, and what the requests raise; a
        planned machine of this run is gone then, or the error says where one is left.
        """
        found = self.found()
        if found is None:
            self._make(service, stage, short)
        elif found.usable:
            self.found_config = found.config
            self.context.record.note("stage found")
        else:
            raise self._foreign(found)
        try:
            self._done("CheckVirtualSystemIsMigratable", service, check, "checking compatibility")
        except PlacementError as error:
            raise self.given_up(error) from error

    def _make(self, service: EndpointReference, stage: dict[str, Argument], short: Instance) -> None:
        self.context.record.announce("staging")
        try:
            self._ordered(service, stage, short)
        except StageFailedError as error:
            raise self.given_up(error) from error
        self.context.record.note("staged")

    def _ordered(self, service: EndpointReference, stage: dict[str, Argument], short: Instance) -> None:
        """Order the planned machine, and once more with the short text where that is what the host refused."""
        phase = "preparing at the destination"
        try:
            self._done(_METHOD, service, stage, phase)
        except _RefusedError as refused:
            sent = Sent(order=stage, short=short, known=refused.known, event="staging")
            again = self.texts.once_more(self.context, refused, refused.return_value, sent)
            if again is None:
                raise
        else:
            return
        self._done(_METHOD, service, again, phase)

    def _foreign(self, found: FoundStage) -> MoveRefusedError:
        vm, host = self.context.move.vm, self.context.move.destination
        folder = f" in {found.config}" if found.config else ""
        return MoveRefusedError(
            f"{host} holds a planned system with the GUID of {vm.name} ({vm.id}){folder}, which this stack has not"
            f" ordered: {found.against}",
            remedy=f"Find out who prepares a move of {vm.name} to {host} ({quoting.powershell('Compare-VM')}, another stack), and run again when that"
            " has ended; this stack removes only what it has made",
        )

    def found(self) -> FoundStage | None:
        """Return the planned system of the machine at its destination, None where there is none. Raises PlacementError."""
        if self.context.move.vm.id not in inventory.read_planned(
            self.context.estate.client(self.context.move.destination)
        ):
            return None
        roots = inventory.read_planned_roots(
            self.context.estate.client(self.context.move.destination), self.context.move.vm.id
        )
        if roots is None:
            return FoundStage(config="", against="its settings could not be read")
        ordered = self.context.move.roots
        other = next(
            (name for name in _FOLDERS if not winpath.same(getattr(roots, name), getattr(ordered, name))),
            None,
        )
        folder = f"its {other} folder is another one than is ordered" if other else ""
        return FoundStage(config=roots.config, against=folder or self._kept())

    def given_up(self, error: PlacementError) -> PlacementError:
        """Remove our planned machine after `error`; return it, with the trouble that the removal made.

        One that this run has not made is named and left.
        """
        if self.found_config is not None:
            left = f"a planned system of it is left on {self.context.move.destination} in {self.found_config}, which this run has found there"
            error.message = f"{error.message}; {left}"
            error.remedy = (
                f"{error.remedy}. If nobody else prepares a move of {self.context.move.vm.name} ({quoting.powershell('Compare-VM')}, another stack),"
                f" {ALLOW} lets the next run remove it and make it anew"
            ).removeprefix(". ")
            return error
        trouble = self.remove()
        if trouble:
            error.message = f"{error.message}; {trouble}"
        return error

    def remove(self) -> str:
        """Remove the planned machine, which is ours; return why it is left, or an empty text.

        Only while the machine itself is realized at its source alone and no job of it runs there: else somebody
        needs it, or it is no leftover.
        """
        begun = self.context.clock.now()
        asked, said = False, ""
        while self.context.clock.now() - begun <= LEFTOVER_S:
            try:
                if self.context.move.vm.id not in inventory.read_planned(
                    self.context.estate.client(self.context.move.destination)
                ):
                    self.context.record.note("unstaged")
                    return ""
                said = self._kept()
                if not said and not asked:
                    asked, said = True, self._destroy()
            except PlacementError as error:
                said = error.message
            self.context.clock.wait(1.0)
        left = f"a planned system of it is left on {self.context.move.destination}: {said or 'it does not vanish'}"
        self.context.record.note("left staged", result=left)
        return left

    def _kept(self) -> str:
        """Return why the planned system must not be touched now, or an empty text."""
        vm = self.context.move.vm.id
        source, destination = (
            self.context.estate.client(host)
            for host in (self.context.move.source, self.context.move.destination)
        )
        rows = (row for client in (source, destination) for row in inventory.jobs_of(client, vm))
        if any(job_of(row) is not None for row in rows):
            return "a job of the machine runs"
        if inventory.has_vm(destination, vm):
            return "the machine itself is there"
        if not inventory.has_vm(source, vm):
            return f"the machine is not on {self.context.move.source}"
        return ""

    def _destroy(self) -> str:
        """Order its removal, by the class of planned systems: no realized machine can be meant (DestroySystem page)."""
        service = EndpointReference(resource_uri(_MANAGEMENT), {"CreationClassName": _MANAGEMENT})
        planned = EndpointReference(
            resource_uri("Msvm_PlannedComputerSystem"),
            {"CreationClassName": "Msvm_PlannedComputerSystem", "Name": self.context.move.vm.id},
        )
        client = self.context.estate.client(self.context.move.destination)
        value = client.invoke(service, "DestroySystem", {"AffectedSystem": planned}).return_value
        return "" if value in (0, JOB_STARTED) else f"DestroySystem was refused with ReturnValue {value}"

    def _done(self, method: str, service: EndpointReference, order: dict[str, Argument], phase: str) -> None:
        """Call a method and follow its job to the end. Raises MoveRefusedError where it does not succeed."""
        self.context.report(Progress(phase=phase))
        client = self.context.estate.client(self.context.move.source)
        known = {row.text("InstanceID") for row in inventory.jobs_of(client, self.context.move.vm.id)}
        try:
            answer = client.invoke(service, method, order)
        except REFUSALS:
            raise
        except (AnswerLostError, WsmanFaultError, ProtocolError) as lost:
            self._judge(self._followed(self._job_since(known, method, lost), self.context.cancelled), method)
            return
        job, value = answer.outputs.get("Job"), answer.return_value
        if value == 0:
            return
        if value is not None and verdict(value) == "refused":
            raise _RefusedError(
                f"{self.context.move.vm.name}: {self.context.move.source} refused {method} with ReturnValue {value}",
                return_value=value,
                known=frozenset(known),
                remedy=f"See the event log Hyper-V-VMMS-Admin on {self.context.move.source}",
            )
        if verdict(value) == "unknown" or not isinstance(job, EndpointReference):
            says = "it names no job" if value in {None, JOB_STARTED} else f"ReturnValue {value}"
            job = self._job_since(known, method, ProtocolError(says, remedy=""))
        self._judge(self._followed(job, self.context.cancelled), method)

    def _job_since(self, known: set[str], method: str, lost: PlacementError) -> EndpointReference:
        """Return the job of an order whose answer was lost: the one that came since. Raises MoveRefusedError."""

        def look() -> EndpointReference | None:
            for row in inventory.jobs_of(
                self.context.estate.client(self.context.move.source), self.context.move.vm.id
            ):
                job = any_job_of(row)
                if job is not None and job.only_prepares and job.id not in known:
                    return EndpointReference(row.resource_uri, {"InstanceID": job.id})
            return None

        reported = f"{self.context.move.vm.name}: the answer of {self.context.move.source} to {method} was lost ({lost.message})"
        again = "Nothing was moved. Run again: it looks for what the host has made"
        try:
            found = trace_of_order(look, self.context.clock, self.context.cancelled)
        except PlacementError as error:
            raise MoveRefusedError(
                f"{reported}, and whether a job of it runs was not read ({error.message})", remedy=again
            ) from error
        if found is None:
            raise MoveRefusedError(f"{reported}, and no job of it is seen", remedy=again) from lost
        return found

    def _followed(self, job: EndpointReference, cancelled: threading.Event) -> Outcome:
        follower = Follower(
            client=self.context.estate.client(self.context.move.source),
            job=job,
            name=self.context.move.vm.name,
            activity=lambda: None,
            report=lambda _progress: None,
            cancelled=cancelled,
            clock=self.context.clock,
        )
        try:
            return follower.follow()
        except InterruptedRunError:
            self._undo_interrupted(job)
            raise InterruptedRunError(
                f"{self.context.move.vm.name} was not started: the run was interrupted while the destination checked it",
                remedy="",
            ) from None

    def _undo_interrupted(self, job: EndpointReference) -> None:
        """Wait for the end of a short job that an interrupted run began, and remove what this run has made."""
        client, begun = self.context.estate.client(self.context.move.source), self.context.clock.now()
        while self.context.clock.now() - begun <= LEFTOVER_S:
            try:
                row = client.get(
                    EndpointReference(job.resource_uri, {"InstanceID": job.selector("InstanceID") or ""})
                )
            except PlacementError:
                return
            if job_of(row) is None:
                if (row.number("JobState") or 0) in SUCCEEDED and self.found_config is None:
                    self.remove()
                return
            self.context.clock.wait(1.0)

    def _judge(self, outcome: Outcome, method: str) -> None:
        if outcome.succeeded:
            return
        names = {
            host: self.context.estate.names(host).full_name
            for host in (self.context.move.source, self.context.move.destination)
        }
        codes = codes_in(outcome.texts)
        raise StageFailedError(
            f"{self.context.move.vm.name} did not pass {method} ({self.context.move.source} -> {self.context.move.destination}): {outcome.words}",
            codes=codes,
            lost_slot=lost_a_slot(outcome.words),
            remedy=remedy_for(
                codes,
                source=names[self.context.move.source],
                destination=names[self.context.move.destination],
                texts=outcome.texts,
                machine=self.context.move.vm.id,
            ),
        )
