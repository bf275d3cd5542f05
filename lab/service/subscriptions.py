"""Subscriptions to a host's event log in pull mode: who has which, and what of it he has not had yet (MS-WSMV 3.1.4.6)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    LogEvent,
    Pull,
    PullResponse,
    Subscribe,
    SubscribeResponse,
    Unsubscribe,
    UnsubscribeResponse,
    catalogue,
    xml,
)
from lab.wmi.refusal import RequestRefusedError
from lab.world import LabHost

CHANNEL = "Microsoft-Windows-Hyper-V-VMMS-Admin"
_SELECT = re.compile(
    r"\*\[System\[\((EventID=\d+(?: or EventID=\d+)*)\) and TimeCreated\[timediff\(@SystemTime\) <= (\d+)\]\]\]"
)
"""What of the event log's XPath is understood here; the rest is refused."""


@dataclass(slots=True)
class _Subscription:
    owner: str
    ids: frozenset[int]
    since: datetime
    context: str
    last: int = 0
    """EventRecordID up to which the subscriber has had them."""


@dataclass(slots=True)
class Subscriptions:
    """The subscriptions at one host; hold the world's lock while using them."""

    host: LabHost
    _open: dict[str, _Subscription] = field(default_factory=dict)

    def subscribe(self, request: Subscribe, owner: str, now: datetime, machine: str) -> SubscribeResponse:
        """Begin with the oldest entry. A query that is not understood is refused as WMI refuses one (guess)."""
        ids, within = _asked(request.query, machine)
        identifier = str(uuid.uuid4()).upper()
        opened = _Subscription(owner, ids, now - within, _context())
        self._open[identifier] = opened
        return SubscribeResponse(identifier=identifier, context=opened.context)

    def pull(self, request: Pull, owner: str, machine: str) -> PullResponse:
        """Return what is new, at once: how long a host waits where nothing is, is unverified."""
        opened = next((each for each in self._open.values() if each.context == request.context), None)
        if opened is None or opened.owner != owner:
            raise RequestRefusedError(catalogue.invalid_enumeration_context(machine))
        found = list(self._new(opened))[: max(1, request.max_elements or 1)]
        opened.context = _context()
        opened.last = found[-1].record if found else opened.last
        return PullResponse(context=opened.context, items=tuple(found))

    def unsubscribe(self, request: Unsubscribe, owner: str, machine: str) -> UnsubscribeResponse:
        """Forget a subscription; that one of nobody is answered as a context of nobody is a guess."""
        opened = self._open.get(request.identifier)
        if opened is None or opened.owner != owner:
            raise RequestRefusedError(catalogue.invalid_enumeration_context(machine))
        del self._open[request.identifier]
        return UnsubscribeResponse()

    def _new(self, opened: _Subscription) -> Iterator[LogEvent]:
        for event in self.host.events:
            if event.record > opened.last and event.id in opened.ids and event.time >= opened.since:
                yield LogEvent(
                    id=event.id, record=event.record, time=event.time + timedelta(seconds=self.host.clock_skew), channel=CHANNEL,
                    computer=self.host.full_name, data=(event.vm,), message=event.text,
                )  # fmt: skip


def _asked(query: str, machine: str) -> tuple[frozenset[int], timedelta]:
    try:
        root = xml.parse(query.encode("utf-8"))
    except ProtocolError as error:
        raise RequestRefusedError(catalogue.cannot_process_filter(machine, "Invalid query ")) from error
    found = root.find("Query")
    select = None if found is None or found.get("Path") != CHANNEL else found.findtext("Select")
    understood = _SELECT.fullmatch((select or "").strip())
    if understood is None:
        raise RequestRefusedError(catalogue.cannot_process_filter(machine, "Invalid query "))
    try:
        ids = frozenset(int(each) for each in re.findall(r"\d+", understood[1]))
        return ids, timedelta(milliseconds=int(understood[2]))
    except (ValueError, OverflowError) as error:  # more digits than any number has
        raise RequestRefusedError(catalogue.cannot_process_filter(machine, "Invalid query ")) from error


def _context() -> str:
    return f"uuid:{str(uuid.uuid4()).upper()}"
