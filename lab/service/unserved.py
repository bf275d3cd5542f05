"""What a host's WinRM service would serve and the lab does not, whatever the class: shells, configuration, whole actions."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.wsman import (
    Enumerate,
    Get,
    Invoke,
    Pull,
    Release,
    Request,
    Subscribe,
    Unsubscribe,
    Unsupported,
    catalogue,
    names,
)
from lab.wmi.refusal import NotServedError, not_served

from . import configuration

RESOURCES: Mapping[str, str] = {
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell": "winrs",
    "http://schemas.microsoft.com/powershell/": "PowerShell remoting",
    "http://schemas.microsoft.com/wbem/wsman/1/config": "this part of WinRM's configuration",
    "http://schemas.microsoft.com/wbem/wsman/1/SubscriptionManager/": "the forwarding of events",
    "http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/": "definitions of classes (Get-CimClass)",
}
"""How resource URIs begin -> what a client asks for with them (MS-WSMV 3.1.1 and 3.1.4, MS-PSRP 3.1.5.3, fjames86/climbe)."""
ACTIONS: Mapping[str, str] = {
    f"{names.TRANSFER}/Put": "Put",
    f"{names.TRANSFER}/Create": "Create",
    f"{names.TRANSFER}/Delete": "Delete",
    f"{names.ENUMERATION}/GetStatus": "GetStatus of an enumeration",
    f"{names.ENUMERATION}/Renew": "Renew of an enumeration",
    f"{names.EVENTING}/GetStatus": "GetStatus of a subscription",
    f"{names.EVENTING}/Renew": "Renew of a subscription",
}
"""Actions of DSP0226 (sections 7, 8 and 10) that the lab has for no class."""
EVENTS = "events of WMI"
"""Subscribe to anything but the event log."""
PUSHED = "events of the log but in pull mode, by a query of the log"
FRAGMENTS = "a part of an instance (FragmentTransfer)"
_FRAGMENT = "FragmentTransfer"


def resource_of(request: Request) -> str:
    """Return the resource URI of a request, as it was sent."""
    match request:
        case Get(target=target) | Invoke(target=target):
            return target.resource_uri
        case Enumerate() | Pull() | Release():
            return request.resource_uri
        case Unsupported() | Subscribe() | Unsubscribe():
            return request.header.resource_uri


def refusal(request: Request, machine: str) -> NotServedError | None:
    """Return why the lab does not serve a request whose resource or action it lacks; None for all others.

    It comes before everything that is checked of headers: PowerShell's, too, would be faulted as unknown ones.
    """
    what = _missing(request, resource_of(request).strip())
    if what is None:
        return None
    # A header that is not understood: so DSP0226 (R7.7-2) has a service without fragments answer.
    fragments = what == FRAGMENTS
    shape = catalogue.must_understand(_FRAGMENT) if fragments else catalogue.action_not_supported(machine)
    return not_served(shape, what)


def _missing(request: Request, uri: str) -> str | None:
    action = request.header.action
    if uri == configuration.URI and isinstance(request, Get):
        return None
    for beginning, what in RESOURCES.items():
        if uri.casefold().startswith(beginning.casefold()):
            return f"{what} ({uri})"
    if _FRAGMENT in request.header.unknown_mandatory:
        return FRAGMENTS
    if action == names.SUBSCRIBE and uri != names.EVENT_LOG:
        return EVENTS
    if not isinstance(request, Unsupported):
        return None
    of = f" of {names.class_of(uri)}" if names.is_wmi(uri) else ""
    return PUSHED if action == names.SUBSCRIBE else ACTIONS[action] + of if action in ACTIONS else None
