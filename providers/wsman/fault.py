"""Faults: what a host answers instead, as WSManFault with nested provider faults, or as MSFT_WmiError (MS-WSMV)."""

from __future__ import annotations

from dataclasses import dataclass

from . import names, xml
from .values import count_in

DETAILS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail"
WMI_PROVIDER = "WMI Provider"
WMI_PROVIDER_PATH = r"%systemroot%\system32\WsmWmiPl.dll"
_PREFIXES = {
    names.ADDRESSING: "a",
    names.ENUMERATION: "n",
    names.WSMAN: "w",
    names.SOAP: "s",
    names.EVENTING: "e",
}
_ACTIONS = {names.ADDRESSING: names.ADDRESSING_FAULT, names.ENUMERATION: names.ENUMERATION_FAULT}
LARGEST_WIN32 = 0xFFFF
"""Above it a code is an HRESULT or a code of WS-Management."""
_FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault as its receiver needs it; texts are localised, so decide by `wsman_code` and `subcode`."""

    code: str = "Sender"
    """Local name of the SOAP code: Sender, Receiver, MustUnderstand."""
    subcode: str = ""
    subcode_namespace: str = names.WSMAN
    reason: str = ""
    wsman_code: int | None = None
    """Decimal code of WSManFault (or error_Code of MSFT_WmiError): a WSMan code, a Win32 code or an HRESULT."""
    detail_uri: str = ""
    machine: str = ""
    texts: tuple[str, ...] = ()
    """Messages from the outermost to the innermost."""
    provider: str = ""
    provider_path: str = ""
    not_understood: str = ""
    """Local name of the mandatory header that was not understood."""
    lang: str = "en-US"

    @property
    def action(self) -> str:
        """The Action header, by the subcode's family."""
        return _ACTIONS.get(self.subcode_namespace, _FAULT_ACTION)

    def __str__(self) -> str:
        """One line: the innermost text, else the reason, with the code."""
        words = next((text for text in reversed(self.texts) if text.strip()), self.reason) or self.subcode
        code = "" if self.wsman_code is None else f" ({code_text(self.wsman_code)})"
        return " ".join(words.split()).rstrip(".") + code


def code_text(code: int) -> str:
    """Return a code as people look it up: HRESULTs and WSMan codes in hexadecimal, Win32 codes in decimal."""
    return f"0x{code:08X}" if code > LARGEST_WIN32 else str(code)


def encode_body(fault: Fault) -> str:
    """Return the s:Fault element."""
    prefix = _PREFIXES.get(fault.subcode_namespace, "w")
    subcode = xml.tag("s:Subcode", xml.leaf("s:Value", f"{prefix}:{fault.subcode}")) if fault.subcode else ""
    return xml.tag(
        "s:Fault",
        xml.tag("s:Code", xml.leaf("s:Value", f"s:{fault.code}") + subcode)
        + xml.tag("s:Reason", xml.leaf("s:Text", fault.reason, {"xml:lang": fault.lang}))
        + _detail(fault),
    )


def _detail(fault: Fault) -> str:
    uri = xml.leaf("w:FaultDetail", fault.detail_uri) if fault.detail_uri else ""
    if fault.wsman_code is None:
        return xml.tag("s:Detail", uri) if uri else ""
    return xml.tag("s:Detail", uri + _wsman_fault(fault))


def _wsman_fault(fault: Fault) -> str:
    first, *inner = fault.texts or ("",)
    content = xml.escaped(first)
    if fault.provider:
        nested = "".join(_nested(fault, text) for text in inner)
        content += xml.tag(
            "f:ProviderFault", nested or None, {"provider": fault.provider, "path": fault.provider_path}
        )
    return xml.tag(
        "f:WSManFault",
        xml.tag("f:Message", content),
        {"xmlns:f": names.FAULT, "Code": str(fault.wsman_code), "Machine": fault.machine},
    )


def _nested(fault: Fault, text: str) -> str:
    return xml.tag(
        "f:WSManFault",
        xml.leaf("f:Message", text),
        {"xmlns:f": names.FAULT, "Code": str(fault.wsman_code), "Machine": fault.machine},
    )


def decode_body(element: xml.Element, not_understood: str = "") -> Fault:
    """Read an s:Fault element; whatever is missing in it stays empty."""
    code = xml.child(element, names.SOAP, "Code")
    subcode = None if code is None else xml.child(code, names.SOAP, "Subcode")
    space, name = _qualified(subcode)
    reason = xml.child(element, names.SOAP, "Reason")
    detail = xml.child(element, names.SOAP, "Detail")
    found = _Detail.read(detail)
    return Fault(
        code=_qualified(code)[1],
        subcode=name,
        subcode_namespace=space or names.WSMAN,
        reason="" if reason is None else xml.text_of(reason).strip(),
        wsman_code=found.code,
        detail_uri="" if detail is None else xml.child_text(detail, names.WSMAN, "FaultDetail") or "",
        machine=found.machine,
        texts=found.texts,
        provider=found.provider,
        provider_path=found.provider_path,
        not_understood=not_understood,
    )


def _qualified(element: xml.Element | None) -> tuple[str, str]:
    """Return namespace and local name of the qualified name in s:Value."""
    value = "" if element is None else xml.child_text(element, names.SOAP, "Value") or ""
    prefix, _, name = value.rpartition(":")
    space = "" if element is None else element.nsmap.get(prefix or None) or ""
    return space, name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detail:
    code: int | None = None
    machine: str = ""
    texts: tuple[str, ...] = ()
    provider: str = ""
    provider_path: str = ""

    @classmethod
    def read(cls, detail: xml.Element | None) -> _Detail:
        if detail is None:
            return cls()
        outer = xml.child(detail, names.FAULT, "WSManFault")
        if outer is not None:
            return cls._wsman(outer)
        error = next((item for item in detail if xml.local(item) == "MSFT_WmiError"), None)
        return cls() if error is None else cls._wmi(error)

    @classmethod
    def _wsman(cls, outer: xml.Element) -> _Detail:
        provider = next(iter(outer.iter(f"{{{names.FAULT}}}ProviderFault")), None)
        texts = tuple(
            words
            for message in (
                *outer.iter(f"{{{names.FAULT}}}Message"),
                *outer.iter(f"{{{names.FAULT}}}ProviderFault"),
            )
            if (words := (message.text or "").strip())
        )
        return cls(
            code=count_in(outer.get("Code")),
            machine=str(outer.get("Machine") or ""),
            texts=texts,
            provider="" if provider is None else str(provider.get("provider") or ""),
            provider_path="" if provider is None else str(provider.get("path") or ""),
        )

    @classmethod
    def _wmi(cls, error: xml.Element) -> _Detail:
        values = {xml.local(item): xml.text_of(item).strip() for item in error}
        texts = (values.get("Message"), values.get("error_WindowsErrorMessage"))
        return cls(code=count_in(values.get("error_Code")), texts=tuple(text for text in texts if text))
