"""Sends the order to migrate, and finds out what has become of it where the answer is lost.

It is sent once; `short_order` has the one case in which another text of it follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from hyperv_placement.codes.catalogue import UNKNOWN_REMEDY, return_value
from hyperv_placement.errors import (
    MachineBusyError,
    MigrationStartError,
    MovedByOthersError,
    MoveRefusedError,
    OrderLostError,
    PlacementError,
    ProtocolError,
    WsmanFaultError,
)
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.host_facts import service_reference
from hyperv_placement.hyperv.host_names import HostNames
from hyperv_placement.hyperv.rows import any_job_of, has_ended, job_of
from hyperv_placement.model.adoption import leads_to
from hyperv_placement.model.estate import MigrationJob
from hyperv_placement.model.finding import Topic
from hyperv_placement.model.move import Move
from hyperv_placement.planning.checks.move import refusals
from hyperv_placement.winrm.connection_errors import AnswerLostError
from hyperv_placement.winrm.faults import REFUSALS
from hyperv_placement.winrm.trouble import LASTING
from hyperv_placement.wsman import Argument, EndpointReference, Instance, InvokeResponse

from . import orders
from .admission import Facts
from .both_ends import Ends
from .last_reading import LastReading, read_last
from .lost_order import trace_of_order, verdict
from .mover import MoveContext
from .short_order import Sent, ShortOrders
from .stage import Stage

METHOD = "MigrateVirtualSystemToHost"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trace:
    """What is seen of an order: its job; None where the machine itself shows that it was carried out."""

    job: EndpointReference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A migration under way."""

    job: EndpointReference | None
    """None where the host was done at once, or where the machine itself shows that it has moved."""
    enabled_state: int
    """The machine's EnabledState at the start: what it must be at the end."""
    adopted: bool = False
    begun: float | None = None
    """When the order was sent, by the clock; None where it was not this process that did."""
    stage: Stage | None = None
    """What handles the planned machine that it moves into, where this run has one."""

    @property
    def job_id(self) -> str:
        """InstanceID of the job, empty without one."""
        return "" if self.job is None else self.job.selector("InstanceID") or ""


