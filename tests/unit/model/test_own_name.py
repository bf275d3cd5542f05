"""By which name a host may be called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.adoption import host_named, names_host
from hyperv_placement.model.names import HostName
from hyperv_placement.model.own_name import doubt, in_dns, own_name
from tests.estates import facts

HV1 = HostName("hv1")


def _host(reported: str, **more: Any) -> Any:
    return facts("hv1", **{"full_name": reported, "proven": (), **more})


@pytest.mark.parametrize(
    ("reported", "more", "own"),
    [
        ("hv1.lab.example", {"proven": ("hv1.lab.example",)}, True),
        ("HV1.Lab.Example", {"proven": ("hv1.lab.example.",)}, True),
        ("hv1.lab.example", {"declared": "HV1.LAB.EXAMPLE"}, True),
        ("hv1.lab.example", {"proven": ("hv1",)}, False),
        ("HV1", {"proven": ("hv1.lab.example",)}, False),
        ("hv1.other.example", {"proven": ("hv1.lab.example",)}, False),
        ("dc1.lab.example", {"proven": ("hv1.lab.example",)}, False),
        ("hv1.lab.example", {"proven": ("hv1.lab.example",), "declared": "hv9.lab.example"}, False),
        ("hv1.lab.example", {"proven": ()}, False),
        ("hv1.lab.example", {"proven": None}, False),
        ("h\u017fv1.lab.example", {"declared": "hsv1.lab.example"}, False),  # a long s folds to s
    ],
)
def test_only_what_is_proven_or_declared_is_a_hosts_name(
    reported: str, more: dict[str, Any], own: bool
) -> None:
    """Whole names are compared without case; what is declared counts alone."""
    host = _host(reported, **more)
    assert own_name(host) == (reported if own else None)
    assert (doubt(HV1, host) is None) == own


@pytest.mark.parametrize(
    ("reported", "declared", "name"),
    [
        ("hv1.corp.example", "hv1.dc.corp.example", "hv1.dc.corp.example"),
        ("HV1.corp.example", "hv1.dc.corp.example", "hv1.dc.corp.example"),
        ("hv1", "hv1.dc.corp.example", "hv1.dc.corp.example"),
        ("hyperv-frankfur.corp.example", "hyperv-frankfurt-01.dc.example", "hyperv-frankfurt-01.dc.example"),
        (
            "hyperv-frankfurt-02.corp.example",
            "hyperv-frankfurt-01.dc.example",
            "hyperv-frankfurt-02.corp.example",
        ),
        ("hv2.corp.example", "hv1.dc.corp.example", "hv2.corp.example"),
        ("dc1.corp.example", "hv1.dc.corp.example", "dc1.corp.example"),
        ("hv1.corp.example", None, "hv1.corp.example"),
    ],
)
def test_a_declared_suffix_takes_the_place_of_the_domain_of_a_host_of_that_name(
    reported: str, declared: str | None, name: str
) -> None:
    """Of nobody else: a host that reports another name keeps it, and is held against what is declared."""
    assert in_dns(reported, declared) == name


def test_where_the_suffix_alone_differs_the_key_for_it_is_named() -> None:
    """With the name that was proven or declared, not with the one that the host reports."""
    proven = doubt(HV1, _host("hv1.corp.example", proven=("hv1.dc.corp.example",)))
    declared = doubt(HV1, _host("hv1.corp.example", declared="hv1.dc.corp.example"))
    other = doubt(HV1, _host("hv2.corp.example", declared="hv1.dc.corp.example"))
    assert proven is not None
    assert declared is not None
    assert other is not None
    assert "write full_name: hv1.dc.corp.example under hosts.hv1" in proven.remedy
    assert "write full_name: hv1.dc.corp.example in place of account: under hosts.hv1" in declared.remedy
    assert "full_name" not in other.remedy


def test_what_to_write_never_repeats_a_name_that_begins_as_another_computers() -> None:
    """Who pastes it would give a host the account of a domain controller."""
    lying, honest = doubt(HV1, _host("dc1.lab.example")), doubt(HV1, _host("hv1.lab.example"))
    assert lying is not None
    assert honest is not None
    assert "dc1" not in lying.remedy
    assert "write account: hv1.lab.example under hosts.hv1" in honest.remedy


def test_a_job_leads_to_the_host_whose_name_it_is_and_not_to_one_that_claims_it() -> None:
    """Whichever of them is looked at first."""
    true = facts("hv2")
    lying = replace(facts("hv1"), full_name="hv2.lab.example", computer_name="HV2")
    for hosts in ({HV1: lying, HostName("hv2"): true}, {HostName("hv2"): true, HV1: lying}):
        assert host_named("HV2", hosts) == "hv2"
        assert host_named("hv2.lab.example", hosts) == "hv2"


def test_a_host_with_a_name_of_its_own_is_not_meant_by_a_short_name_that_it_reports() -> None:
    """NetBIOS names are no proof of anything."""
    assert not names_host("FS1", replace(facts("hv1"), computer_name="FS1"))
    assert names_host("HV1", facts("hv1"))
