"""Requests by the resource URIs of DMTF, as PowerShell's CIM cmdlets send them, turned into those of WMI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    Get,
    Header,
    Invoke,
    Pull,
    Release,
    Request,
    Unsupported,
    names,
)
from hyperv_placement.wsman.epr import Selector
from hyperv_placement.wsman.messages import Argument

_URI = re.compile(
    r"http://schemas\.dmtf\.org/wbem/wscim/1/(?:cim-schema/2/(\w+|\*)|(\*))", re.ASCII | re.IGNORECASE
)
_NAMESPACE = "__cimnamespace"
_DEFAULT = "root/hardware"  # MS-WSMV 3.1.4.1.1


def as_wmi(request: Request) -> Request:
    """Return a request with WMI's URI in place of DMTF's: its namespace stands in the selector __cimnamespace.

    Hosts take them for all classes, and `*` for queries (MS-WSMV 3.1.4.1.1; samanamonitor/gosammwr, and what PowerShell
    sent in fjames86/climbe's tests). That answers are as those to WMI's URIs is a guess.
    """
    header = _header(request.header)
    if header is request.header and not isinstance(request, Invoke):
        return request
    match request:
        case Invoke():
            arguments = {name: _argument(value) for name, value in request.arguments.items()}
            return replace(request, target=_reference(request.target), arguments=arguments, header=header)
        case Get():
            return replace(request, target=_reference(request.target), header=header)
        case Enumerate() | Pull() | Release():
            return replace(request, resource_uri=header.resource_uri, header=header)
        case Unsupported():
            return replace(request, header=header)
        case _:
            return request


def _header(header: Header) -> Header:
    given = header.resource_uri
    uri = _uri(given, header.selectors)
    if uri == given:
        return header
    action = header.action
    if action.startswith(f"{given}/"):
        action = uri + action[len(given) :]
    return replace(header, resource_uri=uri, action=action)


def _uri(uri: str, selectors: Mapping[str, Selector]) -> str:
    found = _URI.fullmatch(uri.strip())
    if found is None:
        return uri
    named = EndpointReference(uri, selectors).selector(_NAMESPACE) or _DEFAULT
    return names.resource_uri(found[1] or found[2], named.replace("\\", "/"))


def _reference(reference: EndpointReference) -> EndpointReference:
    return replace(reference, resource_uri=_uri(reference.resource_uri, reference.selectors))


def _argument(value: Argument) -> Argument:
    if isinstance(value, EndpointReference):
        return _reference(value)
    return value
