"""Encodes messages to bytes: requests as Windows accepts them, answers with the prefixes and order that Windows sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from hyperv_placement.errors import ProtocolError

from . import elements, epr, eventlog, fault_body, filters, names, xml
from .cimxml import encode_embedded
from .epr import EndpointReference
from .fault import Fault
from .instance import Fragment, Instance
from .messages import (
    Argument,
    Enumerate,
    EnumerateResponse,
    Get,
    GetResponse,
    InstanceWithReference,
    Invoke,
    InvokeResponse,
    Item,
    LogEvent,
    Malformed,
    Pull,
    PullResponse,
    Release,
    ReleaseResponse,
    Request,
    Response,
    Subscribe,
    SubscribeResponse,
    Unsubscribe,
    UnsubscribeResponse,
    Unsupported,
)

MAX_ENVELOPE_SIZE = 512000
"""MaxEnvelopeSizekb 500, the default of current hosts (win32 page on installing WinRM)."""
_MANDATORY = {"s:mustUnderstand": "true"}
_OPTIONAL = {"s:mustUnderstand": "false"}
_BASE = {"s": names.SOAP, "a": names.ADDRESSING}
_REQUEST = {**_BASE, "n": names.ENUMERATION, "w": names.WSMAN, "p": names.MICROSOFT}
_ENUMERATION = {**_BASE, "n": names.ENUMERATION, "w": names.WSMAN}
_TRANSFER = {**_BASE, "x": names.TRANSFER, "w": names.WSMAN, "p": names.MICROSOFT}
_FAULT = {
    **_BASE, "x": names.TRANSFER, "e": names.EVENTING, "n": names.ENUMERATION, "w": names.WSMAN, "p": names.MICROSOFT,
}  # fmt: skip


def encode_request(
    message: Request,
    *,
    to: str,
    message_id: str,
    max_envelope_size: int = MAX_ENVELOPE_SIZE,
    operation_timeout: timedelta = timedelta(seconds=60),
    locale: str = "",
) -> bytes:
    """Return a request's envelope. `message_id` is a bare GUID; `locale` asks for a language, as `en-US`."""
    uri, selectors, action, body = _request(message)
    languages = ""
    if locale:
        # Never mandatory: a Locale with mustUnderstand is answered with UnsupportedFeature (MS-WSMV 3.1.4.1.24).
        asked = {"xml:lang": locale, **_OPTIONAL}
        languages = xml.tag("w:Locale", None, asked) + xml.tag("p:DataLocale", None, asked)
    seconds = operation_timeout.total_seconds()
    timeout = f"PT{seconds:.3f}S" if operation_timeout.microseconds else f"PT{int(seconds)}S"
    header = (
        xml.leaf("a:To", to)
        + xml.leaf("w:ResourceURI", uri, _MANDATORY)
        + xml.tag("a:ReplyTo", xml.leaf("a:Address", names.ANONYMOUS, _MANDATORY))
        + xml.leaf("a:Action", action, _MANDATORY)
        + xml.leaf("w:MaxEnvelopeSize", str(max_envelope_size), _MANDATORY)
        + xml.leaf("a:MessageID", f"uuid:{message_id}")
        + languages
        + epr.encode_selectors(selectors)
        + _of_subscription(message)
        + xml.leaf("w:OperationTimeout", timeout)
    )
    return _envelope(_REQUEST, header, body)


def _request(  # noqa: PLR0911 - one for each message
    message: Request,
) -> tuple[str, Mapping[str, epr.Selector], str, str]:
    match message:
        case Get(target=target):
            return target.resource_uri, target.selectors, names.GET, ""
        case Enumerate():
            return message.resource_uri, {}, names.ENUMERATE, _enumerate(message)
        case Pull():
            content = xml.leaf("n:EnumerationContext", message.context) + _max_elements(
                "n", message.max_elements
            )
            return message.resource_uri, {}, names.PULL, xml.tag("n:Pull", content)
        case Release():
            content = xml.leaf("n:EnumerationContext", message.context)
            return message.resource_uri, {}, names.RELEASE, xml.tag("n:Release", content)
        case Invoke(target=target):
            action = f"{target.resource_uri}/{message.method}"
            content = "".join(_argument(f"p:{name}", value) for name, value in message.arguments.items())
            spaces = {"xmlns:p": target.resource_uri, "xmlns:xsi": names.XSI, "xmlns:cim": names.CIM}
            body = xml.tag(f"p:{message.method}_INPUT", content, spaces)
            return target.resource_uri, target.selectors, action, body
        case Subscribe():
            return names.EVENT_LOG, {}, names.SUBSCRIBE, eventlog.encode_subscribe(message)
        case Unsubscribe():
            body = xml.tag("e:Unsubscribe", None, {"xmlns:e": names.EVENTING})
            return names.EVENT_LOG, {}, names.UNSUBSCRIBE, body
        case Unsupported():
            raise ProtocolError("A request of an unknown action cannot be written", remedy="")


def _of_subscription(message: Request) -> str:
    match message:
        case Subscribe() | Pull(resource_uri=names.EVENT_LOG):
            return eventlog.encode_options()
        case Unsubscribe():
            return eventlog.encode_identifier(message.identifier)
        case _:
            return ""


