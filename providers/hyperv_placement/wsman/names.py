"""Namespaces, actions and resource URIs of WS-Management, and the places of WMI classes in it."""

from __future__ import annotations

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
EVENTING = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
WSMAN_FAULTS = "http://schemas.dmtf.org/wbem/wsman/1/wsman"
MICROSOFT = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
CIM_2005 = "http://schemas.dmtf.org/wsman/2005/06/base"
"""Where times stood before (MS-WSMV 4.1, an example of 2005)."""
CIMBINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

ANONYMOUS = f"{ADDRESSING}/role/anonymous"
WQL_DIALECT = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

GET = f"{TRANSFER}/Get"
GET_RESPONSE = f"{TRANSFER}/GetResponse"
ENUMERATE = f"{ENUMERATION}/Enumerate"
ENUMERATE_RESPONSE = f"{ENUMERATION}/EnumerateResponse"
PULL = f"{ENUMERATION}/Pull"
PULL_RESPONSE = f"{ENUMERATION}/PullResponse"
RELEASE = f"{ENUMERATION}/Release"
RELEASE_RESPONSE = f"{ENUMERATION}/ReleaseResponse"
SUBSCRIBE = f"{EVENTING}/Subscribe"
SUBSCRIBE_RESPONSE = f"{EVENTING}/SubscribeResponse"
UNSUBSCRIBE = f"{EVENTING}/Unsubscribe"
UNSUBSCRIBE_RESPONSE = f"{EVENTING}/UnsubscribeResponse"
EVENT_LOG = "http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog"
"""Windows' event log, to which a client may subscribe (MS-WSMV 3.1.4.6)."""
EVENT = "http://schemas.microsoft.com/win/2004/08/events/event"
EVENT_QUERY = "http://schemas.microsoft.com/win/2004/08/events/eventquery"
PULL_MODE = f"{WSMAN_FAULTS}/Pull"
"""Delivery mode in which the subscriber asks for events (DSP0226 10.2.9.5)."""
EARLIEST = f"{WSMAN_FAULTS}/bookmark/earliest"
"""Bookmark that asks for events that were there before (DSP0226 10.2.6)."""
ADDRESSING_FAULT = f"{ADDRESSING}/fault"
ENUMERATION_FAULT = f"{ENUMERATION}/fault"
WSMAN_FAULT = f"{WSMAN_FAULTS}/fault"
FAULT_ACTIONS = frozenset({ADDRESSING_FAULT, ENUMERATION_FAULT, WSMAN_FAULT})

_WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
VIRTUALIZATION = "root/virtualization/v2"
CIMV2 = "root/cimv2"
MSCLUSTER = "root/MSCluster"
DEVICE_GUARD = "root/Microsoft/Windows/DeviceGuard"


def resource_uri(class_name: str, namespace: str = VIRTUALIZATION) -> str:
    """Return the URI of a WMI class; class `*` is what a WQL query is sent to (MS-WSMV 2.2.4.1)."""
    return f"{_WMI}{namespace}/{class_name}"


def is_wmi(uri: str) -> bool:
    """Say whether `uri` names a WMI class or namespace."""
    return uri.casefold().startswith(_WMI)


def class_of(uri: str) -> str:
    """Return the class in a resource URI."""
    return uri.rstrip("/").rsplit("/", maxsplit=1)[-1]


def namespace_of(uri: str) -> str:
    """Return the WMI namespace in a resource URI; empty where it names none."""
    return uri[len(_WMI) :].rpartition("/")[0] if is_wmi(uri) else ""
