"""Asks a host everything that the product reads of hosts, and keeps the answers as they came."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from hyperv_placement.clock import Clock
from hyperv_placement.errors import AuthenticationError, PlacementError
from hyperv_placement.hyperv import inventory
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.templates import BY_MOVES
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.winrm.bounds import BOUNDS
from hyperv_placement.winrm.credentials import read_credential
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.winrm.sessions import Sessions
from hyperv_placement.wsman import (
    CIMV2,
    MAX_ENVELOPE_SIZE,
    EnumerateResponse,
    Invoke,
    Pull,
    PullResponse,
    Release,
)

from . import questions
from .answers import FULL, Answers
from .questions import READING, Question

MACHINES, JOBS = 3, 5
"""Machines and jobs that are asked about on their own; more would show nothing new."""
PAGES = 4
"""Of an answer to a question, some hundred rows each."""
SINGLE = 50
"""The same where rows come one by one."""


@dataclass(slots=True, kw_only=True)
class Recording:
    """What a host answered; names are still in it."""

    answers: Answers = field(default_factory=Answers)
    unanswered: dict[str, str] = field(default_factory=dict)
    """Question -> why it has no answer."""
    build: str = ""
    account: str = ""


def record(host: HostSpec, clock: Clock, report: Callable[[str], None]) -> Recording:
    """Ask `host`; `report` is called with each question.

    Raises AuthenticationError, HostUnreachableError and CertificateError where the host cannot be asked at all.
    """
    return _Recorder(host, clock, report).run()


class _Recorder:
    def __init__(self, host: HostSpec, clock: Clock, report: Callable[[str], None]) -> None:
        self.recording = Recording(account=read_credential(host.connection, host.name).username)
        heard = self.recording.answers.heard
        self._host = host.name
        self._estate = Estate({host.name: host}, clock=clock, heard=heard)
        self._client = self._estate.client(host.name)
        self._sessions = Sessions(host, Logins(), heard)
        self._report = report
        self._clock = clock
        # A host may answer each question in time and still go on for hours.
        self._until = clock.now() + BOUNDS.whole_seconds

    def run(self) -> Recording:
        try:
            self._own_reads()
            for question in questions.everywhere():
                self._ask(question)
        finally:
            self._estate.close()
            self._sessions.close()
        return self.recording

    def _own_reads(self) -> None:
        """Read as the product does: so whatever it reads one day is recorded too."""
        self._report("names")
        self._estate.names(self._host)
        self._try("Win32_OperatingSystem", self._read_build)
        vms: tuple[VirtualMachine, ...] = ()

        def read_all() -> None:
            nonlocal vms
            host = inventory.read_host(self._client)
            vms = host.vms
            vms = self._estate.read_host(self._host, Detail.MOVE, host).vms
            self._estate.room(self._host, arriving=True)

        self._try("inventory", read_all)
        for kind in BY_MOVES.values():
            self._try(f"template of {int(kind)}", partial(self._estate.template, self._host, kind))
        for vm in _different(vms):
            self._try("disks of a machine", partial(self._estate.with_details, vm))
            self._try("one machine", partial(self._estate.read_vm, self._host, vm.id))
            self._try("one machine before a move", partial(self._estate.read_for_order, self._host, vm, None))
            self._try("jobs of a machine", partial(inventory.jobs_of, self._client, vm.id))
            for question in questions.of_machine(vm.id):
                self._ask(question)
        for class_name in ("Msvm_MigrationJob", "Msvm_ConcreteJob", "Msvm_StorageJob"):
            self._try(f"jobs of {class_name}", partial(self._read_jobs, class_name))

    def _read_build(self) -> None:
        rows = self._client.query(
            "Win32_OperatingSystem", "Caption", "Version", "BuildNumber", "OSLanguage", namespace=CIMV2
        )
        self.recording.build = rows[0].text("Version") if rows else ""

    def _read_jobs(self, class_name: str) -> None:
        for job in self._client.query(class_name, "InstanceID")[:JOBS]:
            for question in questions.of_job(job):
                self._ask(question)

    def _try(self, what: str, read: Callable[[], object]) -> None:
        """Read; a failure is noted, and the next question is asked all the same, as long as there is room and time."""
        self._report(what)
        if self.recording.answers.full or self._clock.now() >= self._until:
            late = f"not requested after {BOUNDS.whole_seconds:g} seconds"
            self.recording.unanswered[what] = FULL if self.recording.answers.full else late
            return
        try:
            read()
        except AuthenticationError:
            raise  # another try might lock the account
        except PlacementError as error:
            self.recording.unanswered[what] = error.message

    def _ask(self, question: Question) -> None:
        """Ask, to the last page of an enumeration. A fault is an answer."""
        # The last look before the wire: a method that changes something must not get out by a slip in a list.
        if isinstance(question, Invoke) and question.method not in READING:
            raise AssertionError(f"{question.method} is not known to change nothing")
        self._try(questions.words(question), lambda: self._exchange(question))

    def _exchange(self, question: Question) -> None:
        answer = self._sessions.exchange(question, MAX_ENVELOPE_SIZE)
        pages = 0
        while isinstance(answer, EnumerateResponse | PullResponse) and not answer.end and answer.context:
            uri, most = getattr(question, "resource_uri", ""), getattr(question, "max_elements", None)
            if pages == (SINGLE if most is None else PAGES) or self._clock.now() >= self._until:
                self.recording.unanswered[questions.words(question)] = (
                    f"read until page {pages} and not to the end"
                )
                # A host keeps few enumerations open: one that is not read to its end is given back (DSP0226, Release).
                self._sessions.exchange(Release(resource_uri=uri, context=answer.context), MAX_ENVELOPE_SIZE)
                return
            pages += 1
            pull = Pull(resource_uri=uri, context=answer.context, max_elements=most)
            answer = self._sessions.exchange(pull, MAX_ENVELOPE_SIZE)


def _different(vms: Iterable[VirtualMachine]) -> list[VirtualMachine]:
    """Return a few machines, of different states first."""
    listed = list(vms)
    by_state = {vm.enabled_state: vm for vm in listed}
    chosen = list(by_state.values())
    return [*chosen, *(vm for vm in listed if vm not in chosen)][:MACHINES]
