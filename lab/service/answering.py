"""The WinRM service of one host: envelopes in, envelopes out."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    Enumerate,
    Fault,
    Get,
    GetResponse,
    Invoke,
    Pull,
    Release,
    Request,
    Response,
    Subscribe,
    Unsubscribe,
    Unsupported,
    catalogue,
    decode_request,
    encode_response,
    names,
)
from lab.wmi.accounts import Accounts, Caller
from lab.wmi.classes import namespace_of
from lab.wmi.reading import Reader
from lab.wmi.refusal import (
    NotServedError,
    RequestRefusedError,
    injected,
    quota,
    seen_from_inside,
    version_mismatch,
)
from lab.wmi.rights import closed_classes, denied, is_administrator
from lab.wmi.texts import spoken_fault
from lab.world import LabHost, World, outages, vmms
from lab.world.faults import Fault as Rule

from . import calls, cim, configuration, identify, unserved
from .configuration import Configuration
from .enumerations import Enumerations
from .headers import envelope_size, refusal, timeout_seconds
from .interruptions import Dropped, Instead, spoiled_by_chance
from .subscriptions import Subscriptions

_SOAP_1_1 = b"http://schemas.xmlsoap.org/soap/envelope/"
_ELSEWHERE = "https://elsewhere.example/wsman"
SPOILING = ("no-answer", "answer-truncated", "answer-garbled", "answer-doubled")
"""Kinds of faults that leave a request carried out and spoil its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An envelope, and whether it is a fault (HTTP 500)."""

    body: bytes
    fault: bool
    spoil: Rule | None = None
    """What a fault of the lab makes of it on its way."""


class Service:
    """What listens at one host's port."""

    def __init__(self, world: World, host: LabHost, accounts: Accounts, now: Callable[[], float]) -> None:
        """Serve `host`; `now` gives monotonic seconds for the life of enumeration contexts."""
        self.world = world
        self.host = host
        self._accounts = accounts
        self._changed: Accounts | None = None
        self.stopping = threading.Event()
        self.counts: Counter[str] = Counter()
        self._enumerations = Enumerations(host, now)
        self._subscriptions = Subscriptions(host)
        self._under_way: Counter[str] = Counter()
        self._connections = self._answers = 0

    def is_down(self) -> bool:
        """Say whether a fault of the lab has this host down."""
        return outages.is_away(self.world, self.host)

    def is_silent(self) -> bool:
        """Say whether a fault of the lab has this host say nothing on its connections."""
        return self.world.faults.find("half-open", host=self.host.name) is not None

    def forgets_logins(self) -> bool:
        """Say whether a fault of the lab has this host forget a login now."""
        return self.world.faults.take("login-lost", host=self.host.name) is not None

    def refuses_logins(self) -> bool:
        """Say whether a fault of the lab has this host know nobody any more."""
        return self.world.faults.find("login-refused", host=self.host.name) is not None

    def shows_another_certificate(self) -> bool:
        """Say whether a fault of the lab has this host's listener show a certificate of another authority."""
        return self.world.faults.find("certificate-changed", host=self.host.name) is not None

    @property
    def accounts(self) -> Accounts:
        """Who may log on now: with another password where a fault of the lab has changed it."""
        rule = self.world.faults.find("password-changed", host=self.host.name)
        if rule is None:
            return self._accounts
        with self.world.lock:
            password = rule.text  # an empty one is nobody's: no login sends it
            if self._changed is None or self._changed.password != password:
                file = self._accounts.file.with_name(f"{self._accounts.file.name}-{self.host.name}")
                self._changed = replace(self._accounts, password=password, file=file)
                self._changed.write_file()
            return self._changed

    def report(self) -> None:
        """Write into the log how often each operation was asked."""
        if self.counts:
            self.world.log.write("served", host=self.host.name, **self.counts)

    def answer(self, content: bytes, caller: Caller, machine: str) -> Reply:
        """Answer one envelope; `machine` is the name that the client dialled.

        Raises Dropped where a fault of the lab cuts the connection, and Instead where one has another answer sent.
        """
        if self.world.faults.take("unavailable", host=self.host.name) is not None:
            raise Instead(HTTPStatus.SERVICE_UNAVAILABLE)
        if (moved := self.world.faults.take("redirected", host=self.host.name)) is not None:
            raise Instead(HTTPStatus.TEMPORARY_REDIRECT, location=moved.text or _ELSEWHERE)
        try:
            request = cim.as_wmi(decode_request(content))
        except ProtocolError:
            return self._reply(_unreadable(content, machine), "")
        if isinstance(request, Unsupported) and (introduced := self.introduce(content, request, known=True)):
            return introduced
        with self._operation(caller) as permitted:
            timely = self._be_slow(request)
            with self.world.lock:
                try:
                    response = (
                        self._respond(request, caller, machine) if permitted(request) else quota(machine)
                    )
                except RequestRefusedError as refused:
                    response = refused.fault
                    if isinstance(refused, NotServedError):
                        self._note_not_served(refused.what, caller)
        reply = self._sized(response if timely else catalogue.timed_out(machine), request, machine)
        if self._is_lost():
            raise Dropped
        return replace(reply, spoil=self._spoiler(request))

    def _is_lost(self) -> bool:
        """Say whether the answer to a request that was carried out is one of those that a fault of the lab has lost."""
        with self.world.lock:
            self._answers += 1
            rule = self.world.faults.find("answers-lost", host=self.host.name)
            return rule is not None and spoiled_by_chance(rule, self.host.name, self._answers)

    def _spoiler(self, request: Request) -> Rule | None:
        """Return the rule of the lab that spoils the answer of a request on its way."""
        operation = _operation_name(request)
        with self.world.lock:
            rules = (
                self.world.faults.take(kind, host=self.host.name, operation=operation) for kind in SPOILING
            )
            return next((rule for rule in rules if rule is not None), None)

    def answer_anonymous(self, content: bytes, machine: str) -> Reply | None:
        """Answer Identify to somebody who has not logged on; None for everything else. Raises Instead."""
        if self.world.faults.take("unavailable", host=self.host.name) is not None:
            raise Instead(HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            request = decode_request(content)
        except ProtocolError:
            return self._reply(_unreadable(content, machine), "")
        return self.introduce(content, request, known=False) if isinstance(request, Unsupported) else None

    def introduce(self, content: bytes, request: Unsupported, *, known: bool) -> Reply | None:
        """Answer Identify, to somebody who has logged on or to anybody; None where something else is asked."""
        if not identify.is_asked(content):
            return None
        with self.world.lock:
            self.counts["Identify"] += 1
        if request.header.unknown_mandatory:  # others are passed over (DSP0226 R11-2)
            return self._reply(catalogue.must_understand(request.header.unknown_mandatory[0]), "")
        return Reply(body=identify.answer(self.host, known=known), fault=False)

    @contextmanager
    def connected(self) -> Iterator[bool]:
        """Count a connection while it lasts, and say whether it is within MaxConnections.

        That the service answers one too many with HTTP 503 is a guess.
        """
        with self.world.lock:
            self._connections += 1
            within = self._connections <= self.host.winrm.connections
        try:
            yield within
        finally:
            with self.world.lock:
                self._connections -= 1

    @contextmanager
    def _operation(self, caller: Caller) -> Iterator[Callable[[Request], bool]]:
        """Count an operation of this caller while it lasts, and say whether the caller may have it.

        MaxConcurrentOperationsPerUser counts what is under way, and each enumeration from its first answer to its
        end; its Pulls are the same operation (wsman.h). The fault was recorded by txwinrm.
        """
        with self.world.lock:
            before = self._under_way[caller.name] + self._enumerations.open_of(caller.name)
            self._under_way[caller.name] += 1
        allowed = before < self.host.winrm.operations_per_user
        try:
            yield lambda request: allowed or isinstance(request, Pull | Release)
        finally:
            with self.world.lock:
                self._under_way[caller.name] -= 1

    def _be_slow(self, request: Request) -> bool:
        """Wait as a fault of the lab orders; return False where OperationTimeout passes meanwhile.

        That the operation is carried out all the same is a guess, and the reading that clients must be ready for;
        Pull has no bound (win32 page on installing WinRM).
        """
        with self.world.lock:
            slow = self.world.faults.take("slow", host=self.host.name)
        if slow is None:
            return True
        most = timeout_seconds(request, self.host.winrm)
        timely = isinstance(request, Pull) or slow.seconds <= most
        if self.stopping.wait(slow.seconds if timely else most):
            raise Dropped
        return timely

    def _respond(self, request: Request, caller: Caller, machine: str) -> Response | Configuration:
        """Answer a request that could be read. Raises RequestRefusedError and Dropped."""
        lacking = unserved.refusal(request, machine)
        fault = None if lacking else refusal(request, machine)
        fault = fault or self._ordered_fault(request, machine)
        if fault is not None:
            return fault
        if lacking is not None:
            raise lacking
        vmms.advance(self.world)
        if unserved.resource_of(request) == names.EVENT_LOG:
            return self._of_log(request, caller, machine)
        reader = Reader(self.world, self.host, machine, closed_classes(caller.user))
        wanted = names.namespace_of(unserved.resource_of(request).strip())
        namespace = namespace_of(self.host, wanted)
        fault = denied(caller.user, self.host, namespace, machine)
        if fault is not None:
            return fault
        if isinstance(request, Invoke):
            return calls.invoke(reader, request, caller)
        if isinstance(request, Subscribe | Unsubscribe):  # of the event log alone: others are not served
            return catalogue.action_not_supported(machine)
        return self._read(reader, request, caller)

    def _configuration(self, caller: Caller, machine: str) -> Configuration | Fault:
        """Answer a Get of winrm/config: for administrators alone (its RootSDDL, recorded by pypsrp)."""
        allow = self.world.settings.allow_unencrypted
        if not is_administrator(caller.user):
            return catalogue.access_denied(machine)
        return Configuration(host=self.host, allow_unencrypted=allow)

    def _of_log(self, request: Request, caller: Caller, machine: str) -> Response:
        """Answer what is about the event log; that only administrators may read it is a guess, the stricter one."""
        if not is_administrator(caller.user):
            return catalogue.access_denied(machine)
        match request:
            case Subscribe():
                return self._subscriptions.subscribe(request, caller.name, self.world.clock.now(), machine)
            case Unsubscribe():
                return self._subscriptions.unsubscribe(request, caller.name, machine)
            case Pull():
                return self._subscriptions.pull(request, caller.name, machine)
            case _:
                return catalogue.action_not_supported(machine)

    def _ordered_fault(self, request: Request, machine: str) -> Fault | None:
        """Count the request, and return what a rule of the lab has it answered with."""
        operation = _operation_name(request)
        self.counts[operation] += 1
        self.world.log.notice("request", host=self.host.name, operation=operation)
        if self.world.faults.take("right-lost", host=self.host.name, operation=operation) is not None:
            return catalogue.access_denied(machine)
        ordered = self.world.faults.take("wsman-fault", host=self.host.name, operation=operation)
        return None if ordered is None else injected(machine, ordered.code, ordered.text)

    def _read(
        self, reader: Reader, request: Get | Enumerate | Pull | Release | Unsupported, caller: Caller
    ) -> Response | Configuration:
        match request:
            case Get() if request.target.resource_uri.strip() == configuration.URI:
                return self._configuration(caller, reader.machine)
            case Get():
                return GetResponse(instance=reader.find(request.target)[1])
            case Enumerate():
                items = reader.enumerate(request)
                return self._enumerations.begin(request, items, caller.name, reader.machine)
            case Pull():
                return self._enumerations.pull(request, caller.name, reader.machine)
            case Release():
                return self._enumerations.release(request, caller.name, reader.machine)
            case Unsupported():
                return calls.unsupported(reader, request)

    def _note_not_served(self, what: str, caller: Caller) -> None:
        """Log what a host would have done and the lab does not."""
        self.world.log.write(
            "not-served", host=self.host.name, what=what, by=caller.name, address=caller.address
        )

    def _sized(self, response: Response | Configuration, request: Request, machine: str) -> Reply:
        """Answer, or say that the answer does not fit: the limit counts UTF-16 bytes (captures of txwinrm)."""
        reply = self._reply(response, request.header.message_id)
        if not reply.fault and 2 * len(reply.body.decode()) > envelope_size(request, self.host.winrm):
            return self._reply(catalogue.encoding_limit(machine), request.header.message_id)
        return reply

    def _reply(self, response: Response | Configuration, relates_to: str) -> Reply:
        message_id = str(uuid.uuid4()).upper()
        if isinstance(response, Configuration):
            return Reply(body=response.envelope(relates_to, message_id), fault=False)
        if isinstance(response, Fault):
            response = spoken_fault(seen_from_inside(response, self.host.computer_name), self.host.locale)
        body = encode_response(
            response,
            relates_to=relates_to,
            message_id=message_id,
            lang=self.host.locale,
        )
        return Reply(body=body, fault=isinstance(response, Fault))


def _operation_name(request: Request) -> str:
    """Return what rules of the lab call a request: its operation, or of a call the method."""
    return request.method if isinstance(request, Invoke) else type(request).__name__


def _unreadable(content: bytes, machine: str) -> Fault:
    """Return the fault for what is no envelope, or lacks what its action needs.

    A body without its element is a SchemaValidationError (pypsrp issue 193); for what is no XML at all, a guess.
    """
    if _SOAP_1_1 in content:
        return version_mismatch()
    return catalogue.schema_validation_error(machine)
