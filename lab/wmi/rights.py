"""What an account may ask of a host, by its groups: all, Hyper-V's own namespace alone, or nothing.

Administrators may all; Hyper-V Administrators who are Remote Management Users too, root/virtualization/v2 (Learn, "Active Directory
security groups", Hyper-V Administrators). What such an account may read elsewhere nobody has seen: this is the strict reading, a guess.
"""

from __future__ import annotations

from hyperv_placement.wsman import VIRTUALIZATION, Fault, catalogue
from lab.directory.accounts import HOST_ADMINISTRATORS, HOST_OPERATORS

from .accounts import ADMINISTRATORS, User

_ALL = frozenset({ADMINISTRATORS, HOST_ADMINISTRATORS, "Domain Admins"})
"""Groups whose members are administrators of every host."""
_WBEM_ACCESS_DENIED = 0x80041003


def denied(user: User, namespace: str, machine: str) -> Fault | None:
    """Return the fault for what a user may not ask in a namespace, None where he may."""
    if user.groups & _ALL:
        return None
    if HOST_OPERATORS not in user.groups:
        return catalogue.access_denied(machine)
    if namespace.casefold() == VIRTUALIZATION.casefold():
        return None
    return catalogue.internal_error(machine, _WBEM_ACCESS_DENIED, "Access denied ")