def _enumerate(message: Enumerate) -> str:
    content = ""
    if message.optimize:
        content += xml.tag("w:OptimizeEnumeration", None)
    content += _max_elements("w", message.max_elements)
    if message.query is not None:
        content += xml.leaf("w:Filter", message.query, {"Dialect": message.dialect})
    if message.matching is not None:
        dialect, matching = filters.encode(message.matching)
        content += xml.tag("w:Filter", matching, {"Dialect": dialect})
    if message.mode:
        content += xml.leaf("w:EnumerationMode", message.mode)
    return xml.tag("n:Enumerate", content)


def _max_elements(prefix: str, count: int | None) -> str:
    return "" if count is None else xml.leaf(f"{prefix}:MaxElements", str(count))


def _argument(element: str, value: Argument) -> str:
    match value:
        case tuple():
            return "".join(_argument(element, item) for item in value)
        case Instance():
            # As a string: a tree of elements is a SchemaValidationError (r4sd/go-wsman hyperv/embedded.go).
            return xml.leaf(element, encode_embedded(value))
        case EndpointReference():
            # Directly: within an EndpointReference it is a SchemaValidationError (r4sd/go-wsman hyperv/epr.go).
            return xml.tag(element, epr.encode_content(value))
        case Malformed():
            raise ProtocolError(f"{value.what} cannot be written", remedy="")
        case _:
            return elements.encode_value(element, value)


def encode_response(message: Response, *, relates_to: str, message_id: str, lang: str = "en-US") -> bytes:
    """Return an answer's envelope. `relates_to` is the request's MessageID as sent; `message_id` a bare GUID."""
    spaces, action, body = _response(message, lang)
    not_understood = ""
    if isinstance(message, Fault) and message.not_understood:
        # Which header it was stands in the answer's header, not in the fault (SOAP 1.2 part 1, 5.4.8).
        not_understood = xml.tag("s:NotUnderstood", None, {"qname": message.not_understood})
    header = (
        xml.leaf("a:Action", action)
        + xml.leaf("a:MessageID", f"uuid:{message_id}")
        + xml.leaf("a:To", names.ANONYMOUS)
        + (xml.leaf("a:RelatesTo", relates_to) if relates_to else "")
        + not_understood
    )
    return _envelope(spaces, header, body, lang)


def _response(  # noqa: PLR0911 - one for each message
    message: Response, lang: str
) -> tuple[dict[str, str], str, str]:
    match message:
        case GetResponse():
            return _TRANSFER, names.GET_RESPONSE, elements.encode_instance(message.instance)
        case EnumerateResponse():
            return _ENUMERATION, names.ENUMERATE_RESPONSE, _enumerate_response(message)
        case PullResponse():
            return _ENUMERATION, names.PULL_RESPONSE, _pull_response(message)
        case ReleaseResponse():
            return _ENUMERATION, names.RELEASE_RESPONSE, ""
        case SubscribeResponse():
            return _ENUMERATION, names.SUBSCRIBE_RESPONSE, eventlog.encode_subscribed(message)
        case UnsubscribeResponse():
            return _ENUMERATION, names.UNSUBSCRIBE_RESPONSE, ""
        case InvokeResponse():
            outputs = message.outputs.items()
            content = "".join(elements.encode_value(f"p:{name}", value) for name, value in outputs)
            spaces = {"xmlns:xsi": names.XSI, "xmlns:p": message.resource_uri, "xmlns:cim": names.CIM}
            body = xml.tag(f"p:{message.method}_OUTPUT", content, spaces)
            return _TRANSFER, f"{message.resource_uri}/{message.method}Response", body
        case Fault():
            return _FAULT, message.action, fault_body.encode_body(message, lang)


def _enumerate_response(message: EnumerateResponse) -> str:
    content = xml.leaf("n:EnumerationContext", message.context or "")
    if message.items is not None:
        # In an optimised answer they are WS-Management's, in a Pull's WS-Enumeration's (txwinrm, data/server_2012).
        content += xml.tag("w:Items", encode_items(message.items))
        content += xml.tag("w:EndOfSequence", None) if message.end else ""
    return xml.tag("n:EnumerateResponse", content)


def _pull_response(message: PullResponse) -> str:
    content = "" if message.context is None else xml.leaf("n:EnumerationContext", message.context)
    content += xml.tag("n:Items", encode_items(message.items))
    content += xml.tag("n:EndOfSequence", None) if message.end else ""
    return xml.tag("n:PullResponse", content)


def encode_items(items: Iterable[Item]) -> str:
    """Return the items of a page in sequence; a server measures pages with it."""
    return "".join(map(_item, items))


def _item(item: Item) -> str:
    match item:
        case Instance():
            return elements.encode_instance(item)
        case Fragment():
            return elements.encode_fragment(item)
        case EndpointReference():
            return epr.encode(item)
        case LogEvent():
            return eventlog.encode_event(item)
        case InstanceWithReference():
            return xml.tag("w:Item", _item(item.instance) + epr.encode(item.reference))


def _envelope(spaces: dict[str, str], header: str, body: str, lang: str = "") -> bytes:
    attributes = {"xml:lang": lang} if lang else {}
    attributes.update({f"xmlns:{prefix}": space for prefix, space in spaces.items()})
    content = xml.tag("s:Header", header) + xml.tag("s:Body", body or None)
    return xml.tag("s:Envelope", content, attributes).encode()
