"""Connections of the lab that count what is asked, and break the answer to one request of one host."""

from __future__ import annotations

import contextlib
import re
import select
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import Enumerate, Get, Invoke, class_of, decode_request
from lab.server.connection import CONTENT_TYPE, Connection

from .breaks import WAYS, Broken, unasked

_ITS_OWN = re.compile(rb"<a:(MessageID|To)>[^<]*</a:\1>")
"""What requests of one name differ by from run to run."""
LATE = 0.5
"""Seconds beyond the client's patience."""


LOGIN = "login"
"""What a request without a body is called: a leg of a login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Which answers of a run break, and how."""

    way: str
    host: str = ""
    """Whose; empty: every host's, the first answer to each request of a name."""
    request: str = ""
    """Name of the host's request."""
    number: int = 0
    """Of the host's requests of that name since the run's plan, from 0."""
    carried_out: bool = True
    """Whether the host has carried out the request."""


@dataclass(slots=True)
class Tap:
    """What one run has asked of each host, and the case that it is to meet."""

    patience: float
    """Seconds after which the client gives an answer up."""
    case: Case | None = None
    met: int = 0
    """How many answers have broken."""
    asked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _begun: bool = False
    _known: set[tuple[str, str]] = field(default_factory=set)

    def begin_anew(self, case: Case | None) -> None:
        """Await another run, with what it is to meet."""
        with self.lock:
            self.case, self.met, self._begun = case, 0, False
            self.asked = defaultdict(list)
            self._known.clear()

    def begin(self) -> None:
        """Count from here, where a run has planned."""
        with self.lock:
            self.asked = defaultdict(list)
            self._begun = True

    def heard(self, host: str, name: str) -> int:
        """Count a request; return how many of its name came before it."""
        with self.lock:
            self.asked[host].append(name)
            return self.asked[host].count(name) - 1

    def breaks(self, host: str, name: str, number: int, *, carried_out: bool) -> bool:
        """Say whether the answer to this request breaks, and count it if so."""
        with self.lock:
            case = self.case
            if case is None or not self._begun or case.carried_out != carried_out:
                return False
            new = name != LOGIN and (host, name) not in self._known
            self._known.add((host, name))
            broken = (case.host, case.request, case.number) == (host, name, number) if case.host else new
            self.met += broken
            return broken


@lru_cache(maxsize=1 << 14)
def _named(content: bytes) -> str:
    """Return what is asked, without what differs from run to run."""
    try:
        request = decode_request(content)
    except ProtocolError:
        return "not understood"
    match request:
        case Enumerate(query=query, resource_uri=uri):
            return query or class_of(uri)
        case Invoke(method=method):
            return method
        case Get(target=target):
            return f"Get {target.class_name}"
        case _:
            return type(request).__name__


class _Breaking(Connection):
    """Serves one connection, and breaks what its tap says."""

    tap: Tap
    _heard: tuple[str, int] | None
    """Name and number of the request that is being answered, once they are known."""
    _left_undone: bool

    def do_POST(self) -> None:  # noqa: N802 - the name is the base class's
        """Answer one request; a broken answer stands for one that was never carried out, where the case says so."""
        self._heard, self._left_undone = None, False
        if self.headers.get("Content-Length") == "0" and self._breaks(LOGIN, carried_out=False):
            self._send(unasked())
            return
        super().do_POST()

    def _plain(self, body: bytes) -> bytes | HTTPStatus:
        self._left_undone = self._breaks(_named(_ITS_OWN.sub(b"", body)), carried_out=False)
        return HTTPStatus.SERVICE_UNAVAILABLE if self._left_undone else super()._plain(body)

    def _breaks(self, name: str, *, carried_out: bool) -> bool:
        host = self._service.host.name
        if self._heard is None:
            self._heard = name, self.tap.heard(host, name)
        return self.tap.breaks(host, *self._heard, carried_out=carried_out)

    def _answer(
        self, status: HTTPStatus, body: bytes = b"", offers: tuple[str, ...] = (), kind: str = CONTENT_TYPE,
        *, location: str = "", sent: int | None = None,
    ) -> None:  # fmt: skip
        if self._left_undone:
            self._send(unasked())
            return
        # What has no name by now was refused before anybody looked into it, as for want of a login.
        if not self._breaks(LOGIN, carried_out=True):
            super()._answer(status, body, offers, kind, location=location, sent=sent)
            return
        lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
        lines += [f"WWW-Authenticate: {each}" for each in offers]
        lines += [f"Content-Type: {kind}"] if body else []
        head = "\r\n".join((*lines, f"Content-Length: {len(body)}", "", ""))
        self._send(head.encode() + body)

    def _send(self, answer: bytes) -> None:
        broken = WAYS[self.tap.case.way](answer) if self.tap.case else Broken(content=answer)
        if broken.late:
            self.tap.over.wait(self.tap.patience + LATE)
        if broken.silent:
            self._hold()
        with contextlib.suppress(OSError):
            self.wfile.write(broken.content)
            self.wfile.flush()
        self.close_connection = self.close_connection or broken.closes or broken.silent

    def _hold(self) -> None:
        """Say nothing until the client has gone."""
        watch, end = select.poll(), time.monotonic() + 20 * self.tap.patience
        watch.register(self.connection, select.POLLRDHUP)
        while not self.tap.over.is_set() and not watch.poll(20) and time.monotonic() < end:
            pass


def breaking(tap: Tap) -> type[Connection]:
    """Return what serves connections by `tap`."""
    return type("Breaking", (_Breaking,), {"tap": tap})
