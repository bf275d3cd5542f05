"""Decodes bytes to messages: by namespace and structure, never by prefix or language."""

from __future__ import annotations

from datetime import timedelta

from hyperv_placement.errors import ProtocolError

from . import elements, epr, eventlog, fault_body, filters, names, xml
from .epr import EndpointReference
from .header import Header
from .instance import Fragment, Instance, Value
from .messages import (
    Enumerate,
    EnumerateResponse,
    EnumerationMode,
    Get,
    GetResponse,
    InstanceWithReference,
    Invoke,
    InvokeResponse,
    Item,
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
from .schema import CimType, Property
from .values import count_in, read_duration, text_to_value

_KNOWN = {
    names.ADDRESSING: {"To", "ReplyTo", "Action", "MessageID", "RelatesTo", "From", "FaultTo"},
    names.WSMAN: {
        "ResourceURI", "SelectorSet", "MaxEnvelopeSize", "OperationTimeout", "Locale", "OptionSet",
        "RequestTotalItemsCountEstimate", "RequestEPR",
    },
    names.MICROSOFT: {"DataLocale", "SessionId", "OperationID", "SequenceId", "ActivityId", "ConnectionRetry"},
}  # fmt: skip
"""FragmentTransfer is not among them: answering a request for a part with the whole would be a silent error."""
_TRUE = {"true", "1"}
_RETURN_VALUE = Property("ReturnValue", CimType.UINT32)


def decode_request(content: bytes) -> Request:  # noqa: PLR0911 - one for each message
    """Read a request. Raises ProtocolError for anything that is not an envelope, or lacks what its action needs."""
    root, body = _envelope(content)
    header = _header(root)
    target = EndpointReference(header.resource_uri, header.selectors)
    match header.action:
        case names.GET:
            return Get(target=target, header=header)
        case names.ENUMERATE:
            return _enumerate(xml.need(body, names.ENUMERATION, "Enumerate"), header)
        case names.PULL:
            pull = xml.need(body, names.ENUMERATION, "Pull")
            return Pull(
                resource_uri=header.resource_uri,
                context=_context(pull) or "",
                max_elements=_max_elements(pull, names.ENUMERATION),
                header=header,
            )
        case names.RELEASE:
            release = xml.need(body, names.ENUMERATION, "Release")
            return Release(resource_uri=header.resource_uri, context=_context(release) or "", header=header)
        case names.SUBSCRIBE:
            subscribe = xml.need(body, names.EVENTING, "Subscribe")
            query = eventlog.decode_subscribe(subscribe)
            return Unsupported(header=header) if query is None else Subscribe(query=query, header=header)
        case names.UNSUBSCRIBE:
            return Unsubscribe(identifier=_identifier(root), header=header)
        case _:
            return _invoke(body, target, header)


def _identifier(root: xml.Element) -> str:
    found = xml.child_text(xml.need(root, names.SOAP, "Header"), names.EVENTING, "Identifier")
    if not found:
        raise ProtocolError("The message does not say which subscription it is about")
    return found


def _envelope(content: bytes) -> tuple[xml.Element, xml.Element]:
    root = xml.parse(content)
    if xml.local(root) != "Envelope" or xml.namespace(root) != names.SOAP:
        raise ProtocolError(f"The message is no SOAP 1.2 envelope but {xml.local(root)}")
    return root, xml.need(root, names.SOAP, "Body")


def _header(root: xml.Element) -> Header:
    found = xml.child(root, names.SOAP, "Header")
    lang = str(root.get(f"{{{names.XML}}}lang") or "")
    if found is None:
        return Header(lang=lang)
    reply_to = xml.child(found, names.ADDRESSING, "ReplyTo")
    locale = xml.child(found, names.WSMAN, "Locale")
    timeout = xml.child_text(found, names.WSMAN, "OperationTimeout") or ""
    return Header(
        action=xml.child_text(found, names.ADDRESSING, "Action") or "",
        message_id=xml.child_text(found, names.ADDRESSING, "MessageID") or "",
        to=xml.child_text(found, names.ADDRESSING, "To") or "",
        reply_to=None if reply_to is None else xml.child_text(reply_to, names.ADDRESSING, "Address") or "",
        relates_to=xml.child_text(found, names.ADDRESSING, "RelatesTo") or "",
        resource_uri=xml.child_text(found, names.WSMAN, "ResourceURI") or "",
        selectors=epr.decode_selectors(found),
        max_envelope_size=count_in(xml.child_text(found, names.WSMAN, "MaxEnvelopeSize")),
        operation_timeout=_timeout(timeout),
        operation_timeout_text=timeout,
        locale="" if locale is None else str(locale.get(f"{{{names.XML}}}lang") or ""),
        locale_mandatory=locale is not None and _mandatory(locale),
        unknown_mandatory=tuple(
            name
            for item in found
            if _mandatory(item) and (name := xml.local(item)) not in _KNOWN.get(xml.namespace(item), set())
        ),
        lang=lang,
    )


def _mandatory(element: xml.Element) -> bool:
    return (element.get(f"{{{names.SOAP}}}mustUnderstand") or "").strip().casefold() in _TRUE


def _timeout(text: str) -> timedelta | None:
    try:
        return read_duration(text)
    except (ValueError, OverflowError):
        return None


def _enumerate(element: xml.Element, header: Header) -> Enumerate:
    # WS-Enumeration has a Filter, and DSP0226 one of its own namespace, which Windows uses for WQL.
    query = xml.child(element, names.WSMAN, "Filter")
    if query is None:
        query = xml.child(element, names.ENUMERATION, "Filter")
    dialect = names.WQL_DIALECT if query is None else str(query.get("Dialect") or "")
    matching = None if query is None else filters.decode(dialect, query)
    mode = xml.child_text(element, names.WSMAN, "EnumerationMode") or ""
    if mode not in set(EnumerationMode):
        raise ProtocolError(f"The enumeration mode {mode!r} is unknown")
    return Enumerate(
        resource_uri=header.resource_uri,
        query=None if query is None or matching is not None else xml.text_of(query).strip(),
        matching=matching,
        dialect=dialect if matching is None else names.WQL_DIALECT,
        mode=EnumerationMode(mode),
        optimize=xml.child(element, names.WSMAN, "OptimizeEnumeration") is not None,
        max_elements=_max_elements(element, names.WSMAN),
        header=header,
    )


def _max_elements(element: xml.Element, space: str) -> int | None:
    return count_in(xml.child_text(element, space, "MaxElements"))


def _context(element: xml.Element) -> str | None:
    return xml.child_text(element, names.ENUMERATION, "EnumerationContext")


def _invoke(body: xml.Element, target: EndpointReference, header: Header) -> Invoke | Unsupported:
    element = next(iter(body), None)
    method = names.class_of(header.action)
    # The Action and the body must name one method: neither alone decides what is carried out.
    if (
        element is None
        or xml.local(element) != f"{method}_INPUT"
        or not _is_body_of(element, target.resource_uri)
    ):
        return Unsupported(header=header)
    found: dict[str, list[Value | Malformed]] = {}
    for item in element:
        found.setdefault(xml.local(item), []).append(_argument(item, target.resource_uri))
    arguments = {name: tuple(values) if len(values) > 1 else values[0] for name, values in found.items()}
    return Invoke(target=target, method=method, arguments=arguments, header=header)


def _is_body_of(element: xml.Element, uri: str) -> bool:
    """Say whether a method's body is the class's, or in WS-Management's namespace: so virt-who sends it, and hosts take it."""
    return xml.namespace(element) == names.WSMAN or _is_of(element, uri)


def _is_of(element: xml.Element, uri: str) -> bool:
    """Say whether an element is in a namespace of the class, as a method's body and parameters are. Only the class decides: one of Microsoft's examples has another WMI namespace in the body (MS-WSMV 4.1.4)."""
    space = xml.namespace(element)
    return bool(space) and names.class_of(space).casefold() == names.class_of(uri).casefold()


def _argument(item: xml.Element, uri: str) -> Value | Malformed:
    if not _is_of(item, uri):
        return Malformed(f"{xml.local(item)} is not in the namespace of the class")
    try:
        if len(item) and elements.is_time(item):
            return text_to_value((item[0].text or "").strip(), CimType.DATETIME)
        if epr.is_reference(item):
            return epr.decode_content(item)
        if len(item) == 0:
            return None if elements.is_nil(item) else item.text or ""
    except ProtocolError as error:
        return Malformed(error.message)
    # Embedded instances are strings: a tree of elements is a SchemaValidationError (r4sd/go-wsman hyperv/embedded.go).
    return Malformed(f"{xml.local(item)} holds {xml.local(item[0])} instead of a reference or text")


def decode_response(content: bytes) -> Response:  # noqa: PLR0911 - one for each message
    """Read an answer; a fault is a value like the others. Raises ProtocolError for anything that is not an answer."""
    root, body = _envelope(content)
    header = _header(root)
    first = next(iter(body), None)
    if first is None:
        # Both bodies are empty: only the Action tells them apart.
        if header.action == names.UNSUBSCRIBE_RESPONSE:
            return UnsubscribeResponse(header=header)
        if header.action != names.RELEASE_RESPONSE:
            raise ProtocolError("The answer has no content")
        return ReleaseResponse(header=header)
    match xml.namespace(first), xml.local(first):
        case names.SOAP, "Fault":
            header_block = next(root.iter(f"{{{names.SOAP}}}NotUnderstood"), None)
            qname = "" if header_block is None else str(header_block.get("qname") or "")
            return fault_body.decode_body(first, qname.rpartition(":")[2], header)
        case names.ENUMERATION, "EnumerateResponse":
            # With everything in one answer the context is there and empty (txwinrm, data/server_2012).
            return EnumerateResponse(
                context=_context(first) or None, items=_items(first), end=_is_last(first), header=header
            )
        case names.ENUMERATION, "PullResponse":
            return PullResponse(
                context=_context(first) or None, items=_items(first) or (), end=_is_last(first), header=header
            )
        case names.EVENTING, "SubscribeResponse":
            identifier, context = eventlog.decode_subscribed(first)
            return SubscribeResponse(identifier=identifier, context=context, header=header)
        case uri, name if uri and name.endswith("_OUTPUT"):
            outputs = _outputs(first)
            return InvokeResponse(
                resource_uri=uri, method=name.removesuffix("_OUTPUT"), outputs=outputs, header=header
            )
        case _:
            return _get_response(first, header)


def _get_response(element: xml.Element, header: Header) -> GetResponse:
    """An instance of any class answers a Get; without the Action header only an instance of a WMI class counts as one."""
    if header.action != names.GET_RESPONSE and (header.action or not names.is_wmi(xml.namespace(element))):
        raise ProtocolError(f"{header.action or xml.local(element)} answers nothing that is asked here")
    return GetResponse(instance=elements.decode_instance(element), header=header)


def _items(element: xml.Element) -> tuple[Item, ...] | None:
    """Read the page; None if there is none."""
    found = _of_either(element, "Items")
    return None if found is None else tuple(_item(item) for item in found)


def _is_last(element: xml.Element) -> bool:
    return _of_either(element, "EndOfSequence") is not None


def _of_either(element: xml.Element, name: str) -> xml.Element | None:
    """Items and EndOfSequence are in WS-Management's namespace in an optimised answer, otherwise in WS-Enumeration's; either is read."""
    found = xml.child(element, names.WSMAN, name)
    return xml.child(element, names.ENUMERATION, name) if found is None else found


def _item(item: xml.Element) -> Item:
    match xml.namespace(item), xml.local(item):
        case names.ADDRESSING, "EndpointReference":
            return epr.decode_content(item)
        case names.WSMAN, "XmlFragment":
            return elements.decode_fragment(item)
        case names.EVENT, "Event":
            return eventlog.decode_event(item)
        case names.WSMAN, "Item":
            return _instance_with_reference(item)
        case _:
            return elements.decode_instance(item)


def _instance_with_reference(item: xml.Element) -> InstanceWithReference:
    reference = xml.need(item, names.ADDRESSING, "EndpointReference")
    found = next((_item(other) for other in item if other is not reference), None)
    if not isinstance(found, Instance | Fragment):
        raise ProtocolError("An item of object and reference has no object")
    return InstanceWithReference(found, epr.decode_content(reference))


def _outputs(element: xml.Element) -> dict[str, Value]:
    return elements.gathered(
        (spec, elements.decode_value(item, spec.type))
        for item in element
        for spec in (_RETURN_VALUE if xml.local(item) == _RETURN_VALUE.name else Property(xml.local(item)),)
    )
