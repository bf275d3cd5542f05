"""Typed operations on one host: query, get, invoke. A small pool of connections, one request each at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar
from uuid import uuid4

from providers.errors import HostUnreachableError, ProtocolError, WsmanFaultError
from providers.model.stack import HostSpec
from providers.wsman import (
    VIRTUALIZATION,
    Argument,
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Fault,
    Fragment,
    Get,
    GetResponse,
    Instance,
    InstanceWithReference,
    Invoke,
    InvokeResponse,
    Item,
    Pull,
    PullResponse,
    Request,
    Response,
    catalogue,
    decode_response,
    encode_request,
    resource_uri,
    wql,
)

from .credentials import Credential, read_credential
from .logins import Logins
from .transport import Transport, knock

SESSIONS = 4
"""Connections per host; a host allows 25 operations to a user on its oldest builds (win32 WinRM page)."""
PAGE = 32000
"""MaxBatchItems, the service's own limit (win32 WinRM page)."""
ABSENT = frozenset({
    catalogue.DESTINATION_UNREACHABLE, catalogue.NOT_FOUND, catalogue.INVALID_NAMESPACE, 0x80041010,
})  # fmt: skip
"""Codes that mean: no such instance, namespace or class (0x80041010 is WBEM_E_INVALID_CLASS)."""


class Client:
    """One host. Any number of threads may use it."""

    def __init__(self, host: HostSpec, logins: Logins) -> None:
        """Read the credential and connect at the first request."""
        self.host = host
        self._logins = logins
        self._free: list[Transport] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(SESSIONS)
        self._credential: Credential | None = None

    def query(
        self,
        class_name: str,
        *properties: str,
        where: Mapping[str, str | int | bool] | None = None,
        like: Mapping[str, str] | None = None,
        namespace: str = VIRTUALIZATION,
    ) -> list[Instance]:
        """Return the instances of a class, whole or the named properties only; `like` gives prefixes.

        One request where all fits into a page. A host that refuses the query is asked for the whole class, and
        the rows are chosen here. Raises PlacementError of the transport's and fault's kinds.
        """
        text = wql.select(class_name, *properties, where=where, like=like)
        begin = Enumerate(
            resource_uri=resource_uri("*", namespace), query=text, optimize=True, max_elements=PAGE
        )
        try:
            return [_instance(item, class_name, namespace) for item in self._enumerate(begin)]
        except WsmanFaultError as fault:
            if fault.subcode != "CannotProcessFilter":
                raise
        plain = Enumerate(resource_uri=resource_uri(class_name, namespace))
        rows = (_instance(item, class_name, namespace) for item in self._enumerate(plain))
        return [row for row in rows if _fits(row, where or {}, like or {})]

    def get(self, target: EndpointReference) -> Instance:
        """Return one instance. Raises WsmanFaultError; see `is_absent`."""
        answer = self._ask(Get(target=target))
        return _expected(answer, GetResponse, self.host).instance

    def invoke(
        self, target: EndpointReference, method: str, arguments: Mapping[str, Argument]
    ) -> InvokeResponse:
        """Call a method, once: it is never sent again by itself. Raises WsmanFaultError and transport errors."""
        answer = self._ask(Invoke(target=target, method=method, arguments=arguments), again=False)
        return _expected(answer, InvokeResponse, self.host)

    def _enumerate(self, begin: Enumerate) -> Iterator[Item]:
        """Yield every item; each page's context is good for the next page only."""
        with self._session() as session:
            first = _expected(self._on(session, begin), EnumerateResponse, self.host)
            yield from first.items or ()
            context, end = first.context, first.end
            while not end:
                if not context:
                    raise ProtocolError(f"{self.host.name} ended an enumeration without saying so")
                pull = Pull(resource_uri=begin.resource_uri, context=context, max_elements=PAGE)
                page = _expected(self._on(session, pull, again=False), PullResponse, self.host)
                yield from page.items
                context, end = page.context, page.end

    def _ask(self, request: Request, *, again: bool = True) -> Response:
        with self._session() as session:
            return self._on(session, request, again=again)

    @contextmanager
    def _session(self) -> Iterator[Transport]:
        with self._places:
            with self._lock:
                session = self._free.pop() if self._free else None
            session = session or self._connect()
            try:
                yield session
            except HostUnreachableError:
                session.reset()
                raise
            finally:
                with self._lock:
                    self._free.append(session)

    def _connect(self) -> Transport:
        knock(self.host)
        with self._lock:
            if self._credential is None:
                self._credential = read_credential(self.host.connection, self.host.name)
            return Transport(self.host, self._credential)

    def _on(self, session: Transport, request: Request, *, again: bool = True) -> Response:
        """Ask on a session; a request that may be repeated is, once, on a new connection."""
        message = encode_request(
            request, to=self.host.endpoint, message_id=str(uuid4()).upper(), locale="en-US"
        )
        try:
            answer = self._login(session, message)
        except HostUnreachableError:
            if not again:
                raise
            session.reset()
            knock(self.host)
            answer = self._login(session, message)
        response = decode_response(answer)
        if isinstance(response, Fault):
            raise _fault(response, self.host)
        return response

    def _login(self, session: Transport, message: bytes) -> bytes:
        return self._logins.use(session.credential, self.host.name, lambda: session.send(message))

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            for session in self._free:
                session.reset()
            self._free.clear()


def is_absent(error: WsmanFaultError) -> bool:
    """Say whether a fault means that instance, class or namespace is not there."""
    return error.code in ABSENT or error.subcode in {"DestinationUnreachable", "InvalidResourceURI"}


def is_denied(error: WsmanFaultError) -> bool:
    """Say whether a fault means that the account may not read this (Win32 5, E_ACCESSDENIED, WBEM_E_ACCESS_DENIED)."""
    return error.subcode == "AccessDenied" or error.code in {5, 0x80070005, 0x80041003}


Answer = TypeVar("Answer", bound=Response)


def _expected(answer: Response, kind: type[Answer], host: HostSpec) -> Answer:
    if not isinstance(answer, kind):
        raise ProtocolError(f"{host.name} answered {type(answer).__name__} where {kind.__name__} was due")
    return answer


def _instance(item: Item, class_name: str, namespace: str) -> Instance:
    match item:
        case Fragment():
            return item.typed(class_name, namespace)
        case InstanceWithReference():
            return item.instance
        case Instance():
            return item
        case _:
            raise ProtocolError("A query was answered with references")


def _fits(row: Instance, where: Mapping[str, str | int | bool], like: Mapping[str, str]) -> bool:
    """WQL compares text without case (win32 page "WQL operators")."""
    equal = all(str(row[name]).casefold() == str(value).casefold() for name, value in where.items())
    return equal and all(
        row.text(name).casefold().startswith(prefix.casefold()) for name, prefix in like.items()
    )


def _fault(fault: Fault, host: HostSpec) -> WsmanFaultError:
    error = WsmanFaultError(
        f"{host.name} answered: {fault}", code=fault.wsman_code, subcode=fault.subcode, detail=repr(fault)
    )
    error.retryable = fault.wsman_code in catalogue.QUOTA_CODES  # type: ignore[misc]
    return error
