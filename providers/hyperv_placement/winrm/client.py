"""Typed operations on one host: WQL queries, Get and Invoke; faults become errors, safe requests are repeated."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from typing import TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError, ProtocolError
from hyperv_placement.model.stack import HostSpec
from hyperv_placement.wsman import (
    MAX_ENVELOPE_SIZE,
    VIRTUALIZATION,
    Argument,
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Fault,
    Get,
    GetResponse,
    Instance,
    Invoke,
    InvokeResponse,
    Item,
    LogEvent,
    Pull,
    PullResponse,
    Release,
    Request,
    Response,
    Subscribe,
    SubscribeResponse,
    Unsubscribe,
    UnsubscribeResponse,
    names,
    resource_uri,
    wql,
)

from .bounds import BOUNDS, Bounds
from .budget import Budget
from .connection_errors import AnswerLostError, BusyHostError
from .faults import (
    BusyFaultError,
    EnvelopeLimitFaultError,
    FilterFaultError,
    OperationTimeoutFaultError,
    UnsupportedFeatureFaultError,
    fault_error,
)
from .logins import Logins
from .projection import Like, Where, fits, typed
from .sessions import SESSIONS, Heard, Sessions
from .together import Pace, Soon, together
from .trouble import ReportedTroubles

_log = logging.getLogger(__name__)
PAGE = 32000
"""MaxBatchItems, the service's own limit (win32 WinRM page)."""
OLD_ENVELOPE_SIZE = 153600
"""MaxEnvelopeSizekb 150, the default before Windows 8 and Server 2012 (MS-WSMV 2.2.4.10)."""
PAUSES = (0.5, 1.0, 2.0)
"""Seconds before another try of a safe request that the host was too busy for."""
CUTS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before another try of one whose connection was cut."""
FIRST_CUTS = CUTS[:3]
"""The same of a host that has not answered yet: where every tenth answer is lost, the first two are at one host of a hundred."""
_ABOVE = "__NAMESPACE"
Result = TypeVar("Result")
Answer = TypeVar("Answer", bound=Response)


class Client:
    """One host. Any number of threads may use it."""

    def __init__(
        self,
        host: HostSpec,
        logins: Logins,
        clock: Clock,
        *,
        heard: Heard | None = None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        """`heard`: is called with each request and its answer, as it came."""
        self.host = host
        self._clock = clock
        self.reported = ReportedTroubles()
        self.budget = Budget(host.name, clock, bounds)
        self._bounds = bounds
        self._pace = Pace(clock)
        self._sessions = Sessions(host, logins, heard, bounds, self.budget.waiting, self._pace.noted)
        self._envelope_size = MAX_ENVELOPE_SIZE
        self._has_answered = False
        self._forms: dict[tuple[str, ...], int] = {}
        self._paged = True

    def query(
        self,
        class_name: str,
        *properties: str,
        where: Where | None = None,
        like: Like | None = None,
        namespace: str = VIRTUALIZATION,
        kept: Callable[[Instance], Instance] | None = None,
        refused: Callable[[FilterFaultError], None] | None = None,
    ) -> list[Instance]:
        """Return the instances that fit `where` (equality) and `like` (prefix), in no order.

        `kept`: what to keep of each row, page by page, where rows are many and large. `refused`: is called before another form of
        the query is tried; what it raises ends the query.

        One request where everything fits into a page. A host that refuses the projection (its build may lack a
        property) or WQL as such (r4sd/go-wsman issue 80) is asked for whole rows, then for the whole class, from then on,
        and the rows are chosen here. Raises AbsentFaultError, AccessDeniedFaultError and the errors of transport and fault.
        """
        # WQL goes to the URI of all classes: at that of one class it is refused with CannotProcessFilter (r4sd/go-wsman issue 80).
        forms = (
            ("*", wql.select(class_name, *properties, where=where, like=like)),
            ("*", wql.select(class_name, where=where, like=like)),
            (class_name, None),
        )
        key = (class_name, *properties)

        def held(item: Item) -> Item:
            return item if kept is None else kept(typed(item, class_name, namespace))

        first, begun = self._forms.get(key, 0), time.monotonic()
        for form, (target, text) in enumerate(forms[first:], start=first):
            try:
                with self.budget.reading():
                    items = self._enumerated(resource_uri(target, namespace), text, held)
            except FilterFaultError as error:
                if refused is not None:
                    refused(error)
                _log.info(
                    "%s: trying another way of reading %s: %s", self.host.name, class_name, error.message
                )
                continue
            # By class and projection: that a build lacks one property says nothing about other queries of the class.
            self._forms[key] = form
            rows = (typed(item, class_name, namespace) for item in items)
            found = [row for row in rows if fits(row, where or {}, like or {})]
            _log.debug(
                "%s: %d of %d rows in %.3f s: %s",
                self.host.name, len(found), len(items), time.monotonic() - begun, text or class_name,
            )  # fmt: skip
            return found
        raise FilterFaultError(f"{self.host.name} refuses every way of reading {class_name}")

    def together(self) -> AbstractContextManager[Soon]:
        """Return what takes readings that do not depend on each other; after the block each has its result, or its error.

        A host that is slow is asked on all its connections at once, any other one after the other, on one connection.
        """
        return together(lambda: self._pace.slow, SESSIONS, self.budget)

    @property
    def slow(self) -> bool:
        """Whether the host takes long to answer."""
        return self._pace.slow

    def was_lacking(self, namespace: str) -> bool:
        """Say whether the host lacked a namespace when it was last asked: `remember_lacking` was called."""
        return (_ABOVE, namespace) in self._forms

    def remember_lacking(self, namespace: str, *, lacks: bool) -> None:
        """Keep whether the host lacks a namespace, so that the one above is asked first the next time."""
        if lacks:
            self._forms[_ABOVE, namespace] = 0
        else:
            self._forms.pop((_ABOVE, namespace), None)

    def get(self, target: EndpointReference) -> Instance:
        """Return one instance. Raises AbsentFaultError where there is none."""
        begun = time.monotonic()
        instance = self._safely(lambda: self._ask(Get(target=target), GetResponse)).instance
        _log.debug("%s: Get of %s in %.3f s", self.host.name, target.class_name, time.monotonic() - begun)
        return instance

    def invoke(
        self, target: EndpointReference, method: str, arguments: Mapping[str, Argument]
    ) -> InvokeResponse:
        """Call a method, once: it is never sent again. Raises AnswerLostError where it may have been carried out."""
        # Not by _safely: an order that is sent twice may be carried out twice.
        order, begun = Invoke(target=target, method=method, arguments=arguments), time.monotonic()
        _log.info("%s: ordering %s.%s", self.host.name, target.class_name, method)
        answer = self._judged(order, self._sessions.order(order, self._envelope_size), InvokeResponse)
        _log.info(
            "%s: %s.%s returned %s in %.3f s",
            self.host.name, target.class_name, method, answer.return_value, time.monotonic() - begun,
        )  # fmt: skip
        return answer

    def ask(
        self, target: EndpointReference, method: str, arguments: Mapping[str, Argument]
    ) -> InvokeResponse:
        """Call a method that changes nothing; again where its answer was lost."""
        question, begun = Invoke(target=target, method=method, arguments=arguments), time.monotonic()
        answer = self._safely(lambda: self._ask(question, InvokeResponse))
        _log.debug(
            "%s: %s.%s returned %s in %.3f s",
            self.host.name, target.class_name, method, answer.return_value, time.monotonic() - begun,
        )  # fmt: skip
        return answer

    def events(self, query: str) -> list[LogEvent]:
        """Return the entries of an event log that fit a QueryList; the subscription is cancelled afterwards.

        A host answers the last Pull only after a while (MS-WSMV 3.1.4.6 in pull mode, as txwinrm does it). Raises the
        errors of transport and fault: an account may be allowed to read WMI and no event log.
        """
        with self.budget.reading():
            begun = self._ask(Subscribe(query=query), SubscribeResponse)
            try:
                entries = list(self._entries(begun.context))
                _log.debug("%s: %d entries of an event log: %s", self.host.name, len(entries), query)
                return entries
            finally:
                # The entries are read: that a subscription could not be cancelled changes nothing about them.
                with suppress(PlacementError):
                    self._ask(Unsubscribe(identifier=begun.identifier), UnsubscribeResponse)

    def _entries(self, context: str) -> Iterator[LogEvent]:
        """Yield entries until a page is empty, or the host gives up waiting for new ones."""
        following: str | None = context
        while following:
            try:
                page = self._ask(
                    Pull(resource_uri=names.EVENT_LOG, context=following, max_elements=PAGE), PullResponse
                )
            except OperationTimeoutFaultError:
                return
            if not page.items:
                return
            self.budget.take(page.items)
            yield from (item for item in page.items if isinstance(item, LogEvent))
            following = page.context

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._sessions.close()

    def _enumerated(self, uri: str, text: str | None, held: Callable[[Item], Item]) -> list[Item]:
        """Return every item: in full pages, or one by one from a host that refuses to begin with a page."""
        if self._paged:
            try:
                return self._safely(lambda: self._all(uri, text, PAGE, held))
            except UnsupportedFeatureFaultError as error:
                _log.info("%s: reading row by row: %s", self.host.name, error.message)
                self._paged = False  # for every class: it is the service that does not know OptimizeEnumeration (DSP0226)
        return self._safely(lambda: self._all(uri, text, None, held))

    def _all(self, uri: str, text: str | None, size: int | None, held: Callable[[Item], Item]) -> list[Item]:
        found: list[Item] = []
        # An attempt that broke off is repeated from its first page; its rows must not count twice.
        with self.budget.attempt():
            for page in self._pages(uri, text, size):
                items = [held(item) for item in page]
                self.budget.take(items)
                found += items
        return found

    def _pages(self, uri: str, text: str | None, size: int | None) -> Iterator[Iterable[Item]]:
        """Yield the items of every page. Each page has the context for the next one, and for that alone."""
        begin = Enumerate(resource_uri=uri, query=text, optimize=size is not None, max_elements=size)
        first = self._ask(begin, EnumerateResponse)
        # The first answer has a full page, one row or none, by the build of the host (captures of zenoss/txwinrm).
        yield first.items or ()
        context, end, empty = first.context, first.end, 0
        while not end:
            if not context:
                raise ProtocolError(f"{self.host.name} ended an enumeration without saying so")
            page = self._page(Pull(resource_uri=uri, context=context, max_elements=size))
            yield page.items
            context, end, empty = page.context, page.end, 0 if page.items else empty + 1
            if empty > self._bounds.empty_pages:
                raise ProtocolError(
                    f"{self.host.name} was not read to the end: it gave {empty} empty pages in a row",
                    remedy="Restart its WinRM service, or look what answers at its address",
                )

    def _page(self, pull: Pull) -> PullResponse:
        """Pull; an enumeration that cannot be read to its end is released: a host keeps only so many."""
        try:
            return self._ask(pull, PullResponse)
        except ProtocolError:
            with suppress(PlacementError):
                self._exchange(Release(resource_uri=pull.resource_uri, context=pull.context))
            raise

    def _safely(self, ask: Callable[[], Result]) -> Result:
        """Ask what changes nothing again: after a cut connection, and after a pause where the host is busy.

        A kept connection that was cut is replaced by a new one at once. A host that has answered this process before is asked more
        often: where every tenth answer is lost, a run of a thousand reads meets a few that are lost twice and three times.
        """
        cuts, busy = iter(CUTS if self._has_answered else FIRST_CUTS), iter(PAUSES)
        while True:
            try:
                answer = ask()
            except EnvelopeLimitFaultError:
                # Smaller answers do for the rest of the run: the limit is a setting of the service, not of this request.
                if self._envelope_size == OLD_ENVELOPE_SIZE:
                    raise
                self._envelope_size = OLD_ENVELOPE_SIZE
                _log.info("%s: asking for answers of %d bytes at most", self.host.name, OLD_ENVELOPE_SIZE)
            except (AnswerLostError, BusyFaultError, BusyHostError) as error:
                lost = isinstance(error, AnswerLostError)
                pause = next(cuts if lost else busy, None)
                # A host that was silent for all its time would be so again.
                if pause is None or (isinstance(error, AnswerLostError) and error.timed_out):
                    raise
                _log.info("%s: asking once more in %g s: %s", self.host.name, pause, error.message)
                if pause:
                    self._clock.wait(pause)
            else:
                self._has_answered = True
                return answer

    def _ask(self, request: Request, kind: type[Answer]) -> Answer:
        self.budget.check()
        return self._judged(request, self._exchange(request), kind)

    def _judged(self, request: Request, answer: Response, kind: type[Answer]) -> Answer:
        if isinstance(answer, Fault):
            raise fault_error(self.host.name, request, answer)
        if not isinstance(answer, kind):
            raise ProtocolError(
                f"{self.host.name} answered {type(answer).__name__} where {kind.__name__} was due"
            )
        return answer

    def _exchange(self, request: Request) -> Response:
        return self._sessions.exchange(request, self._envelope_size)
