"""WS-Management faults as errors: by codes and subcode, never by their localised text."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.errors import WsmanFaultError
from hyperv_placement.model.names import HostName
from hyperv_placement.wsman import Enumerate, Fault, Get, Invoke, Pull, Release, Request, catalogue, class_of

WBEM_ACCESS_DENIED, E_ACCESS_DENIED = 0x80041003, 0x80070005
WBEM_INVALID_CLASS = 0x80041010
# Access is denied by WinRM, by WMI or by Windows, each in numbers of its own.
_DENIED = frozenset({catalogue.ACCESS_DENIED, WBEM_ACCESS_DENIED, E_ACCESS_DENIED})
_ABSENT = frozenset({catalogue.NOT_FOUND, catalogue.DESTINATION_UNREACHABLE})


class AccessDeniedFaultError(WsmanFaultError):
    """The account may not do this on the host."""

    # A local administrator but the built-in one is no administrator over the network (win32 WmiSdk, user-account-control-and-wmi).
    remedy = (
        "Make the account a member of Hyper-V Administrators and Remote Management Users on the host; being one of its local"
        " administrators is not enough over the network (docs/prepare-your-hosts.md)"
    )


class AbsentFaultError(WsmanFaultError):
    """The service finds nothing by what was asked: of a Get, that the instance is not there.

    Of a class or of a namespace it proves nothing: 2150858752 is the answer for any resource that cannot be found.
    """


class NoNamespaceFaultError(WsmanFaultError):
    """The host has no such namespace, and says so: WBEM_E_INVALID_NAMESPACE, or the fault detail InvalidNamespace."""


class NoClassFaultError(WsmanFaultError):
    """The namespace has no such class, and WMI says so: WBEM_E_INVALID_CLASS."""


class FilterFaultError(WsmanFaultError):
    """The host does not carry out this query: an unknown class or property, or WQL as such."""


class UnsupportedFeatureFaultError(WsmanFaultError):
    """The host does not do what the request asks for besides, as optimised enumeration (DSP0226, UnsupportedFeature)."""


class BusyFaultError(WsmanFaultError):
    """A quota of the WinRM service is used up; trying again can help."""

    retryable = True
    remedy = "Run again later, or raise the quotas of the host's WinRM service"


class EnvelopeLimitFaultError(WsmanFaultError):
    """The answer, or the size that was offered for it, is not within the host's limits."""

    remedy = "Raise MaxEnvelopeSizekb of the host's WinRM service to its default of 500"


class OperationTimeoutFaultError(WsmanFaultError):
    """The host gave up waiting for the operation; it may have been carried out all the same."""


REFUSALS = (
    AbsentFaultError, AccessDeniedFaultError, BusyFaultError, FilterFaultError, NoClassFaultError, NoNamespaceFaultError,
)  # fmt: skip
"""Faults of the service itself, before a provider is called (unverified): a job that runs all the same shows that one was not.
Any other may come after an order was taken, so its job is looked for until it is seen."""


def fault_error(host: HostName, request: Request, fault: Fault) -> WsmanFaultError:
    """Return the error for a fault: one line with what was asked of which host, and what came back."""
    kind = _kind(fault, of_order=isinstance(request, Invoke))
    detail = "\n".join((fault.reason, fault.detail_uri, *fault.texts))
    return kind(
        f"{host} refused {_asked(request)}: {fault}",
        code=fault.wsman_code,
        subcode=fault.subcode,
        detail=detail,
    )


def _kind(fault: Fault, *, of_order: bool) -> type[WsmanFaultError]:
    # What a provider says within the fault of an order is about its own work, and may come after the order was taken.
    outer = frozenset(() if fault.wsman_code is None else (fault.wsman_code,))
    found = _by_codes(fault, outer if of_order else fault.codes)
    if found is not None:
        return found
    # A query of an unknown class or namespace is refused as a filter (WinRb/WinRM, soap_fault_v2.xml; virt-who hyperv.py), and so is
    # one with an unknown property: the same number for all three, in whatever subcode.
    if fault.subcode != "CannotProcessFilter":
        if fault.wsman_code == catalogue.CANNOT_PROCESS_FILTER and not of_order:
            return FilterFaultError
        if fault.wsman_code in _ABSENT:
            return AbsentFaultError
    return _BY_SUBCODE.get(fault.subcode, WsmanFaultError)


def _by_codes(fault: Fault, codes: frozenset[int]) -> type[WsmanFaultError] | None:
    """Return what one code alone settles, wherever it stands, or the subcode that means the same."""
    if codes & _DENIED or fault.subcode == "AccessDenied":
        return AccessDeniedFaultError
    if codes & catalogue.QUOTA_CODES or fault.subcode == "QuotaLimit":
        return BusyFaultError
    if catalogue.INVALID_NAMESPACE in codes or fault.names_no_namespace:
        return NoNamespaceFaultError
    return NoClassFaultError if WBEM_INVALID_CLASS in codes else None


_BY_SUBCODE: Mapping[str, type[WsmanFaultError]] = {
    "CannotProcessFilter": FilterFaultError,
    "DestinationUnreachable": AbsentFaultError,
    "InvalidResourceURI": AbsentFaultError,
    "UnsupportedFeature": UnsupportedFeatureFaultError,
    "EncodingLimit": EnvelopeLimitFaultError,
    "TimedOut": OperationTimeoutFaultError,
}


def _asked(request: Request) -> str:
    match request:
        case Invoke(target=target, method=method):
            return f"{target.class_name}.{method}"
        case Get(target=target):
            return f"a Get of {target.class_name}"
        case Enumerate(query=str(query)):
            return f"the query {query}"
        case Enumerate() | Pull() | Release():
            return f"an enumeration of {class_of(request.resource_uri)}"
        case _:
            return "a request"
