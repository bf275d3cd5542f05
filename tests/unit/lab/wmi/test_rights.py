"""Who may ask what of a host of the lab."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import CIMV2, VIRTUALIZATION
from lab.directory.accounts import HOST_ADMINISTRATORS, HOST_OPERATORS
from lab.wmi.accounts import ADMINISTRATORS, User
from lab.wmi.rights import denied


@pytest.mark.parametrize(
    ("groups", "namespace", "let_in"),
    [
        ({ADMINISTRATORS}, CIMV2, True),
        ({"Domain Admins"}, VIRTUALIZATION, True),
        ({HOST_ADMINISTRATORS}, CIMV2, True),
        ({HOST_OPERATORS}, VIRTUALIZATION.upper(), True),
        ({HOST_OPERATORS}, CIMV2, False),
        (set(), VIRTUALIZATION, False),
        ({"Domain Users"}, CIMV2, False),
    ],
)
def test_groups_decide(groups: set[str], namespace: str, *, let_in: bool) -> None:
    """Administrators all, operators Hyper-V's namespace, everybody else nothing."""
    user = User(name="LAB\\somebody", local=False, groups=frozenset(groups))
    assert (denied(user, namespace, "hv1") is None) == let_in
