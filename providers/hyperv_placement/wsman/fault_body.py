"""The body of a fault as XML: written as Windows writes it, read for whatever is there."""

from __future__ import annotations

from . import elements, names, xml
from .fault import Fault, ProviderFault, WsmanFault, code_in
from .header import EMPTY, Header
from .instance import Instance, Value
from .values import value_to_text

_PREFIXES = {
    names.ADDRESSING: "a",
    names.ENUMERATION: "n",
    names.WSMAN: "w",
    names.SOAP: "s",
    names.EVENTING: "e",
}
_IS_ERROR = f"{{{names.CIMBINDING}}}IsCIM_Error"
_ERRORS = frozenset({"MSFT_WmiError", "OMI_Error", "CIM_Error"})
_NUMBERS = {
    **dict.fromkeys(("CIMStatusCode", "error_Category", "error_Code"), "cim:cimUnsignedInt"),
    **dict.fromkeys(
        ("ErrorSourceFormat", "ErrorType", "PerceivedSeverity", "ProbableCause"), "cim:cimUnsignedShort"
    ),
}
"""Types of MSFT_WmiError's numbers; the rest are texts (recorded by WinRb/WinRM, wmi_error_v2.xml)."""


def encode_body(fault: Fault, lang: str) -> str:
    """Return the s:Fault element; `lang` is the envelope's language."""
    prefix = _PREFIXES.get(fault.subcode_namespace, "w")
    subcode = xml.tag("s:Subcode", xml.leaf("s:Value", f"{prefix}:{fault.subcode}")) if fault.subcode else ""
    content = xml.leaf("w:FaultDetail", fault.detail_uri) if fault.detail_uri else ""
    content += "".join(xml.leaf("n:SupportedDialect", each) for each in fault.dialects)
    match fault.detail:
        case WsmanFault() as detail:
            content += _wsman_fault(detail)
        case Instance() as error:
            content += _cim_error(error)
        case None:
            pass
    return xml.tag(
        "s:Fault",
        xml.tag("s:Code", xml.leaf("s:Value", f"s:{fault.code}") + subcode)
        + xml.tag("s:Reason", xml.leaf("s:Text", fault.reason, {"xml:lang": fault.lang or lang}))
        + (xml.tag("s:Detail", content) if content else ""),
    )


def _wsman_fault(detail: WsmanFault) -> str:
    content = xml.escaped(detail.text) + ("" if detail.provider is None else _provider_fault(detail.provider))
    code = {} if detail.code is None else {"Code": str(detail.code)}
    attributes = {"xmlns:f": names.FAULT, **code, "Machine": detail.machine}
    return xml.tag("f:WSManFault", xml.tag("f:Message", content), attributes)


def _provider_fault(fault: ProviderFault) -> str:
    content = xml.escaped(fault.text) + ("" if fault.inner is None else _wsman_fault(fault.inner))
    if fault.extended is not None:
        content += xml.tag("f:ExtendedError", elements.encode_instance(fault.extended))
    attributes = {"provider": fault.provider, "path": fault.path}
    return xml.tag("f:ProviderFault", content or None, attributes)


def _cim_error(error: Instance) -> str:
    attributes = {
        "b:IsCIM_Error": "true",
        "xmlns:xsi": names.XSI,
        "xmlns:b": names.CIMBINDING,
        "xmlns:p": error.resource_uri,
        "xmlns:cim": names.CIM,
        "xsi:type": f"p:{error.class_name}_Type",
    }
    content = "".join(_typed(name, value) for name, value in error.properties.items())
    return xml.tag(f"p:{error.class_name}", content, attributes)


def _typed(name: str, value: Value) -> str:
    if isinstance(value, tuple):
        return "".join(_typed(name, item) for item in value)
    declared = {"xsi:type": _NUMBERS.get(name, "cim:cimString")}
    if value is None:
        # Typed although it is NULL, as no property of an instance is (recorded by WinRb/WinRM, wmi_error_v2.xml).
        return xml.tag(f"p:{name}", None, {"xsi:nil": "true", **declared})
    return xml.leaf(f"p:{name}", value_to_text(value), declared)


def decode_body(element: xml.Element, not_understood: str = "", header: Header = EMPTY) -> Fault:
    """Read an s:Fault element; whatever is missing in it stays empty."""
    code = xml.child(element, names.SOAP, "Code")
    subcode = None if code is None else xml.child(code, names.SOAP, "Subcode")
    space, name = _qualified(subcode)
    detail = xml.child(element, names.SOAP, "Detail")
    reason = xml.child(element, names.SOAP, "Reason")
    text = None if reason is None else xml.child(reason, names.SOAP, "Text")
    lang = "" if text is None else str(text.get(f"{{{names.XML}}}lang") or "")
    return Fault(
        code=_qualified(code)[1],
        subcode=name,
        subcode_namespace=space or names.WSMAN,
        reason="" if text is None else xml.text_of(text),
        lang="" if lang == header.lang else lang,
        detail_uri="" if detail is None else xml.child_text(detail, names.WSMAN, "FaultDetail") or "",
        detail=None if detail is None else _decoded(detail),
        dialects=() if detail is None else _dialects(detail),
        not_understood=not_understood,
        header=header,
    )


def _dialects(detail: xml.Element) -> tuple[str, ...]:
    listed = detail.iterfind(f"{{{names.ENUMERATION}}}SupportedDialect")
    return tuple(xml.text_of(each).strip() for each in listed)


def _qualified(element: xml.Element | None) -> tuple[str, str]:
    """Return namespace and local name of the qualified name in s:Value."""
    value = "" if element is None else xml.child_text(element, names.SOAP, "Value") or ""
    prefix, _, name = value.rpartition(":")
    space = "" if element is None else element.nsmap.get(prefix or None) or ""
    return space, name


def _decoded(detail: xml.Element) -> WsmanFault | Instance | None:
    outer = xml.child(detail, names.FAULT, "WSManFault")
    if outer is not None:
        return _decoded_wsman(outer)
    return _decoded_error(detail)


def _decoded_error(element: xml.Element) -> Instance | None:
    """Return the error of CIM among the children: marked as one, or known by its name (MS-WSMV 2.2.4.43)."""
    marked = (i for i in element if i.get(_IS_ERROR) == "true" or xml.local(i) in _ERRORS)
    error = next((item for item in marked if xml.namespace(item)), None)
    return None if error is None else elements.decode_instance(error)


def _decoded_wsman(element: xml.Element) -> WsmanFault:
    message = xml.child(element, names.FAULT, "Message")
    provider = None if message is None else xml.child(message, names.FAULT, "ProviderFault")
    return WsmanFault(
        code=code_in(element.get("Code")),
        machine=str(element.get("Machine") or ""),
        text=_own_text(message),
        provider=None if provider is None else _decoded_provider(provider),
    )


def _decoded_provider(element: xml.Element) -> ProviderFault:
    inner = xml.child(element, names.FAULT, "WSManFault")
    extended = xml.child(element, names.FAULT, "ExtendedError")
    status = None if extended is None else next((item for item in extended if xml.namespace(item)), None)
    return ProviderFault(
        provider=str(element.get("provider") or ""),
        path=str(element.get("path") or ""),
        text=_own_text(element),
        inner=None if inner is None else _decoded_wsman(inner),
        extended=_decoded_error(element) if status is None else elements.decode_instance(status),
    )


def _own_text(element: xml.Element | None) -> str:
    """Return the text before the first element; blanks between elements are none."""
    text = "" if element is None else element.text or ""
    return text if text.strip() or (element is not None and len(element) == 0) else ""
