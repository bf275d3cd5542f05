"""Faults as exceptions of the wire: raised where a request goes wrong, answered in one place."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.wsman import CIMV2, Fault, Instance, Value, WsmanFault, catalogue
from hyperv_placement.wsman.fault import DETAILS, ProviderFault

QUOTA = catalogue.MAX_OPERATIONS
UNKNOWN_CLASS = "The specified class does not exist in the given namespace. "
_WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
_SHELLS = 2150859173  # ERROR_WSMAN_QUOTA_MAX_SHELLS (wsmerror.h)
_INVALID_QUERY = 0x80041017
_CODES = {
    "Not found ": 0x80041002,
    "Invalid object path ": 0x8004103A,
    "Quota violation ": 0x8004106C,
}
"""Text -> WBEM_E_* (wbemcli.h)."""
_WBEM_ACCESS_DENIED = 0x80041003
_NOT_REGISTERED = 0x800706D9  # EPT_S_NOT_REGISTERED (winerror.h)


class RequestRefusedError(Exception):
    """The request is answered with this fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class NotServedError(RequestRefusedError):
    """A host would do this, the lab does not: the service notes it in the lab's log, so that nobody seeks the mistake in his client."""

    def __init__(self, fault: Fault, what: str) -> None:
        super().__init__(fault)
        self.what = what
        """What is not served, as the log has it: `Msvm_VirtualSystemManagementService.DefineSystem`."""


def not_served(fault: Fault, what: str) -> NotServedError:
    """Return the refusal of `what`: `fault` is the form, such as `catalogue.action_not_supported(machine)`, its words become the lab's."""
    text = f"Not served by the lab: {what}. "
    detail = fault.detail
    if isinstance(detail, WsmanFault):
        detail = _reworded(detail, text)
    return NotServedError(replace(fault, reason=text, detail=detail), what)


def _reworded(detail: WsmanFault, text: str) -> WsmanFault:
    """Return the detail with `text` where it has its words: in the innermost fault."""
    provider = detail.provider
    if provider is None or provider.inner is None:
        return replace(detail, text=text)
    return replace(detail, provider=replace(provider, inner=_reworded(provider.inner, text)))


def seen_from_inside(fault: Fault, computer_name: str) -> Fault:
    """Return the fault with the host's own name in what its provider says (recorded by WinRb/WinRM)."""
    detail = fault.detail
    provider = detail.provider if isinstance(detail, WsmanFault) else None
    if not isinstance(detail, WsmanFault) or provider is None or provider.inner is None:
        return fault
    inner = replace(provider.inner, machine=computer_name)
    return replace(fault, detail=replace(detail, provider=replace(provider, inner=inner)))


def version_mismatch() -> Fault:
    """Another SOAP than 1.2 (SOAP 1.2 part 1, 5.4.7); that Windows answers so is a guess."""
    return Fault(code="VersionMismatch", reason="The SOAP version is not supported. ")


def cluster_away(machine: str) -> Fault:
    """The cluster's provider while its service does not run: the endpoint is not registered (os-win clusterutils); the form is a guess."""
    text = "There are no more endpoints available from the endpoint mapper. "
    return catalogue.internal_error(machine, _NOT_REGISTERED, text)


def wbem_access_denied(machine: str) -> Fault:
    """What WMI says of a namespace or a class that the caller may not read."""
    return catalogue.internal_error(machine, _WBEM_ACCESS_DENIED, "Access denied ")


def namespace_conflict(machine: str) -> Fault:
    """A __cimnamespace other than the URI's; the text is in microsoft/omi issue 398, code and subcode are guesses."""
    text = (
        "The WS-Management service cannot process the request. The resource URI and __cimnamespace selector "
        "attempted to use different namespaces. Try removing the __cimnamespace selector or using a DMTF resource "
        "URI. If a non-DMTF resource URI is used with a __cimnamespace selector, the namespaces must match. "
    )
    return Fault(
        subcode="InvalidSelectors",
        reason=text,
        detail_uri=f"{DETAILS}/UnexpectedSelectors",
        detail=WsmanFault(code=catalogue.UNEXPECTED_SELECTORS, machine=machine, text=text),
    )


def query_refused(machine: str, text: str, query: str) -> Fault:
    """A query that WMI does not run, and what was asked (recorded by WinRb/WinRM, soap_fault_v2.xml).

    For an unknown class the inner code was recorded: the service's own again. That each other text has its own of wbemcli.h is a guess.
    """
    fault = catalogue.cannot_process_filter(machine, text)
    detail = fault.detail
    if not isinstance(detail, WsmanFault):
        return fault
    code = detail.code if text == UNKNOWN_CLASS else _CODES.get(text, _INVALID_QUERY)
    inner = WsmanFault(code=code, machine=machine, text=text)
    status: dict[str, Value] = {
        "Description": None, "Operation": "ExecQuery", "ParameterInfo": query, "ProviderName": "WinMgmt", "StatusCode": None,
    }  # fmt: skip
    extended = Instance("__ExtendedStatus", status, CIMV2)
    return replace(fault, detail=replace(detail, provider=ProviderFault(inner=inner, extended=extended)))


def too_many_shells() -> Fault:
    """An error of CIM instead of a WSManFault (recorded by WinRb/WinRM, wmi_error_v2.xml)."""
    text = "The WS-Management service cannot process the request. The maximum number of shells has been exceeded. "
    error: dict[str, Value] = {
        "CIMStatusCode": 27,
        "ErrorSource": None,
        "ErrorType": 0,
        "Message": text,
        "MessageID": f"HRESULT 0x{_SHELLS:08x}",
        "error_Code": _SHELLS,
    }
    return Fault(subcode="QuotaLimit", reason=text, detail=Instance("MSFT_WmiError", error, "", _WMI_ERROR))


def quota(machine: str) -> Fault:
    """Too many operations of one user at a time (recorded by txwinrm)."""
    text = (
        "This user is allowed a maximum number of concurrent operations, which has been exceeded. Close existing "
        "operations for this user, or raise the quota for this user. "
    )
    return Fault(
        code="Receiver",
        subcode="InternalError",
        reason=text,
        detail=WsmanFault(code=QUOTA, machine=machine, text=text),
    )


def injected(machine: str, code: int | None, text: str) -> Fault:
    """Return the fault that a rule of the lab asks for; without a code, too many operations of one user."""
    if code is None:
        return quota(machine)
    code &= 0xFFFFFFFF
    constructors = {
        catalogue.DESTINATION_UNREACHABLE: catalogue.destination_unreachable,
        catalogue.UNEXPECTED_SELECTORS: catalogue.invalid_selectors,
        catalogue.INVALID_ENUMERATION_CONTEXT: catalogue.invalid_enumeration_context,
        catalogue.TIMED_OUT: catalogue.timed_out,
        catalogue.ENCODING_LIMIT: catalogue.encoding_limit,
        catalogue.ACCESS_DENIED: catalogue.access_denied,
    }
    if code == _SHELLS:
        return too_many_shells()
    if code in constructors:
        return constructors[code](machine)
    if code == catalogue.CANNOT_PROCESS_FILTER:
        return catalogue.cannot_process_filter(machine, text or "Invalid query ")
    return catalogue.internal_error(machine, code, text or "A fault of the lab. ")
