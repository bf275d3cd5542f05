"""What a stack plans of delegation, out of hosts of the lab and the real directory, with either of them silent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.directory import FLAG, DelegationPlan, DelegationSpec, DirectorySpec
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.delegation import plan_delegation
from lab.world.faults import Fault
from tests.unit.lab.conftest import StillClock, estate, machine

from .conftest import Site
from .hosts import Hosts, hosts_of

BEFORE = [
    f"{service}/{name}"
    for service in (
        "HOST", "RestrictedKrbHost", "HTTP", "WSMAN", "cifs", "Microsoft Virtual System Migration Service",
        "Microsoft Virtual Console Service", "Hyper-V Replica Service",
    )
    for name in ("hv2.lab.example", "HV2")
]  # fmt: skip
HV1, HV2, HV3 = HOSTS = tuple(HostName(f"hv{number}") for number in (1, 2, 3))


@pytest.fixture
def hosts(running: Site, tmp_path: Path) -> Iterator[Hosts]:
    """Hosts of the domain."""
    with hosts_of(running, estate(machine("WEB01")), tmp_path / "lab", StillClock()) as one:
        yield one


def planned(
    hosts: Hosts,
    spec: DelegationSpec,
    scheme: str = "https",
    accounts: Mapping[str, str] | None = None,
    **directory: str,
) -> DelegationPlan:
    """Plan for all hosts of the lab, as its administrators; `accounts`: what the stack file declares of them."""
    site = hosts.site
    file = hosts.login("host_administrator")
    stack = Stack(
        path=Path("x.yaml"), vms={}, delegation=spec,
        hosts={
            name: replace(hosts.spec("ntlm", scheme, file, host=str(name)), account=(accounts or {}).get(name))
            for name in HOSTS
        },
        directory=replace(
            DirectorySpec(
                server=site.status["ldaps"], auth="simple", credentials=hosts.login("directory_administrator"),
                ca=Path(site.status["ca"]),
            ), **directory,  # type: ignore[arg-type] # texts
        ),
    )  # fmt: skip
    seen = Estate(stack.hosts, clock=SystemClock())
    try:
        plan = plan_delegation(stack, seen, seen.read(Detail.PLACEMENT), SystemClock())
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
    assert "to or from hv2: no account of the directory is called hv2.lab.example" in str(plan.findings[0])


def test_every_account_is_shown_by_its_distinguished_name(hosts: Hosts) -> None:
    """Those that change, and those that entries are about, file servers among them."""
    plan = planned(hosts, DelegationSpec(hosts=(HV1, HV2), shares=("sofs", "nas.far.example")))
    there = hosts.site.status["computers"]
    assert plan.accounts == {HV1: there["hv1"]["dn"], HV2: there["hv2"]["dn"], "sofs": there["sofs"]["dn"]}
    assert str(plan.missing[HV1][0]).endswith(f"hv2.lab.example ({there['hv2']['dn']})")
    assert ["no account of the file server nas.far.example" in str(each) for each in plan.findings] == [True]


def _lies(hosts: Hosts, name: str) -> None:
    hosts.world.hosts["hv1"].claims = name


def test_a_host_that_reports_a_domain_controllers_name_changes_no_account(hosts: Hosts) -> None:
    """Its own account stays as it is as well, nobody gets an entry for it, and the others go on between themselves."""
    _lies(hosts, hosts.site.directory.domain.controller)
    for scheme in ("https", "http"):
        declared = None if scheme == "https" else {"hv2": "hv2.lab.example", "hv3": "hv3.lab.example"}
        plan = planned(hosts, DelegationSpec(hosts=HOSTS), scheme, declared)
        assert (set(plan.refused), plan.unknown) == ({HV1}, (HV1,))
        assert set(plan.missing) == {HV2, HV3}
        reported = " ".join(map(str, (*plan.missing[HV2], *plan.missing[HV3])))
        assert "dc1" not in reported
        assert "hv1" not in reported
        assert "hv1 reports that it is dc1.lab.example" in str(plan.findings[0])


def test_a_declared_domain_controller_is_refused_as_host_and_as_file_server(hosts: Hosts) -> None:
    """By what the directory says of its account, whoever declares it."""
    _lies(hosts, "dc1")
    spec = DelegationSpec(hosts=HOSTS, shares=("dc1.lab.example",))
    plan = planned(
        hosts, spec, "http", {name: f"{'dc1' if name == HV1 else name}.lab.example" for name in HOSTS}
    )
    assert set(plan.refused) == {HV1}
    assert "is a domain controller's" in plan.refused[HV1]
    assert not any("dc1" in entry for entries in plan.entries.values() for entry in entries)
    assert sum("is a domain controller's" in str(finding) for finding in plan.findings) == 2


def test_an_account_without_the_migration_service_or_with_another_ones_is_refused(hosts: Hosts) -> None:
    """The directory itself says whose services these are: both are named where two accounts have one."""
    services = [f"{service}/hv2.lab.example" for service in ("HOST", "cifs")]
    hosts.site.replace("hv2", {"servicePrincipalName": services})
    hosts.site.replace("hv3", {"userAccountControl": ["4098"]})
    try:
        plan = planned(hosts, DelegationSpec(hosts=HOSTS))
    finally:
        hosts.site.replace("hv3", {"userAccountControl": ["4096"]})
        hosts.site.replace("hv2", {"servicePrincipalName": BEFORE})
    assert set(plan.refused) == {HV2, HV3}
    assert "has no service Microsoft Virtual System Migration Service/hv2.lab.example" in plan.refused[HV2]
    assert "is disabled" in plan.refused[HV3]
    assert plan.entries[HV1] == {}


def test_constrained_is_refused_for_newer_hosts(hosts: Hosts) -> None:
    """The lab's hosts are of 2022: the finding stops the run before anything is set."""
    plan = planned(hosts, DelegationSpec(hosts=HOSTS, mode="constrained", line=4))
    assert [finding.severity for finding in plan.findings] == ["refusal"]
    assert "hv1, hv2, hv3 are newer" in plan.findings[0].text
