"""The faults that a Windows host was seen, or is documented, to answer (MS-WSMV 2.2.4.43, wsmerror.h)."""

from __future__ import annotations

from . import names
from .fault import DETAILS, Fault, ProviderFault, WsmanFault
from .filters import ASSOCIATION_DIALECT, SELECTOR_DIALECT

DESTINATION_UNREACHABLE = 2150858752
ACTION_NOT_SUPPORTED = 2150858753
MUST_UNDERSTAND = 2150858768
CANNOT_PROCESS_FILTER = 2150858778
INVALID_ENUMERATION_CONTEXT = 2150858779
INVALID_HEADER = 2150858767
FILTER_DIALECT_UNAVAILABLE = 2150858777
TIMED_OUT = 2150858793
SCHEMA_VALIDATION = 2150858817
ENCODING_LIMIT = 2150858823
UNEXPECTED_SELECTORS = 2150858843
UNSUPPORTED_FEATURE = 2150858824
MAX_OPERATIONS = 2150859174
ACCESS_DENIED = 5
NOT_FOUND = 0x80041002
INVALID_NAMESPACE = 0x8004100E
INVALID_METHOD = 0x80041055
INVALID_METHOD_PARAMETERS = 0x8004102F

QUOTA_CODES = frozenset({2150859173, MAX_OPERATIONS, 2150859175, 2150859176, 2150858815})
"""Codes after which trying again later may help (wsmerror.h: shells, operations, user, system, busy)."""


def destination_unreachable(machine: str) -> Fault:
    """No such instance, or keys missing; WMI's provider says so (recorded on 2012 R2, microsoft/omi test_wsmanparser.cpp)."""
    text = "The WS-Management service cannot process the request. The service cannot find the resource identified by the resource URI and selectors. "
    return Fault(
        subcode="DestinationUnreachable", subcode_namespace=names.ADDRESSING, reason=text,
        detail_uri=f"{DETAILS}/InvalidResourceURI", detail=_by_wmi(DESTINATION_UNREACHABLE, machine, text),
    )  # fmt: skip


def invalid_selectors(machine: str) -> Fault:
    """A selector that is no key (recorded by pypsrp of the shell's provider; that WMI's does alike is a guess)."""
    text = "The WS-Management service cannot process the request because the request contained invalid selectors for the resource. "
    return Fault(
        subcode="InvalidSelectors", reason=text, detail_uri=f"{DETAILS}/UnexpectedSelectors",
        detail=_by_wmi(UNEXPECTED_SELECTORS, machine, text),
    )  # fmt: skip


def cannot_process_filter(machine: str, text: str) -> Fault:
    """A query that WMI refuses, or one sent to a class instead of `*` (recorded by WinRb/WinRM)."""
    reason = "The data source could not process the filter. The filter might be missing or it might be invalid. Change the filter and try the request again.  "
    return Fault(
        subcode="CannotProcessFilter", subcode_namespace=names.ENUMERATION, reason=reason,
        detail=_by_wmi(CANNOT_PROCESS_FILTER, machine, text),
    )  # fmt: skip


def filter_dialect_unavailable(machine: str) -> Fault:
    """A filter dialect that the resource does not know; the detail names those that it does (wsmerror.h, text and detail).

    That Windows names them in the elements of WS-Enumeration 2004/09, section 4, is a guess.
    """
    text = (
        "The filter dialect (the type associated with the filter) was not supported for this resource. Change the "
        "filter dialect or remove it from the request and try the request again. "
    )
    return Fault(
        subcode="FilterDialectRequestedUnavailable", subcode_namespace=names.ENUMERATION, reason=text,
        dialects=(names.WQL_DIALECT, SELECTOR_DIALECT, ASSOCIATION_DIALECT),
        detail=WsmanFault(code=FILTER_DIALECT_UNAVAILABLE, machine=machine, text=text),
    )  # fmt: skip


def invalid_enumeration_context(machine: str) -> Fault:
    """A context that was used before, has expired, or was never given (DSP0226 7.4)."""
    text = (
        "The WS-Management service cannot process the request. The supplied enumeration context is invalid. "
    )
    return Fault(
        code="Receiver", subcode="InvalidEnumerationContext", subcode_namespace=names.ENUMERATION, reason=text,
        detail=WsmanFault(code=INVALID_ENUMERATION_CONTEXT, machine=machine, text=text),
    )  # fmt: skip


