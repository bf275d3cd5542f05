"""The event log by WS-Eventing, as a client meets it: contexts that change, queries that are refused, who may not."""

from __future__ import annotations

import pytest

from hyperv_placement.hyperv.event_log import query
from hyperv_placement.wsman import (
    LogEvent,
    Pull,
    PullResponse,
    Subscribe,
    SubscribeResponse,
    Unsubscribe,
    UnsubscribeResponse,
    names,
)
from lab.world.objects import LabEvent

from .conftest import Dialled, Wire


def begin(wire: Wire, *ids: int) -> tuple[Dialled, SubscribeResponse]:
    """Put events into the log of a host and subscribe to migrations."""
    for number, each in enumerate(ids, start=1):
        event = LabEvent(
            record=number, id=each, time=wire.world.clock.now(), vm="A-GUID", text=f"event {each}"
        )
        wire.world.hosts["hv1"].events.append(event)
    client = wire.dial()
    begun = client.send(Subscribe(query=query()))
    assert isinstance(begun, SubscribeResponse)
    return client, begun


def pull(client: Dialled, context: str | None, most: int | None = 10) -> PullResponse:
    """Pull once."""
    page = client.send(Pull(resource_uri=names.EVENT_LOG, context=context or "", max_elements=most))
    assert isinstance(page, PullResponse)
    return page


def test_what_fits_comes_once_and_the_context_changes(wire: Wire) -> None:
    """Only the ids that were asked for; afterwards empty pages, and never an end."""
    client, begun = begin(wire, 20418, 21024, 20415)
    first = pull(client, begun.context, None)
    assert [item.id for item in first.items if isinstance(item, LogEvent)] == [20418]
    second = pull(client, first.context)
    assert [item.id for item in second.items if isinstance(item, LogEvent)] == [20415]
    last = pull(client, second.context)
    assert (last.items, last.end) == ((), False)
    assert len({begun.context, first.context, second.context, last.context}) == 4
    used = client.fault(Pull(resource_uri=names.EVENT_LOG, context=begun.context))
    assert used.subcode == "InvalidEnumerationContext"


def test_a_subscription_ends(wire: Wire) -> None:
    """Then its context is nobody's."""
    client, begun = begin(wire, 20418)
    assert isinstance(client.send(Unsubscribe(identifier=begun.identifier)), UnsubscribeResponse)
    assert (
        client.fault(Pull(resource_uri=names.EVENT_LOG, context=begun.context)).subcode
        == "InvalidEnumerationContext"
    )
    assert client.fault(Unsubscribe(identifier=begun.identifier)).subcode == "InvalidEnumerationContext"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<QueryList/>",
        query().replace("VMMS-Admin", "Other"),
        query().replace("timediff", "x"),
        query().replace("EventID=", "EventID=" + "9" * 5000),
        query().replace("&lt;= ", "&lt;= " + "9" * 5000),
    ],
)
def test_a_query_that_is_not_understood_is_refused(wire: Wire, text: str) -> None:
    """Rather than answered with something else."""
    assert wire.dial().fault(Subscribe(query=text)).subcode == "CannotProcessFilter"
