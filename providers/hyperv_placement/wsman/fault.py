"""Faults, as WSManFault with nested provider faults or as MSFT_WmiError (MS-WSMV)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import names
from .header import EMPTY, Header
from .instance import Instance
from .values import count_in

DETAILS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail"
WMI_PROVIDER = "WMI Provider"
WMI_PROVIDER_PATH = r"%systemroot%\system32\WsmWmiPl.dll"
_ACTIONS = {names.ADDRESSING: names.ADDRESSING_FAULT, names.ENUMERATION: names.ENUMERATION_FAULT}
LARGEST_WIN32 = 0xFFFF
"""Codes above this are HRESULTs or codes of WS-Management."""
_HRESULT = re.compile(r"HRESULT 0x([0-9A-Fa-f]{1,8})")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])0x([0-9A-Fa-f]{8})(?![0-9A-Za-z])")
_UNSIGNED = 0xFFFFFFFF
_SIGNED = re.compile(r"-[0-9]{1,10}")
_CODES = frozenset({"error_code", "statuscode"})
"""Properties that hold a code: of MSFT_WmiError and of __ExtendedStatus. CIMStatusCode is none: it is a class of errors."""
_ASKED = frozenset({"parameterinfo"})
"""Properties that repeat what was asked (__ExtendedStatus page), and say nothing about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFault:
    """What a provider reported: a text, or a fault of its own, with WMI's extended status (recorded by WinRb/WinRM)."""

    provider: str = WMI_PROVIDER
    path: str = WMI_PROVIDER_PATH
    text: str = ""
    inner: WsmanFault | None = None
    extended: Instance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WsmanFault:
    """The detail of most faults: a code, and a text or a provider's fault."""

    code: int | None = None
    """A code of WS-Management, a Win32 code or an HRESULT."""
    machine: str = ""
    """In the outer fault the name that was dialled, in an inner one the host's own."""
    text: str = ""
    provider: ProviderFault | None = None

    def texts(self) -> Iterator[str]:
        """Yield the texts from the outermost to the innermost."""
        yield self.text
        if self.provider is not None:
            yield self.provider.text
            if self.provider.inner is not None:
                yield from self.provider.inner.texts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault as its receiver needs it; texts are localised, so decide by `wsman_code` and `subcode`."""

    code: str = "Sender"
    """Local name of the SOAP code: Sender, Receiver, MustUnderstand."""
    subcode: str = ""
    subcode_namespace: str = names.WSMAN
    reason: str = ""
    lang: str = ""
    """Language of the reason; empty where it is that of the envelope."""
    detail_uri: str = ""
    detail: WsmanFault | Instance | None = None
    """An Instance here is a CIM error, as MSFT_WmiError."""
    dialects: tuple[str, ...] = ()
    """Filter dialects that the service knows, where it refuses another (WS-Enumeration 2004/09, 4)."""
    not_understood: str = ""
    """Local name of the mandatory header that was not understood."""
    header: Header = EMPTY

    @property
    def action(self) -> str:
        """The Action header: as received, otherwise by the subcode's family."""
        return self.header.action or _ACTIONS.get(self.subcode_namespace, names.WSMAN_FAULT)

    @property
    def wsman_code(self) -> int | None:
        """The decimal code of WSManFault or MSFT_WmiError; None where there is none."""
        match self.detail:
            case WsmanFault(code=code):
                return code
            case Instance() as error:
                # Recorded with the code in both places (WinRb/WinRM, wmi_error_v2.xml); one of them is enough.
                match = _HRESULT.search(error.text("MessageID"))
                return count_in(error.text("error_Code")) or (int(match.group(1), 16) if match else None)
            case None:
                return None

    @property
    def codes(self) -> frozenset[int]:
        """Every code in the fault, unsigned: of each WSManFault, of a CIM error, of WMI's extended status, and what texts hold as 0x...

        The number is the same in every language, and in whatever part of the fault a build puts it.
        """
        return frozenset((*_hexadecimal(self.reason), *_codes_in(self.detail)))

    @property
    def names_no_namespace(self) -> bool:
        """Whether the detail is that the namespace is invalid (DSP0226, fault details)."""
        return self.detail_uri.strip().rpartition("/")[2] == "InvalidNamespace"

    @property
    def machine(self) -> str:
        """The machine that the outermost detail names."""
        return self.detail.machine if isinstance(self.detail, WsmanFault) else ""

    @property
    def provider(self) -> str:
        """The provider that reports the fault; empty where it is the service itself."""
        found = self.detail.provider if isinstance(self.detail, WsmanFault) else None
        return "" if found is None else found.provider

    @property
    def texts(self) -> tuple[str, ...]:
        """Messages from the outermost to the innermost."""
        found: Iterable[str] = ()
        match self.detail:
            case WsmanFault():
                found = self.detail.texts()
            case Instance() as error:
                found = error.text("Message"), error.text("error_WindowsErrorMessage")
            case None:
                pass
        return tuple(stripped for text in found if (stripped := text.strip()))

    def __str__(self) -> str:
        """One line: the innermost text or the reason, with the code."""
        # The innermost is the provider's own; the service's around it says only that it cannot process the request.
        words = (self.texts or (self.reason.strip(),))[-1] or self.subcode
        code = "" if self.wsman_code is None else f" ({code_text(self.wsman_code)})"
        return " ".join(words.split()).rstrip(".") + code


def code_text(code: int) -> str:
    """Return a code as people look it up: HRESULTs and WSMan codes in hexadecimal, Win32 codes in decimal."""
    return f"0x{code:08X}" if code > LARGEST_WIN32 else str(code)


def code_in(text: str | None) -> int | None:
    """Return the code that `text` means, unsigned: a decimal, a signed one, or hexadecimal; None for anything else."""
    stripped = (text or "").strip()
    if _SIGNED.fullmatch(stripped):
        return int(stripped) & _UNSIGNED
    found = _HEXADECIMAL.fullmatch(stripped)
    return int(found.group(1), 16) if found else count_in(stripped)


def _codes_in(part: object) -> Iterator[int]:
    match part:
        case WsmanFault(code=code, text=text, provider=provider):
            yield from () if code is None else (code,)
            yield from _hexadecimal(text)
            yield from _codes_in(provider)
        case ProviderFault(text=text, inner=inner, extended=extended):
            yield from _hexadecimal(text)
            yield from _codes_in(inner)
            yield from _codes_in(extended)
        case Instance():
            for name, value in part.properties.items():
                if name.lower() in _CODES:
                    code = code_in(part.text(name))
                    yield from () if code is None else (code,)
                elif name.lower() not in _ASKED:
                    yield from _codes_in(value)
        case str():
            yield from _hexadecimal(part)
        case tuple():
            for each in part:
                yield from _codes_in(each)
        case _:
            pass


def _hexadecimal(text: str) -> Iterator[int]:
    return (int(each, 16) for each in _HEXADECIMAL.findall(text))
