"""What an account may ask of a host, by its groups, and which namespaces of a host no account may read.

Administrators may all. Hyper-V Administrators who are Remote Management Users may ask root/virtualization/v2 (Learn, "Active
Directory security groups", Hyper-V Administrators), and root/cimv2, as virt-who does with such an account (README.hyperv, Windows
2012), but no Win32_Service there (pywinrm issue 306). That they may read root, whose security root/cimv2 inherits (win32 page "Access
to WMI Namespaces"), is a guess, and so is that they may read no namespace but these: nobody has seen either.
"""

from __future__ import annotations

from hyperv_placement.wsman import (
    CIMV2,
    VIRTUALIZATION,
    Enumerate,
    Fault,
    Get,
    Invoke,
    Request,
    catalogue,
    names,
)
from lab.directory.accounts import HOST_ADMINISTRATORS, HOST_OPERATORS
from lab.world import LabHost

from .accounts import ADMINISTRATORS, User
from .tokens import QueryError, QueryNotServedError
from .wql import parse

_ALL = frozenset({ADMINISTRATORS, HOST_ADMINISTRATORS, "Domain Admins"})
"""Groups whose members are administrators of every host."""
_OF_OPERATORS = frozenset(
    name.casefold()
    for name in (
        VIRTUALIZATION,
        CIMV2,
        "root",
        "root/Microsoft",
        "root/Microsoft/Windows",
        "root/virtualization",
    )
)
_OF_ADMINISTRATORS = frozenset({"win32_service", "win32_baseservice"})
"""Classes of root/cimv2 whose provider asks for more than the namespace does."""
_WBEM_ACCESS_DENIED = 0x80041003


def is_administrator(user: User) -> bool:
    """Say whether a user is an administrator of every host."""
    return bool(user.groups & _ALL)


def denied(user: User, host: LabHost, namespace: str | None, class_name: str, machine: str) -> Fault | None:
    """Return the fault for what a user may not ask, None where he may.

    `namespace`: in its own spelling, None for one that is not there, which members of the groups may see.
    """
    closed = {name.replace("\\", "/").casefold() for name in host.closed_namespaces}
    if namespace is not None and namespace.casefold() in closed:
        return catalogue.internal_error(machine, _WBEM_ACCESS_DENIED, "Access denied ")
    if is_administrator(user):
        return None
    if HOST_OPERATORS not in user.groups:
        return catalogue.access_denied(machine)
    of_class = class_name.casefold() not in _OF_ADMINISTRATORS
    if namespace is None or (namespace.casefold() in _OF_OPERATORS and of_class):
        return None
    return catalogue.internal_error(machine, _WBEM_ACCESS_DENIED, "Access denied ")


def class_in(request: Request) -> str:
    """Return the class that a request asks for; empty where it names none."""
    match request:
        case Enumerate(query=str(query)):
            try:
                return parse(query).class_name
            except (QueryError, QueryNotServedError):
                return ""
        case Get(target=target) | Invoke(target=target):
            return names.class_of(target.resource_uri.strip())
        case Enumerate(resource_uri=uri):
            return names.class_of(uri.strip())
        case _:
            return ""
