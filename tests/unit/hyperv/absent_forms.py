"""Answers of a host that has no such namespace, each with where its form is public; and what only looks like one."""

from __future__ import annotations

from collections.abc import Mapping

from tests.unit.winrm.answers import envelope

REFUSED_QUERY, NOT_FOUND = 2150858778, 2150858752
INVALID_NAMESPACE = 0x8004100E
_TEXT = "The WS-Management service cannot process the request. The CIM namespace root/MSCluster is invalid. "
"""As Azure Migrate reports it (azure-docs issue 55006)."""
_DETAILS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail"
_CIM = "http://schemas.dmtf.org/wbem/wscim/1"


def fault(code: str, subcode: str, detail: str, text: str = _TEXT) -> bytes:
    """Return a fault, with its detail as XML."""
    return envelope(
        f"<s:Fault><s:Code><s:Value>{code}</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{text}</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>'
    )


def wmi_error(code: int, extra: str = "") -> str:
    """Return an error of CIM (form: WinRb/WinRM, wmi_error_v2.xml)."""
    return (
        f'<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:b="{_CIM.replace("wscim", "wsman")}/cimbinding.xsd" '
        f'xmlns:cim="{_CIM}/common" xmlns:p="{_CIM}/cim-schema/2/MSFT_WmiError" xsi:type="p:MSFT_WmiError_Type">'
        '<p:CIMStatusCode xsi:type="cim:cimUnsignedInt">3</p:CIMStatusCode>'
        f'<p:Message xsi:type="cim:cimString">{_TEXT}</p:Message>'
        f'<p:MessageID xsi:type="cim:cimString">HRESULT 0x{code:08x}</p:MessageID>{extra}'
        f'<p:error_Code xsi:type="cim:cimUnsignedInt">{code}</p:error_Code>'
        '<p:error_Type xsi:type="cim:cimString">HRESULT</p:error_Type></p:MSFT_WmiError>'
    )


def wsman_fault(outer: int | str, inner: int | str | None = None, more: str = "", text: str = _TEXT) -> str:
    """Return a WSManFault around a provider's (form: WinRb/WinRM, soap_fault_v2.xml)."""
    within = (
        ""
        if inner is None
        else f'<f:WSManFault Code="{inner}" Machine="HV1"><f:Message>{text}</f:Message></f:WSManFault>'
    )
    return (
        f'<f:WSManFault Code="{outer}" Machine="hv1"><f:Message><f:ProviderFault provider="WMI Provider" '
        rf'path="%systemroot%\system32\WsmWmiPl.dll">{within}{more}</f:ProviderFault></f:Message></f:WSManFault>'
    )


def extended(status: str) -> str:
    """Return WMI's extended status (the same recording; there StatusCode is NULL)."""
    uri = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/MSCluster/__ExtendedStatus"
    code = f"<p:StatusCode>{status}</p:StatusCode>" if status else '<p:StatusCode xsi:nil="true"/>'
    return (
        f'<f:ExtendedError><p:__ExtendedStatus xmlns:p="{uri}"><p:Operation>ExecQuery</p:Operation>'
        f"<p:ParameterInfo>root/MSCluster:MSCluster_Cluster</p:ParameterInfo>{code}"
        "</p:__ExtendedStatus></f:ExtendedError>"
    )


UNPROVEN: Mapping[str, bytes] = {
    "wmi error, refused filter": fault("s:Sender", "n:CannotProcessFilter", wmi_error(REFUSED_QUERY)),
    "wmi error, internal": fault("s:Receiver", "w:InternalError", wmi_error(REFUSED_QUERY)),
    # virt-who, tests/test_hyperv.py, test_wrong_namespace: neither code nor reason.
    "wmi error alone": envelope(
        f'<s:Fault><s:Detail><p:MSFT_WmiError xmlns:p="{_CIM}/cim-schema/2/MSFT_WmiError">'
        f"<p:error_Code>{REFUSED_QUERY}</p:error_Code></p:MSFT_WmiError></s:Detail></s:Fault>"
    ),
    # WinRb/WinRM, soap_fault_v2.xml: the recorded form of an unknown class.
    "provider's text": fault(
        "s:Sender", "n:CannotProcessFilter", wsman_fault(REFUSED_QUERY, REFUSED_QUERY, extended(""))
    ),
    # microsoft/omi, test_wsmanparser.cpp: the recorded form of a missing instance.
    "not found": fault(
        "s:Sender",
        "a:DestinationUnreachable",
        f"<w:FaultDetail>{_DETAILS}/InvalidResourceURI</w:FaultDetail>{wsman_fault(NOT_FOUND, NOT_FOUND)}",
    ),
    "internal, unlisted code": fault("s:Receiver", "w:InternalError", wsman_fault(0x80338149)),
    "internal, no detail": fault("s:Receiver", "w:InternalError", ""),
    "denied": fault(
        "s:Sender", "w:AccessDenied", '<f:WSManFault Code="5" Machine="hv1"/>', "Access is denied. "
    ),
    "denied by wmi": fault("s:Sender", "n:CannotProcessFilter", wsman_fault(REFUSED_QUERY, 0x80041003)),
}
"""What hosts answer for a namespace that is not there, and for other reasons too."""

PROVEN: Mapping[str, bytes] = {
    # Get-CimInstance in a wrong namespace: FullyQualifiedErrorId HRESULT 0x8004100e (PowerShell/PowerShell, CimCmdlets tests).
    "wmi error with the hresult": fault("s:Receiver", "w:InternalError", wmi_error(INVALID_NAMESPACE)),
    "wmi error, hresult in another instance": fault(
        "s:Receiver",
        "w:InternalError",
        wmi_error(
            1,
            '<p:original_error xsi:type="p:__ExtendedStatus_Type">'
            f"<p:StatusCode>{INVALID_NAMESPACE}</p:StatusCode></p:original_error>",
        ),
    ),
    "provider's code": fault(
        "s:Sender", "n:CannotProcessFilter", wsman_fault(REFUSED_QUERY, INVALID_NAMESPACE, extended(""))
    ),
    "provider's code, signed": fault(
        "s:Receiver", "w:InternalError", wsman_fault(1, INVALID_NAMESPACE - 2**32)
    ),
    "provider's code, hexadecimal": fault("s:Receiver", "w:InternalError", wsman_fault(1, "0x8004100E")),
    "extended status": fault(
        "s:Sender",
        "n:CannotProcessFilter",
        wsman_fault(REFUSED_QUERY, REFUSED_QUERY, extended(str(INVALID_NAMESPACE))),
    ),
    "provider's text with the hresult": fault(
        "s:Receiver", "w:InternalError", wsman_fault(1, more="HRESULT = 0x8004100E")
    ),
    "wmi error within a provider's fault": fault(
        "s:Receiver", "w:InternalError", wsman_fault(1, more=wmi_error(INVALID_NAMESPACE))
    ),
    "service's code": fault("s:Receiver", "w:InternalError", wsman_fault(INVALID_NAMESPACE)),
    "not found, provider's code": fault(
        "s:Sender", "a:DestinationUnreachable", wsman_fault(NOT_FOUND, INVALID_NAMESPACE)
    ),
    # DSP0226, fault details.
    "invalid selectors": fault(
        "s:Sender", "w:InvalidSelectors", f"<w:FaultDetail>{_DETAILS}/InvalidNamespace</w:FaultDetail>"
    ),
}
"""What no host answers for another reason."""
