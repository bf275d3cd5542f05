"""Entries of an event log and subscriptions to it, as they stand in messages (forms of txwinrm, test/data_subscribe)."""

from __future__ import annotations

from datetime import UTC, datetime

from hyperv_placement.errors import ProtocolError

from . import names, xml
from .messages import LogEvent, Subscribe, SubscribeResponse
from .values import count_in

_NAME = "placement"
_HEARTBEATS, _EXPIRES = "PT5.000S", "PT60.000S"
"""After how long a host answers a Pull without new events, and after how long it drops a subscription that is not polled."""
_EVENTING = {"xmlns:e": names.EVENTING}


def encode_options() -> str:
    """Return the headers' OptionSet of a subscription."""
    options = (
        xml.leaf("w:Option", _NAME, {"Name": "SubscriptionName"})
        + xml.leaf("w:Option", "RenderedText", {"Name": "ContentFormat"})
        + xml.tag("w:Option", None, {"Name": "IgnoreChannelError", "xsi:nil": "true"})
    )
    return xml.tag("w:OptionSet", options, {"xmlns:xsi": names.XSI})


def encode_identifier(identifier: str) -> str:
    """Return the header that names a subscription."""
    return xml.leaf("e:Identifier", identifier, _EVENTING)


def encode_subscribe(message: Subscribe) -> str:
    """Return the body. That a host takes the earliest bookmark is unverified; txwinrm asks for new events alone."""
    delivery = xml.leaf("w:Heartbeats", _HEARTBEATS) + xml.leaf("w:ContentEncoding", "UTF-8")
    content = (
        xml.tag("e:Delivery", delivery, {"Mode": names.PULL_MODE})
        + xml.leaf("e:Expires", _EXPIRES)
        + xml.leaf("w:Filter", message.query, {"Dialect": names.EVENT_QUERY})
        + xml.leaf("w:Bookmark", names.EARLIEST)
        + xml.tag("w:SendBookmarks", None)
    )
    return xml.tag("e:Subscribe", content, _EVENTING)


def encode_subscribed(message: SubscribeResponse) -> str:
    """Return the body of the answer."""
    reference = xml.leaf("w:ResourceURI", names.EVENT_LOG) + xml.leaf("e:Identifier", message.identifier)
    manager = xml.leaf("a:Address", names.ANONYMOUS) + xml.tag("a:ReferenceProperties", reference)
    content = (
        xml.tag("e:SubscriptionManager", manager)
        + xml.leaf("e:Expires", "PT0.000S")
        + xml.leaf("n:EnumerationContext", message.context)
    )
    return xml.tag("e:SubscribeResponse", content, _EVENTING)


def encode_event(event: LogEvent) -> str:
    """Return an entry."""
    time = event.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    system = (
        xml.leaf("EventID", str(event.id))
        + xml.tag("TimeCreated", None, {"SystemTime": time})
        + xml.leaf("EventRecordID", str(event.record))
        + xml.leaf("Channel", event.channel)
        + xml.leaf("Computer", event.computer)
    )
    data = "".join(xml.leaf("Data", text) for text in event.data)
    content = xml.tag("System", system) + xml.tag("EventData", data)
    if event.message:
        content += xml.tag("RenderingInfo", xml.leaf("Message", event.message), {"Culture": "en-US"})
    return xml.tag("Event", content, {"xmlns": names.EVENT})


def decode_event(element: xml.Element) -> LogEvent:
    """Read an entry. Raises ProtocolError where it lacks its number, id or time."""
    system = xml.need(element, names.EVENT, "System")
    created = xml.need(system, names.EVENT, "TimeCreated")
    rendered = xml.child(element, names.EVENT, "RenderingInfo")
    return LogEvent(
        id=_count(system, "EventID"),
        record=_count(system, "EventRecordID"),
        time=_time(str(created.get("SystemTime") or "")),
        channel=xml.child_text(system, names.EVENT, "Channel") or "",
        computer=xml.child_text(system, names.EVENT, "Computer") or "",
        # The leaves below either part, whatever namespace the provider gives them.
        data=tuple(
            xml.text_of(leaf).strip()
            for part in element
            if xml.local(part) in {"EventData", "UserData"}
            for leaf in part.iter()
            if leaf is not part and len(leaf) == 0
        ),
        message="" if rendered is None else xml.child_text(rendered, names.EVENT, "Message") or "",
    )


def _count(system: xml.Element, name: str) -> int:
    found = count_in(xml.child_text(system, names.EVENT, name))
    if found is None:
        raise ProtocolError(f"An entry of the event log has no {name}")
    return found


def _time(text: str) -> datetime:
    """Read a time: Windows writes nine decimals."""
    whole, _, rest = text.strip().removesuffix("Z").partition(".")
    try:
        return datetime.fromisoformat(f"{whole}.{(rest + '000000')[:6]}").replace(tzinfo=UTC)
    except ValueError as error:
        raise ProtocolError(f"The event log has no time {text!r}") from error


def decode_subscribe(element: xml.Element) -> str | None:
    """Return the query of a Subscribe to the event log in pull mode, None for any other mode or dialect. Raises ProtocolError."""
    delivery = xml.need(element, names.EVENTING, "Delivery")
    query = xml.need(element, names.WSMAN, "Filter")
    if delivery.get("Mode") != names.PULL_MODE or query.get("Dialect") != names.EVENT_QUERY:
        return None
    return xml.text_of(query).strip()


def decode_subscribed(element: xml.Element) -> tuple[str, str]:
    """Return identifier and context of a SubscribeResponse. Raises ProtocolError where one is missing."""
    identifier = next(element.iter(f"{{{names.EVENTING}}}Identifier"), None)
    context = xml.child_text(element, names.ENUMERATION, "EnumerationContext")
    if identifier is None or not context:
        raise ProtocolError("The answer to a subscription lacks its identifier or its context")
    return xml.text_of(identifier).strip(), context
