"""What a host answers where it has no such WMI namespace: in the form that a client in production met, or in others on request.

No specification fixes the form, and no recording shows it whole: all are guesses beyond what is said of each. A client must not
lean on one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hyperv_placement.wsman import Fault, Instance, Value, WsmanFault, catalogue
from hyperv_placement.wsman.fault import DETAILS, ProviderFault
from lab.world.objects import ABSENT_FORMS

_WMI_ERROR = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"
_UNLISTED = 0x80338149
"""A code of WS-Management that no page explains."""
_INVALID_NAMESPACE_STATUS = 3  # CIMStatusCode (MSFT_WmiError page: CIM_ERR_INVALID_NAMESPACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request in a namespace that is not there."""

    machine: str
    """The name that the client dialled."""
    namespace: str
    by_query: bool

    @property
    def text(self) -> str:
        """The words, as Azure Migrate reports them (azure-docs issue 55006)."""
        return f"The WS-Management service cannot process the request. The CIM namespace {self.namespace} is invalid. "


def no_such_namespace(form: str, machine: str, namespace: str, *, by_query: bool) -> Fault:
    """Return the answer to a request in a namespace that the host does not have, in one of ABSENT_FORMS."""
    return _FORMS[form](_Asked(machine=machine, namespace=namespace, by_query=by_query))


def _cim_error(asked: _Asked, code: int) -> Instance:
    values: dict[str, Value] = {
        "CIMStatusCode": _INVALID_NAMESPACE_STATUS, "ErrorSource": None, "ErrorType": 0, "Message": asked.text,
        "MessageID": f"HRESULT 0x{code:08x}", "error_Code": code, "error_Type": "HRESULT",
    }  # fmt: skip
    return Instance("MSFT_WmiError", values, "", _WMI_ERROR)


def _refused(asked: _Asked) -> Fault:
    """Return a refused query without its detail; of what is no query, an error of the service."""
    if asked.by_query:
        return replace(catalogue.cannot_process_filter(asked.machine, asked.text), detail=None)
    return Fault(code="Receiver", subcode="InternalError", reason=asked.text)


def _wmi_error(asked: _Asked) -> Fault:
    """A query: an error of CIM with the number of a refused query (virt-who, hyperv.py); all else as what cannot be found."""
    if not asked.by_query:
        return _not_found(asked)
    return replace(_refused(asked), detail=_cim_error(asked, catalogue.CANNOT_PROCESS_FILTER))


def _wmi_error_internal(asked: _Asked) -> Fault:
    """The same error of CIM for whatever is asked, as an internal one."""
    fault = _refused(replace(asked, by_query=False))
    return replace(fault, detail=_cim_error(asked, catalogue.CANNOT_PROCESS_FILTER))


def _wmi_error_alone(asked: _Asked) -> Fault:
    """The code in an error of CIM, and nothing else (virt-who, tests/test_hyperv.py)."""
    error = Instance("MSFT_WmiError", {"error_Code": catalogue.CANNOT_PROCESS_FILTER}, "", _WMI_ERROR)
    return replace(_refused(asked), subcode="", detail=error)


def _hresult(asked: _Asked) -> Fault:
    """An error of CIM with WMI's own code (what Get-CimInstance shows of a wrong namespace: PowerShell/PowerShell, CimCmdlets)."""
    fault = _refused(replace(asked, by_query=False))
    return replace(fault, detail=_cim_error(asked, catalogue.INVALID_NAMESPACE))


def _provider(asked: _Asked) -> Fault:
    """WMI's own code in its provider's fault, as other failures of WMI were recorded by pypsrp."""
    inner = WsmanFault(code=catalogue.INVALID_NAMESPACE, machine=asked.machine, text="Invalid namespace ")
    return _with_provider(asked, inner)


def _provider_text(asked: _Asked) -> Fault:
    """No code but the service's: as an unknown class was recorded (WinRb/WinRM, soap_fault_v2.xml)."""
    code = catalogue.CANNOT_PROCESS_FILTER if asked.by_query else _UNLISTED
    return _with_provider(asked, WsmanFault(code=code, machine=asked.machine, text=asked.text))


def _with_provider(asked: _Asked, inner: WsmanFault) -> Fault:
    code = catalogue.CANNOT_PROCESS_FILTER if asked.by_query else _UNLISTED
    detail = WsmanFault(code=code, machine=asked.machine, provider=ProviderFault(inner=inner))
    return replace(_refused(asked), detail=detail)


def _not_found(asked: _Asked) -> Fault:
    """As of a class or an instance that is not there (seen by a pypsrp-based tool)."""
    return catalogue.destination_unreachable(asked.machine)


def _unlisted(asked: _Asked) -> Fault:
    detail = WsmanFault(code=_UNLISTED, machine=asked.machine, text=asked.text)
    return replace(_refused(replace(asked, by_query=False)), detail=detail)


def _selectors(asked: _Asked) -> Fault:
    """The fault detail InvalidNamespace (DSP0226)."""
    return Fault(subcode="InvalidSelectors", reason=asked.text, detail_uri=f"{DETAILS}/InvalidNamespace")


def _denied(asked: _Asked) -> Fault:
    return catalogue.access_denied(asked.machine)


_FORMS: Mapping[str, Callable[[_Asked], Fault]] = dict(
    zip(
        ABSENT_FORMS,
        (
            _wmi_error, _wmi_error_internal, _wmi_error_alone, _hresult, _provider, _provider_text, _not_found, _unlisted,
            _selectors, _denied,
        ),
        strict=True,
    )
)  # fmt: skip
