"""One move from admission to proof: adopt or start, follow, verify."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from providers.clock import Clock
from providers.errors import (
    HostUnreachableError,
    MigrationFailedError,
    MigrationStartError,
    MovedByOthersError,
    MoveRefusedError,
    PlacementError,
    ProtocolError,
    VerificationError,
    WsmanFaultError,
)
from providers.model.estate import MigrationJob, VirtualMachine
from providers.model.plan import Move
from providers.planning.compare import leads_to
from providers.wsman import EndpointReference

from . import inventory, orders
from .admission import Admission
from .audit import AuditLog
from .catalogue import codes_in, remedy_for
from .estate import Estate
from .faults import AbsentFaultError
from .inventory import HostFacts
from .jobs import Follower, Outcome
from .needs import needs_of
from .progress import Progress
from .verification import deviations, unmoved

METHOD = "MigrateVirtualSystemToHost"
ATTEMPTS = 5
"""Starts of one move in one run; each but the first only after a proven failure that trying again can cure."""
SETTLE = 60.0
"""Seconds after a job's end for the hosts to show it, and for the guest's heartbeat to come back."""
LEFTOVER = 30.0
"""Seconds that a planned system may take to vanish after a failure (alexbarthnet/PowerShell Move-VMOnline)."""
RETURN_VALUES = {
    32768: "failed", 32769: "access denied", 32770: "not supported", 32771: "status unknown", 32772: "timeout",
    32773: "invalid parameter", 32774: "system in use", 32775: "invalid state", 32776: "incorrect data type",
    32777: "system not available", 32778: "out of memory",
}  # fmt: skip
"""ReturnValue of MigrateVirtualSystemToHost (win32 page of the method)."""


def migrate(  # noqa: PLR0913 - what a move touches, each named at the call
    estate: Estate,
    move: Move,
    *,
    report: Callable[[Progress], None],
    cancelled: threading.Event,
    clock: Clock,
    admission: Admission,
    audit: AuditLog,
) -> VirtualMachine:
    """Carry out `move` and return the machine as its destination shows it afterwards.

    A running job with the same target is adopted. An accepted order is never sent again, except after its job was
    read as ended in a failure that trying again can cure, with the machine unmoved on both hosts. Raises
    PlacementError: refused, no room, moved by others, failed, stalled, interrupted, or not verified.
    """
    detailed = replace(move, vm=estate.with_details(move.vm))
    _check_parents(detailed)
    migration = _Migration(
        estate=estate, move=detailed, report=report, cancelled=cancelled, clock=clock, admission=admission,
        audit=audit,
    )  # fmt: skip
    with admission.taking_part(detailed):
        return migration.run()


def _check_parents(move: Move) -> None:
    """Parents are read only for machines that move, so the plan could not know them."""
    if not move.copies_storage:
        return
    for disk in move.vm.disks:
        if disk.parent_path is not None:
            raise MoveRefusedError(
                f"{move.vm.name}: disk {disk.slot} ({disk.path}) is a differencing disk of {disk.parent_path}",
                remedy="Merge it first",
            )


@dataclass(slots=True, kw_only=True)
class _Migration:
    estate: Estate
    move: Move
    report: Callable[[Progress], None]
    cancelled: threading.Event
    clock: Clock
    admission: Admission
    audit: AuditLog

    def run(self) -> VirtualMachine:
        if job := self._running():
            self.admission.adopt(self.move, needs_of(self.move))
            self._note("adopted", job=job.selector("InstanceID") or "")
            return self._finish(job)
        for attempt in range(1, ATTEMPTS + 1):
            job = self._start()
            try:
                return self._finish(job)
            except MigrationFailedError as error:
                if attempt == ATTEMPTS or not self._may_try_again(error):
                    raise
                self.admission.ended(self.move)
        raise AssertionError("the last attempt raises")

    def _running(self) -> EndpointReference | None:
        """Return the machine's running job where it does what we want. Raises MovedByOthersError where not."""
        facts = {host: self.estate.facts(host) for host in {self.move.source, self.move.destination}}
        destination = facts[self.move.destination]
        for host, known in facts.items():
            for job in known.jobs:
                if job.vm_id != self.move.vm.id:
                    continue
                if not leads_to(job, self.move, destination):
                    raise _moved_by_others(self.move, job)
                if host == self.move.source:
                    return EndpointReference(job.resource_uri, {"InstanceID": job.id})
        return None

    def _start(self) -> EndpointReference | None:
        """Wait for room and start; return the job, None where the host was done at once or its answer was lost."""
        return self.admission.start(
            self.move,
            needs_of(self.move),
            self._order,
            waiting=lambda reason: self.report(Progress(phase=f"waiting: {reason}")),
            cancelled=self.cancelled,
        )

    def _order(self) -> EndpointReference | None:
        client = self.estate.client(self.move.source)
        facts = self.estate.facts(self.move.destination)
        self._check_leftover()
        order = orders.arguments(client, self.move, facts.full_name, facts.migration.addresses)
        service = orders.service_reference(inventory.migration_service(client))
        self._note("start")
        try:
            answer = client.invoke(service, METHOD, order)
        except WsmanFaultError:
            self._note("refused", result="fault")
            raise
        except (HostUnreachableError, ProtocolError) as lost:
            return self._after_lost_answer(lost)
        job = answer.outputs.get("Job")
        match answer.return_value:
            case 4096 if isinstance(job, EndpointReference):  # Method Parameters Checked - Job Started
                return job
            case 0:  # done at once
                return None
            case value:
                raise self._refused(value)

    def _refused(self, value: int | None) -> MigrationStartError:
        meaning = RETURN_VALUES.get(value or 0, "an answer without a job")
        self._note("refused", result=f"ReturnValue {value}")
        return MigrationStartError(
            f"{self.move.source} refused to move {self.move.vm.name} {self._way}: ReturnValue {value} ({meaning})",
            return_value=value or 0,
            remedy=f"See the event log Hyper-V-VMMS-Admin on {self.move.source}",
        )

    def _check_leftover(self) -> None:
        if not self.move.changes_host:
            return
        if self.move.vm.id in inventory.read_planned(self.estate.client(self.move.destination)):
            raise MoveRefusedError(
                f"{self.move.destination} holds a planned system with the GUID of {self.move.vm.name}",
                remedy="Wait half a minute and run again; if it stays, remove the planned virtual machine there",
            )

    def _after_lost_answer(self, lost: PlacementError) -> EndpointReference | None:
        """The order may have been taken: look for its job or its result, and never send it again."""
        begun = self.clock.now()
        while self.clock.now() - begun < SETTLE and not self.cancelled.is_set():
            try:
                if job := self._running():
                    return job
                if not self._deviations():
                    return None
            except HostUnreachableError:
                self.clock.wait(1.0, self.cancelled)
                continue
            break
        self._note("lost", result=str(lost))
        raise PlacementError(
            f"The answer of {self.move.source} to the order to move {self.move.vm.name} was lost ({lost.message}),"
            " and no job of it is seen",
            remedy="The order is not sent twice in one run; run again to see where the machine is",
        ) from lost

    def _finish(self, job: EndpointReference | None) -> VirtualMachine:
        identity = "" if job is None else job.selector("InstanceID") or ""
        try:
            outcome = Outcome(state=7) if job is None else self._follow(job)
            if not outcome.succeeded and not outcome.vanished:
                raise self._failed(outcome)
            vm = self._verified(outcome)
        except PlacementError as error:
            self._note("end", job=identity, result=str(error))
            raise
        self._note("end", job=identity, result="moved")
        return vm

    def _follow(self, job: EndpointReference) -> Outcome:
        return Follower(
            client=self.estate.client(self.move.source),
            job=job,
            name=f"{self.move.vm.name} ({self._way})",
            activity=self._activity,
            report=self.report,
            cancelled=self.cancelled,
            clock=self.clock,
        ).follow()

    def _activity(self) -> int | None:
        system = orders.system_reference(self.move.vm.id)
        try:
            status = self.estate.client(self.move.source).get(system).many("OperationalStatus")
        except AbsentFaultError:
            return None
        return int(status[1]) if len(status) > 1 else None

    def _failed(self, outcome: Outcome) -> MigrationFailedError:
        codes = codes_in(outcome.texts)
        told = " | ".join(" ".join(text.split()) for text in outcome.texts) or f"JobState {outcome.state}"
        remedy = remedy_for(
            codes,
            source=self._full_name(self.move.source),
            destination=self._full_name(self.move.destination),
        )
        return MigrationFailedError(
            f"{self.move.vm.name} ({self._way}) failed: {told}", codes=codes, remedy=remedy
        )

    def _full_name(self, host: str) -> str:
        try:
            return self.estate.facts(
                self.move.source if host == self.move.source else self.move.destination
            ).full_name
        except PlacementError:
            return host

    def _verified(self, outcome: Outcome) -> VirtualMachine:
        """Read both hosts until they show what was ordered. Raises VerificationError, or the job's failure."""
        self.report(Progress(phase="verifying", percent=100))
        begun = self.clock.now()
        while True:
            found = self._deviations()
            vm = None if found else self.estate.vm(self.move.destination, self.move.vm.id)
            if vm is not None and (vm.heartbeat_ok or not self.move.vm.heartbeat_ok):
                return vm
            if self.clock.now() - begun > SETTLE:
                break
            self.clock.wait(1.0)
        if outcome.vanished and self._unmoved():
            raise MigrationFailedError(
                f"{self.move.vm.name} ({self._way}): the job is gone and the machine did not move",
                remedy="See the event log Hyper-V-VMMS-Admin on both hosts, then run again",
            )
        what = "; ".join(found) or "its guest's heartbeat has not come back"
        raise VerificationError(f"{self.move.vm.name} ({self._way}) is not as ordered: {what}")

    def _both(self) -> tuple[VirtualMachine | None, VirtualMachine | None]:
        vm, move = self.move.vm.id, self.move
        at_destination = self.estate.vm(move.destination, vm)
        at_source = self.estate.vm(move.source, vm) if move.changes_host else at_destination
        return at_source, at_destination

    def _deviations(self) -> list[str]:
        found = deviations(self.move, *self._both())
        if not found and self.move.changes_host and self._planned_left():
            found = [f"a planned system of it is left on {self.move.destination}"]
        return found

    def _planned_left(self) -> bool:
        return self.move.vm.id in inventory.read_planned(self.estate.client(self.move.destination))

    def _unmoved(self) -> bool:
        return unmoved(self.move, *self._both()) and not (self.move.changes_host and self._planned_left())

    def _may_try_again(self, error: MigrationFailedError) -> bool:
        """A lost race for a slot: no code in the texts, and a host that has no slot free now. Texts are localised."""
        if error.codes or not self._slots_full():
            return False
        begun = self.clock.now()
        while not self._unmoved():
            if self.clock.now() - begun > LEFTOVER or self.clock.wait(1.0, self.cancelled):
                return False
        return True

    def _slots_full(self) -> bool:
        needs = needs_of(self.move)
        return any(_full(self.estate.facts(host)) for host in needs.hosts)

    @property
    def _way(self) -> str:
        if not self.move.changes_host:
            return f"storage on {self.move.source}"
        return f"{self.move.source} -> {self.move.destination}"

    def _note(self, event: str, *, job: str = "", result: str = "") -> None:
        if trouble := self.audit.note(event, self.move, job=job, result=result):
            self.report(Progress(phase=trouble))


def _full(facts: HostFacts) -> bool:
    settings = facts.migration
    return settings.active_live >= settings.max_live or settings.active_storage >= settings.max_storage


def _moved_by_others(move: Move, job: MigrationJob) -> MovedByOthersError:
    whereto = f"to {job.destination}" if job.destination else "to other folders"
    who = f" by {job.owner}" if job.owner else ""
    return MovedByOthersError(
        f"{move.vm.name} is being moved {whereto}{who} ({job.percent} %); this run leaves it alone"
    )
