"""What an account may ask of a host, by its groups, and which namespaces of a host no account may read.

Administrators may all. Hyper-V Administrators who are Remote Management Users may ask root/virtualization/v2 (Learn, "Active
Directory security groups", Hyper-V Administrators), and root/cimv2, as virt-who does with such an account (README.hyperv, Windows
2012), but no Win32_Service there (pywinrm issue 306). That they may read root, whose security root/cimv2 inherits (win32 page "Access
to WMI Namespaces"), is a guess, and so is that they may read no namespace but these: nobody has seen either.
"""

from __future__ import annotations

from hyperv_placement.wsman import CIMV2, VIRTUALIZATION, Fault, catalogue
from lab.directory.accounts import HOST_ADMINISTRATORS, HOST_OPERATORS
from lab.world import LabHost

from .accounts import ADMINISTRATORS, User
from .refusal import wbem_access_denied

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
_OF_ADMINISTRATORS = frozenset({"Win32_Service"})
"""Classes of root/cimv2 whose provider asks for more than the namespace does."""


def is_administrator(user: User) -> bool:
    """Say whether a user is an administrator of every host."""
    return bool(user.groups & _ALL)


def closed_classes(user: User) -> frozenset[str]:
    """Return the classes whose instances a user may not read, although he may read their namespace.

    That a superclass or an association that leads to them is refused whole, and not shown without them, is a guess.
    """
    return frozenset() if is_administrator(user) else _OF_ADMINISTRATORS


def denied(user: User, host: LabHost, namespace: str | None, machine: str) -> Fault | None:
    """Return the fault for a namespace that a user may not ask, None where he may.

    `namespace`: in its own spelling, None for one that is not there, which members of the groups may see.
    """
    closed = {name.replace("\\", "/").casefold() for name in host.closed_namespaces}
    if namespace is not None and namespace.casefold() in closed:
        return wbem_access_denied(machine)
    if is_administrator(user):
        return None
    if HOST_OPERATORS not in user.groups:
        return catalogue.access_denied(machine)
    if namespace is None or namespace.casefold() in _OF_OPERATORS:
        return None
    return wbem_access_denied(machine)
