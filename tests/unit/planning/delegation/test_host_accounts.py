"""Which accounts of the directory can be a host's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.directory import Accounts, ComputerAccount
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.delegation.entries import services_of
from hyperv_placement.planning.delegation.host_accounts import against, judged, sharing

from .test_entries import account

HV2 = "hv2.corp.example"


def _host(label: str, **more: Any) -> ComputerAccount:
    made = account(label)
    return replace(
        made, **{"services": frozenset(services_of(made.full_name)), "kinds": frozenset({"computer"}), **more}
    )


def _judged(*found: ComputerAccount) -> Accounts:
    return judged(["HV1.corp.example", HV2], found)


def test_a_member_with_the_migration_service_is_a_hosts() -> None:
    """Names compare without case, and what is disabled beside it does not count."""
    left = _host("hv2", dn="CN=OLD", flags=0x1002)
    found = _judged(_host("hv1"), _host("hv2"), left)
    assert {name: each.dn for name, each in found.fit.items()} == {
        "hv1.corp.example": _host("hv1").dn, HV2: _host("hv2").dn,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([_host("hv2", flags=0x2000 | 0x80000)], "is a domain controller's"),
        ([_host("hv2", flags=0x1000 | 0x04000000)], "is a domain controller's"),
        ([_host("hv2", flags=0x1002)], "is disabled"),
        ([_host("hv2", flags=0x200)], "is no computer's"),
        ([_host("hv2", kinds=frozenset({"computer", "msds-groupmanagedserviceaccount"}))], "is no computer's"),
        ([_host("hv2", services=frozenset({f"cifs/{HV2}"}))], "has no service Microsoft Virtual System Migration"),
        ([_host("hv2"), _host("hv2", dn="CN=TWIN")], "more than one account is called"),
        ([_host("hv2"), _host("hv3", services=frozenset({f"CIFS/{HV2}"}))], "is not alone with its services"),
        ([_host("hv2"), _host("hv3", full_name="", services=frozenset({"host/hv2"}))], "is not alone"),
        ([], "no account of the directory is called"),
    ],
)  # fmt: skip
def test_what_is_no_hosts_is_refused_with_its_reason(found: list[ComputerAccount], why: str) -> None:
    """The other host keeps its own account."""
    accounts = _judged(_host("hv1"), *found)
    assert set(accounts.fit) == {"hv1.corp.example"}
    assert why in accounts.unfit[HV2].why
    assert accounts.unfit[HV2].remedy


def test_hosts_with_one_service_are_both_named() -> None:
    """Also where their full names differ: the short one would be either's."""
    names = {
        HostName("a"): "hv1.one.example",
        HostName("b"): "hv1.two.example",
        HostName("c"): "hv3.one.example",
    }
    assert [(one, other) for one, other, _ in sharing(names)] == [("a", "b")]


def test_new_entries_are_looked_at_once_more() -> None:
    """An entry for a file server that is a domain controller by an alias, and one for a host that is none."""
    controller = _host("hv9", flags=0x2000, services=frozenset({"HOST/files.corp.example"}))
    assert "a domain controller's account, is files.corp.example" in against(
        ["cifs/files.corp.example"], [controller]
    )
    assert "no account" in against(list(services_of(HV2)), [])
    assert against(list(services_of(HV2)), [_host("hv2")]) == ""


def test_a_name_that_only_folds_into_a_hosts_is_another() -> None:
    """Whoever may name an account so keeps no host from its own."""
    name = "sv1.corp.example"
    mine = _host("hv2", full_name=name, services=frozenset(services_of(name)))
    found = judged(
        [name], [mine, _host("hv3", dn="CN=X", full_name="\u017fv1.corp.example", services=frozenset())]
    )
    assert found.fit == {name: mine}
