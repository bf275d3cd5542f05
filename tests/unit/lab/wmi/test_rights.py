"""Who may ask what of a host of the lab."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hyperv_placement.wsman import CIMV2, DEVICE_GUARD, MSCLUSTER, VIRTUALIZATION
from lab.directory.accounts import HOST_ADMINISTRATORS, HOST_OPERATORS
from lab.estate.spec import EstateSpec
from lab.wmi.accounts import ADMINISTRATORS, User
from lab.wmi.rights import denied
from tests.unit.lab.conftest import Stage, estate


@pytest.mark.parametrize(
    ("groups", "namespace", "let_in"),
    [
        ({ADMINISTRATORS}, CIMV2, True),
        ({"Domain Admins"}, VIRTUALIZATION, True),
        ({HOST_ADMINISTRATORS}, MSCLUSTER, True),
        ({HOST_OPERATORS}, VIRTUALIZATION.upper(), True),
        ({HOST_OPERATORS}, CIMV2, True),
        ({HOST_OPERATORS}, "root", True),
        ({HOST_OPERATORS}, DEVICE_GUARD, False),
        ({HOST_OPERATORS}, MSCLUSTER, False),
        ({HOST_OPERATORS}, None, True),
        (set(), VIRTUALIZATION, False),
        (set(), None, False),
        ({"Domain Users"}, CIMV2, False),
    ],
)
def test_groups_decide(
    stage: Callable[[EstateSpec], Stage],
    groups: set[str],
    namespace: str | None,
    *,
    let_in: bool,
) -> None:
    """Administrators all; operators what was reported of such accounts; everybody else nothing, absent or not."""
    user = User(name="LAB\\somebody", local=False, groups=frozenset(groups))
    host = stage(estate()).world.hosts["hv1"]
    assert (denied(user, host, namespace, "hv1") is None) == let_in


def test_a_closed_namespace_is_closed_to_all(stage: Callable[[EstateSpec], Stage]) -> None:
    """An administrator may have taken the right from administrators, too."""
    host = stage(estate(closed_namespaces=("ROOT\\cimv2",))).world.hosts["hv1"]
    user = User(name="LAB\\administrator", local=False)
    assert denied(user, host, CIMV2, "hv1") is not None
    assert denied(user, host, VIRTUALIZATION, "hv1") is None