@dataclass(slots=True, kw_only=True)
class Starter:
    """Starts one move, or adopts the job that already does it."""

    context: MoveContext
    texts: ShortOrders = field(default_factory=ShortOrders)
    """Which text of new settings this move sends, over all its attempts."""

    def stage(self) -> Stage:
        """Return what handles the planned machine of this move."""
        return Stage(context=self.context, texts=self.texts)

    def running(self) -> Migration | None:
        """Return the machine's running job where it does what we want. Raises MovedByOthersError where not.

        Both hosts are asked: whether a destination shows the job of its source is unverified.
        """
        move, estate = self.context.move, self.context.estate
        hosts = tuple(dict.fromkeys((move.source, move.destination)))
        with estate.together(*hosts) as soon:
            asked = {
                host: soon(partial(inventory.jobs_of, estate.client(host), move.vm.id)) for host in hosts
            }
        for host, rows in asked.items():
            found = self._ours(rows())
            if found is not None and host == move.source:
                return found
        return None

    def _ours(self, rows: list[Instance]) -> Migration | None:
        destination = self.context.estate.names(self.context.move.destination)
        for row in rows:
            job = job_of(row)
            if job is None:
                continue
            if not leads_to(job, self.context.move, destination):
                raise _moved_by_others(self.context.move, job)
            return self._following(row, adopted=True)
        return None

    def _following(self, row: Instance, *, adopted: bool = False) -> Migration:
        reference = EndpointReference(row.resource_uri, {"InstanceID": row.text("InstanceID")})
        return Migration(job=reference, enabled_state=self.context.move.vm.enabled_state, adopted=adopted)

    def start(self, facts: Facts) -> Migration:
        """Order the migration, by facts that were just read. Raises PlacementError where nothing was started."""
        client = self.context.estate.client(self.context.move.source)
        known = inventory.jobs_of(client, self.context.move.vm.id)
        if (running := self._ours(known)) is not None:
            return running
        source, destination = facts[self.context.move.source], facts[self.context.move.destination]
        reading = read_last(
            self.context.estate,
            self.context.move,
            source,
            known_s=self.context.clock.now() - self.context.asked,
        )
        self._check(reading, facts)
        template = orders.template_of(self.context.estate, self.context.move)
        order = orders.arguments(self.context.move, template, reading, source, destination)
        short = orders.short_system_setting(self.context.move, reading.settings)
        order = self.texts.first(order, short)
        self._check_wanted()  # the readings above take their time
        service, ids = service_reference(source.service), {row.text("InstanceID") for row in known}
        stage = self.stage() if self.context.move.is_staged else None
        if stage is not None:
            order, ids = self._staged(stage, service, order, short)
        self._announced(stage)
        begun = self.context.clock.now()
        try:
            answer = self._ordered(service, order, short, ids)
        except (MigrationStartError, *REFUSALS) as refused:
            return self._overtaken(refused, stage)
        except PlacementError as error:
            self._give_up(error, stage)
            raise
        job = answer if isinstance(answer, EndpointReference) else None
        return Migration(job=job, enabled_state=reading.vm.enabled_state, begun=begun, stage=stage)

    def _announced(self, stage: Stage | None) -> None:
        """Note the start, or remove the planned machine that was made for it. Raises PlacementError."""
        try:
            self.context.record.announce("start")
        except PlacementError as error:
            if stage is not None:
                raise stage.given_up(error) from error
            raise

    def _overtaken(self, refused: PlacementError, stage: Stage | None) -> Migration:
        """Follow the migration to our target that runs although our order was refused; raise `refused` where none does.

        Two stacks may order one move at once: the host takes the first (that the second gets 32775 is a guess). And a
        fault that came after the order was taken is no refusal, whatever its code.
        """
        try:
            running = self._ours(
                inventory.jobs_of(
                    self.context.estate.client(self.context.move.source), self.context.move.vm.id
                )
            )
        except PlacementError as error:
            reported = error if isinstance(error, MovedByOthersError) else refused
            self._give_up(reported, stage)
            raise reported from refused
        if running is not None:
            return running
        self._give_up(refused, stage)
        raise refused

    def _give_up(self, error: PlacementError, stage: Stage | None) -> None:
        """Note that nothing was started, and remove our planned machine unless somebody may need it."""
        event = "left" if error.may_still_run else "refused"
        self.context.record.note(event, result=str(error))
        if stage is not None and not error.may_still_run and not isinstance(error, MovedByOthersError):
            stage.given_up(error)

    def _staged(
        self, stage: Stage, service: EndpointReference, order: dict[str, Argument], short: Instance
    ) -> tuple[dict[str, Argument], set[str]]:
        """Make and check the planned machine; return the order to move into it, and the jobs that are known by then."""
        template = orders.stage_template(self.context.estate, self.context.move)
        into = orders.into_planned(order, self.context.move)
        stage.prepare(service, orders.to_stage(order, template), into, short)
        try:
            self._check_wanted()
        except PlacementError as error:
            raise stage.given_up(error) from error
        rows = inventory.jobs_of(
            self.context.estate.client(self.context.move.source), self.context.move.vm.id
        )
        return into, {row.text("InstanceID") for row in rows}

    def _check_wanted(self) -> None:
        """Raise PlacementError where nothing may be started any more."""
        self.context.check_cancelled()
        self.context.check_permitted()

    def _check(self, reading: LastReading, facts: Facts) -> None:
        """Judge the machine once more by the rules of the plan: much may have changed while the move waited for room."""
        move = replace(self.context.move, vm=reading.vm)
        target = self.context.estate.specs[move.destination]
        findings = refusals(move, facts[move.source], facts[move.destination], target)
        reasons = [finding for finding in findings if finding.refuses]
        if reasons:
            passes = all(finding.topic == Topic.PASSING for finding in reasons)
            kind = MachineBusyError if passes else MoveRefusedError
            raise kind("; ".join(map(str, reasons)), remedy="")

    def _ordered(
        self, service: EndpointReference, order: dict[str, Argument], short: Instance, known: set[str]
    ) -> EndpointReference | None:
        """Send the order, and once more with the short text where that is what the host refused."""
        try:
            return self._sent(service, order, known)
        except MigrationStartError as refused:
            sent = Sent(order=order, short=short, known=frozenset(known), event="start")
            again = self.texts.once_more(self.context, refused, refused.return_value, sent)
            if again is None:
                raise
        return self._sent(service, again, known)

    def _sent(
        self, service: EndpointReference, order: dict[str, Argument], known: set[str]
    ) -> EndpointReference | None:
        """Send the order and return its job; None where the host was done at once."""
        client = self.context.estate.client(self.context.move.source)
        try:
            answer = client.invoke(service, METHOD, order)
        except WsmanFaultError as fault:
            if isinstance(fault, REFUSALS):
                raise
            return self._after_lost_answer(fault, known)
        except (AnswerLostError, ProtocolError) as lost:
            return self._after_lost_answer(lost, known)
        return self._accepted(answer, known)

    def _accepted(self, answer: InvokeResponse, known: set[str]) -> EndpointReference | None:
        job, value = answer.outputs.get("Job"), answer.return_value
        row = return_value(value)
        if value is None or verdict(value) == "unknown":
            named = row.meaning if row else "the state of the machine is unknown"
            text = "it has no ReturnValue" if value is None else f"ReturnValue {value}: {named}"
            return self._after_lost_answer(ProtocolError(text, remedy=""), known)
        if verdict(value) == "taken":
            if value == 0 or isinstance(job, EndpointReference):
                return job if isinstance(job, EndpointReference) else None
            return self._after_lost_answer(ProtocolError("it names no job", remedy=""), known)
        raise MigrationStartError(
            f"{self.context.move.source} refused to move {self.context.move.vm.name}: ReturnValue {value}"
            f" ({row.meaning if row else 'unknown'})",
            return_value=value,
            remedy=row.remedied(self.context.move.source, self.context.move.destination)
            if row
            else UNKNOWN_REMEDY,
        )

    def _after_lost_answer(self, lost: PlacementError, known: set[str]) -> EndpointReference | None:
        """The order may have been taken: look for a new job or its result, and never send it again."""
        self.context.record.note("answer lost", result=str(lost))

        def look() -> _Trace | None:
            rows = inventory.jobs_of(
                self.context.estate.client(self.context.move.source), self.context.move.vm.id
            )
            new = [row for row in rows if row.text("InstanceID") not in known]
            ours = ours_among(
                new, self.context.move, self.context.estate.names(self.context.move.destination)
            )
            if ours is not None:
                return _Trace(job=self._following(ours).job)
            return _Trace(job=None) if self._ends.arrived() else None

        reported = f"The answer of {self.context.move.source} to the order to move {self.context.move.vm.name} was lost ({lost.message})"
        try:
            found = trace_of_order(look, self.context.clock, self.context.stop.following)
        except LASTING as error:
            raise OrderLostError(
                f"{reported}, and its job cannot be looked for: {error.message}", remedy=error.remedy
            ) from error
        except MovedByOthersError:
            raise
        except PlacementError as error:
            raise OrderLostError(
                f"{reported}, and whether a job of it runs was not read ({error.message}); {self._place()}"
            ) from error
        if found is not None:
            return found.job
        raise OrderLostError(f"{reported}, and no job of it is seen; {self._place()}") from lost

    def _place(self) -> str:
        ends = self._ends
        return ends.whereabouts(ends.look(), self.context.move.vm.enabled_state)

    @property
    def _ends(self) -> Ends:
        return Ends(estate=self.context.estate, move=self.context.move)


def ours_among(new: list[Instance], move: Move, destination: HostNames) -> Instance | None:
    """Return the job of our order among those that came since it was sent.

    Raises MovedByOthersError where another one runs; one that led elsewhere and is over says nothing of ours.
    """
    for row in new:
        job = any_job_of(row)
        if job is not None and leads_to(job, move, destination):
            return row
        if job is not None and not has_ended(row):
            raise _moved_by_others(move, job)
    return None


def _moved_by_others(move: Move, job: MigrationJob) -> MovedByOthersError:
    whereto = f"to {job.destination}" if job.destination else "to other folders"
    who = f" by {job.owner}" if job.owner else ""
    doing = "prepared for a move" if job.only_prepares else "moved"
    return MovedByOthersError(
        f"{move.vm.name} is being {doing} {whereto}{who} ({job.percent} %); this run leaves it alone"
    )
