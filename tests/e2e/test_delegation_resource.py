"""Delegation as code: shown, set before the moves that need it, kept, found when somebody changes it, and taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Site
from .domain import Domain, declare, site_with_directory, stack

pytestmark = pytest.mark.e2e
SERVICE = "Microsoft Virtual System Migration Service"
TO_HV2 = {f"{service}/{name}" for service in (SERVICE, "cifs") for name in ("hv2", "hv2.lab.example")}
TO_HV1 = {f"{service}/{name}" for service in (SERVICE, "cifs") for name in ("hv1", "hv1.lab.example")}
TO_FS1 = {"cifs/fs1", "cifs/fs1.lab.example"}
FOREIGN = "HTTP/proxy.lab.example"
TRUSTED = 0x1000000
SHOWN = re.compile(r"(hv\d -> \w+: \S.*?)(?: \(CN=[^)]*\))?\s*$", re.MULTILINE)
"""Without the account that an entry is about."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three hosts of a domain, with three machines."""
    with site_with_directory(tmp_path_factory.mktemp("e")) as one:
        yield one


@pytest.fixture(scope="module")
def domain(site: Site) -> Domain:
    """The directory of that lab."""
    return Domain(site)


def moved_to(site: Site, **hosts: str) -> dict[str, Any]:
    """Return the vms: section with a machine of each of these hosts on another one."""
    vms = stack(site)["vms"]
    for source, target in hosts.items():
        label = next(label for label, vm in vms.items() if vm["host"] == source)
        vms[label] = {"host": target}
    return dict(vms)


@pytest.mark.all
def test_who_may_not_hears_what_it_takes_and_only_that_pair_waits(site: Site, domain: Domain) -> None:
    """The operator's run sets nothing, moves no machine of the pair, moves another one, and tells what would do it."""
    before = stack(site)
    assert site.up().returncode == 0
    operator = {**before["directory"], "credentials": domain.credentials("operator")}
    stays = next(label for label, vm in before["vms"].items() if vm["host"] == "hv3")
    vms = moved_to(site, hv1="hv2")
    vms[stays] = {"host": "hv3", "storage": f"{vms[stays]['storage']} moved"}
    declare(site, directory=operator, delegation={"hosts": ["hv1", "hv2"]}, vms=vms)
    at_first = site.hosts()
    run = site.up()
    assert run.returncode != 0
    dn = site.status()["directory"]["computers"]["hv1"]["dn"]
    assert f"may not change msDS-AllowedToDelegateTo and userAccountControl of {dn}" in run.stdout
    assert "SeEnableDelegationPrivilege" in run.stdout
    assert f"dn: {dn}" in run.stdout
    assert f"Set-ADObject -Identity '{dn}' -Add" in run.stdout
    assert site.hosts() == at_first
    assert [job["vm"] for job in site.status()["jobs"]] == [stays]
    assert domain.of("hv1") == (set(), 0x1000)
    declare(site, **{**before, "delegation": None})


def test_delegation_is_set_kept_and_taken_away(site: Site, domain: Domain) -> None:
    """Preview shows it with its price, one up sets it and then moves, drift is seen, and destroy takes its own away."""
    domain.change("hv1", "add", FOREIGN)
    domain.change("hv1", "add", "cifs/HV2")  # somebody has set one already, in capitals
    before = stack(site)
    mover = next(label for label, vm in before["vms"].items() if vm["host"] == "hv1")
    declare(
        site, vms=moved_to(site, hv1="hv2"),
        delegation={"hosts": ["hv1", "hv2"], "shares": ["fs1"], "on_delete": "remove"},
    )  # fmt: skip

    preview = site.pulumi("preview")
    shown = set(SHOWN.findall(preview.stdout))
    assert {f"hv1 -> hv2: {entry}" for entry in TO_HV2 - {"cifs/hv2"}} <= shown
    assert {f"hv2 -> hv1: {entry}" for entry in TO_HV1} <= shown
    assert {"hv1 -> fs1: cifs/fs1", "hv2 -> any: TRUSTED_TO_AUTH_FOR_DELEGATION"} <= shown
    assert "hv1 -> hv2: cifs/hv2" not in shown
    assert re.search(r"hv1: CN=HV1,CN=Computers,DC=lab,DC=example\s*$", preview.stdout, re.MULTILINE)
    assert f"{SERVICE}/hv2.lab.example (CN=HV2,CN=Computers,DC=lab,DC=example)" in preview.stdout
    assert "The directory has no account of the file server fs1.lab.example" in preview.stdout
    # Once in its place, once beside what the engine makes of its resource, once in the summary.
    assert 1 <= len(re.findall("Delegation has a price", preview.stdout)) <= 3
    assert domain.of("hv2") == (set(), 0x1000)

    up = site.up()
    assert up.returncode == 0, up.stdout
    assert site.hosts()[mover] == "hv2"
    assert domain.of("hv1") == ((TO_HV2 - {"cifs/hv2"}) | {"cifs/HV2", FOREIGN} | TO_FS1, 0x1000 | TRUSTED)
    assert domain.of("hv2") == (TO_HV1 | TO_FS1, 0x1000 | TRUSTED)
    assert domain.of("hv3") == (set(), 0x1000)
    lines = map(json.loads, site.file(".pulumi/audit/lab.jsonl").read_text(encoding="ascii").splitlines())
    added = {line["dn"].split(",")[0]: set(line["add"]) for line in lines if line["event"] == "delegation"}
    assert added["CN=HV1"] >= TO_FS1
    assert site.in_order()

    # what a directory that does not answer holds is not gone
    declare(site, directory={**before["directory"], "server": "ldaps://127.0.0.1:9"})
    silent = site.pulumi("preview", "--expect-no-changes")
    assert silent.returncode == 0, silent.stdout
    assert "Delegation is unknown, and nothing is planned on it" in silent.stdout
    declare(site, directory=before["directory"])

    domain.change("hv1", "delete", f"{SERVICE}/hv2")
    drift = site.pulumi("preview", "--diff")
    assert (
        SHOWN.findall(drift.stdout) == [f"hv1 -> hv2: {SERVICE}/hv2"] * len(SHOWN.findall(drift.stdout)) != []
    )
    assert "1 to update" in drift.stdout

    down = site.pulumi("destroy", "--yes", "--skip-preview")
    assert down.returncode == 0, down.stdout
    assert domain.of("hv1") == ({"cifs/HV2", FOREIGN}, 0x1000)
    assert domain.of("hv2") == (set(), 0x1000)
    assert site.hosts()[mover] == "hv2"
