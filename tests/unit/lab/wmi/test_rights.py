"""Who may ask what of a host of the lab."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hyperv_placement.wsman import CIMV2, DEVICE_GUARD, MSCLUSTER, VIRTUALIZATION, Enumerate, resource_uri
from lab.directory.accounts import HOST_ADMINISTRATORS, HOST_OPERATORS
from lab.estate.spec import EstateSpec
from lab.wmi.accounts import ADMINISTRATORS, User
from lab.wmi.rights import class_in, denied
from tests.unit.lab.conftest import Stage, estate


@pytest.mark.parametrize(
    ("groups", "namespace", "class_name", "let_in"),
    [
        ({ADMINISTRATORS}, CIMV2, "Win32_Service", True),
        ({"Domain Admins"}, VIRTUALIZATION, "Msvm_ComputerSystem", True),
        ({HOST_ADMINISTRATORS}, MSCLUSTER, "MSCluster_Cluster", True),
        ({HOST_OPERATORS}, VIRTUALIZATION.upper(), "Msvm_ComputerSystem", True),
        ({HOST_OPERATORS}, CIMV2, "Win32_OperatingSystem", True),
        ({HOST_OPERATORS}, CIMV2, "WIN32_SERVICE", False),
        ({HOST_OPERATORS}, "root", "__NAMESPACE", True),
        ({HOST_OPERATORS}, DEVICE_GUARD, "Win32_DeviceGuard", False),
        ({HOST_OPERATORS}, MSCLUSTER, "MSCluster_Cluster", False),
        ({HOST_OPERATORS}, None, "MSCluster_Cluster", True),
        (set(), VIRTUALIZATION, "Msvm_ComputerSystem", False),
        (set(), None, "MSCluster_Cluster", False),
        ({"Domain Users"}, CIMV2, "Win32_OperatingSystem", False),
    ],
)
def test_groups_decide(
    stage: Callable[[EstateSpec], Stage],
    groups: set[str],
    namespace: str | None,
    class_name: str,
    *,
    let_in: bool,
) -> None:
    """Administrators all; operators what was reported of such accounts; everybody else nothing, absent or not."""
    user = User(name="LAB\\somebody", local=False, groups=frozenset(groups))
    host = stage(estate()).world.hosts["hv1"]
    assert (denied(user, host, namespace, class_name, "hv1") is None) == let_in


def test_a_closed_namespace_is_closed_to_all(stage: Callable[[EstateSpec], Stage]) -> None:
    """An administrator may have taken the right from administrators, too."""
    host = stage(estate(closed_namespaces=("ROOT\\cimv2",))).world.hosts["hv1"]
    user = User(name="LAB\\administrator", local=False)
    assert denied(user, host, CIMV2, "Win32_OperatingSystem", "hv1") is not None
    assert denied(user, host, VIRTUALIZATION, "Msvm_ComputerSystem", "hv1") is None


@pytest.mark.parametrize("query", ["SELECT * FROM meta_class", "SELECT * FORM x", "ASSOCIATORS OF {x}", ""])
def test_a_query_that_names_no_class_asks_for_none(query: str) -> None:
    """Whether it is wrong or not served is for whoever answers it."""
    assert class_in(Enumerate(resource_uri=resource_uri("*"), query=query)) == ""