def schema_validation_error(machine: str) -> Fault:
    """A body of the wrong shape; its text was never published (r4sd/go-wsman hyperv/embedded.go)."""
    text = "The SOAP XML in the message does not match the corresponding XML schema definition. Change the XML and retry. "
    return Fault(
        subcode="SchemaValidationError",
        reason=text,
        detail=WsmanFault(code=SCHEMA_VALIDATION, machine=machine, text=text),
    )


def must_understand(header: str) -> Fault:
    """A mandatory header that the service does not know (SOAP 1.2 part 1, 5.4.8)."""
    return Fault(
        code="MustUnderstand", reason="The WS-Management service does not understand a mandatory header. ",
        not_understood=header,
    )  # fmt: skip


def missing_header(name: str) -> Fault:
    """A header that every request needs (WS-Addressing 2004/08, 4.2)."""
    return Fault(
        subcode="MessageInformationHeaderRequired", subcode_namespace=names.ADDRESSING,
        reason=f"A required header was missing: {name}. ",
    )  # fmt: skip


def invalid_header(machine: str, text: str) -> Fault:
    """A header with an impossible value, as OperationTimeout PT-1S; `text` names it (recorded by pypsrp)."""
    return Fault(
        subcode="InvalidMessageInformationHeader", subcode_namespace=names.ADDRESSING,
        reason="The WS-Management service cannot process the request. The request contains one or more invalid SOAP headers. ",
        detail=WsmanFault(code=INVALID_HEADER, machine=machine, text=text),
    )  # fmt: skip


def unsupported_feature(machine: str, detail: str) -> Fault:
    """A mandatory feature that the service lacks, as Locale (MS-WSMV 3.1.4.1.24)."""
    text = "The WS-Management service does not support the specified feature. "
    return Fault(
        subcode="UnsupportedFeature", reason=text, detail_uri=f"{DETAILS}/{detail}",
        detail=WsmanFault(code=UNSUPPORTED_FEATURE, machine=machine, text=text),
    )  # fmt: skip


def action_not_supported(machine: str) -> Fault:
    """An action that the resource does not have (WS-Addressing 2004/08, 4.4); the text is a guess."""
    text = "The WS-Management service cannot process the request because the action is not supported by the resource. "
    return Fault(
        subcode="ActionNotSupported", subcode_namespace=names.ADDRESSING, reason=text,
        detail=WsmanFault(code=ACTION_NOT_SUPPORTED, machine=machine, text=text),
    )  # fmt: skip


def encoding_limit(machine: str) -> Fault:
    """A MaxEnvelopeSize below 8192, or an answer that does not fit (MS-WSMV 2.2.4.10)."""
    text = "The WS-Management service cannot process the request. The requested maximum envelope size is too small. "
    return Fault(
        subcode="EncodingLimit", reason=text, detail_uri=f"{DETAILS}/MaxEnvelopeSize", detail=WsmanFault(code=ENCODING_LIMIT, machine=machine, text=text),
    )  # fmt: skip


def timed_out(machine: str) -> Fault:
    """OperationTimeout passed (recorded by pypsrp)."""
    text = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "
    return Fault(
        code="Receiver",
        subcode="TimedOut",
        reason=text,
        detail=WsmanFault(code=TIMED_OUT, machine=machine, text=text),
    )


def access_denied(machine: str) -> Fault:
    """The account may not do this (wsmerror.h)."""
    return Fault(
        subcode="AccessDenied", reason="Access is denied. ", detail=WsmanFault(code=ACCESS_DENIED, machine=machine, text="Access is denied. "),
    )  # fmt: skip


def internal_error(machine: str, code: int, text: str) -> Fault:
    """Any failure of the WMI provider: the code is a Win32 code or an HRESULT (recorded by pypsrp)."""
    return Fault(
        code="Receiver", subcode="InternalError", reason="The WS-Management service cannot process the request. ",
        detail=_by_wmi(code, machine, text),
    )  # fmt: skip


def _by_wmi(code: int, machine: str, text: str) -> WsmanFault:
    """Return the detail of a fault that WMI's provider found (recorded by WinRb/WinRM and microsoft/omi)."""
    inner = WsmanFault(code=code, machine=machine, text=text)
    return WsmanFault(code=code, machine=machine, provider=ProviderFault(inner=inner))
