"""What a stack plans of delegation, out of hosts of the lab and the real directory, with either of them silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.faults import Fault
from providers.clock import SystemClock
from providers.delegated import plan_delegation
from providers.hyperv.estate import Estate
from providers.model.directory import FLAG, DelegationPlan, DelegationSpec, DirectorySpec
from providers.model.names import HostName
from providers.model.stack import Stack
from tests.unit.lab.conftest import StillClock, estate, machine

from .conftest import Site
from .hosts import Hosts, hosts_of

HV1, HV2, HV3 = HOSTS = tuple(HostName(f"hv{number}") for number in (1, 2, 3))


@pytest.fixture
def hosts(running: Site, tmp_path: Path) -> Iterator[Hosts]:
    """Hosts of the domain."""
    with hosts_of(running, estate(machine("WEB01")), tmp_path / "lab", StillClock()) as one:
        yield one


def planned(hosts: Hosts, spec: DelegationSpec, **directory: str) -> DelegationPlan:
    """Plan for all hosts of the lab, as its administrators."""
    site = hosts.site
    file = hosts.login("host_administrator")
    stack = Stack(
        path=Path("x.yaml"), vms={}, delegation=spec,
        hosts={name: hosts.spec("ntlm", "https", file, host=str(name)) for name in HOSTS},
        directory=replace(
            DirectorySpec(
                server=site.status["ldaps"], auth="simple", credentials=hosts.login("directory_administrator"),
                ca=Path(site.status["ca"]),
            ), **directory,  # type: ignore[arg-type] # texts
        ),
    )  # fmt: skip
    seen = Estate(stack.hosts, clock=SystemClock())
    try:
        plan = plan_delegation(stack, seen, seen.sweep(), SystemClock())
    finally:
        seen.close()
    assert plan is not None
    return plan


def test_what_accounts_lack_is_planned_for_all_pairs(hosts: Hosts) -> None:
    """Both directions of each pair, by the names that hosts report; what is there already is not missing."""
    hosts.site.replace("hv3", {"msDS-AllowedToDelegateTo": ["cifs/hv1"]})
    plan = planned(hosts, DelegationSpec(hosts=HOSTS))
    hosts.site.replace("hv3", {"msDS-AllowedToDelegateTo": []})
    assert plan.findings == ()
    assert plan.full_names == {name: f"{name}.lab.example" for name in HOSTS}
    assert {host: len(entries) for host, entries in plan.entries.items()} == dict.fromkeys(HOSTS, 9)
    assert {host: len(missing) for host, missing in plan.missing.items()} == {HV1: 9, HV2: 9, HV3: 8}
    assert str(plan.missing[HV1][0]).startswith("hv1 -> hv2: Microsoft Virtual System Migration Service/hv2")


def test_a_silent_host_is_taken_as_it_was_seen(hosts: Hosts) -> None:
    """Nothing is planned to or from it, a warning says so, and the others go on."""
    hosts.world.faults.add(Fault(id=1, kind="host-down", host="hv3"))
    plan = planned(hosts, DelegationSpec(hosts=HOSTS))
    assert plan.unknown == (HV3,)
    assert set(plan.entries) == {HV1, HV2}
    assert not any("hv3" in entry for entry in plan.entries[HV1])
    assert ["taken as it was last seen" in str(finding) for finding in plan.findings] == [True]


def test_of_a_silent_directory_nothing_is_missing(hosts: Hosts) -> None:
    """What is wanted is known by the hosts' names, what is there is not."""
    plan = planned(hosts, DelegationSpec(hosts=(HV1, HV2)), server="ldaps://127.0.0.1:9")
    assert plan.missing == {}
    assert plan.entries[HV1][FLAG] == "any"
    assert [str(finding).split(":")[0] for finding in plan.findings] == [
        "Delegation is unknown, and nothing is planned on it"
    ]


def test_a_host_without_an_account_is_named(hosts: Hosts) -> None:
    """It gets no entries, and nobody gets entries for it."""
    hosts.site.replace("hv2", {"dNSHostName": ["renamed.lab.example"]})
    plan = planned(hosts, DelegationSpec(hosts=(HV1, HV2)))
    hosts.site.replace("hv2", {"dNSHostName": ["hv2.lab.example"]})
    assert plan.full_names[HV2] == "hv2.lab.example"
    assert (plan.unknown, plan.entries) == ((HV2,), {HV1: {}})
    assert "hv2 calls itself hv2.lab.example, and no account of the directory" in str(plan.findings[0])


def test_constrained_is_refused_for_newer_hosts(hosts: Hosts) -> None:
    """The lab's hosts are of 2022: the finding stops the run before anything is set."""
    plan = planned(hosts, DelegationSpec(hosts=HOSTS, mode="constrained", line=4))
    assert [finding.severity for finding in plan.findings] == ["refusal"]
    assert "hv1, hv2, hv3 are newer" in plan.findings[0].text
