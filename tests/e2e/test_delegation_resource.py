"""Delegation as code: shown, set before the moves that need it, kept, found when somebody changes it, and taken away."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from lab.directory.errors import DirectoryError
from lab.directory.packages import Samba
from tools.workspace import Workspace

from .conftest import NO_PROXY, QUICK, Site

pytestmark = pytest.mark.e2e
SERVICE = "Microsoft Virtual System Migration Service"
TO_HV2 = {f"{service}/{name}" for service in (SERVICE, "cifs") for name in ("hv2", "hv2.lab.example")}
TO_HV1 = {f"{service}/{name}" for service in (SERVICE, "cifs") for name in ("hv1", "hv1.lab.example")}
TO_FS1 = {"cifs/fs1", "cifs/fs1.lab.example"}
FOREIGN = "HTTP/proxy.lab.example"
TRUSTED = 0x1000000
SHOWN = re.compile(r"(hv\d -> \w+: \S.*?)\s*$", re.MULTILINE)


class Domain:
    """The directory of a site's lab, asked and changed by other people's programs."""

    def __init__(self, site: Site) -> None:
        """Know where it is."""
        self._site = site
        self._status: dict[str, Any] = site.status()["directory"]

    def _run(self, tool: str, *words: str, given: str = "") -> str:
        account = self._status["accounts"]["directory_administrator"]
        secret = self._site.file("secret")
        secret.touch(0o600)
        secret.write_text(account["password"], encoding="utf-8")
        done = subprocess.run(
            [tool, "-x", "-H", self._status["ldaps"], "-D", account["principal"], "-y", str(secret), *words],
            check=True, capture_output=True, text=True, input=given, timeout=60,
            env={**os.environ, "LDAPTLS_CACERT": self._status["ca"]},
        )  # fmt: skip
        return done.stdout

    def of(self, host: str) -> tuple[set[str], int]:
        """Return what `ldapsearch` shows of a host's account: whom it may delegate to, and its flags."""
        text = self._run(
            "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", self._status["base"], f"(sAMAccountName={host}$)",
            "msDS-AllowedToDelegateTo", "userAccountControl",
        )  # fmt: skip
        found = re.findall(r"^(\S+): (.*)$", text, re.MULTILINE)
        flags = next(int(value) for name, value in found if name == "userAccountControl")
        return {value for name, value in found if name == "msDS-AllowedToDelegateTo"}, flags

    def change(self, host: str, step: str, service: str) -> None:
        """Add or delete one entry by `ldapmodify`."""
        lines = (
            f"dn: {self._status['computers'][host]['dn']}",
            "changetype: modify",
            f"{step}: msDS-AllowedToDelegateTo",
            f"msDS-AllowedToDelegateTo: {service}",
            "",
        )
        self._run("ldapmodify", given="\n".join(lines))

    def credentials(self, role: str) -> str:
        """Return the credentials file of an account."""
        return str(self._status["accounts"][role]["credentials"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Three hosts of a domain, with three machines, adopted."""
    try:
        Samba.find()
    except DirectoryError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    workspace = Workspace(
        tmp_path_factory.mktemp("e") / "project", keep={"HTTP_PROXY": NO_PROXY, "HTTPS_PROXY": NO_PROXY}
    )
    workspace.run(
        "lab", "up", "--ports", "auto", "--hosts", "3", "--vms", "3", "--speed", QUICK, "--directory",
        "--write-stack", "stacks/lab.yaml", stdout=subprocess.DEVNULL,
    )  # fmt: skip
    yield Site(workspace)
    workspace.close()


@pytest.fixture(scope="module")
def domain(site: Site) -> Domain:
    """The directory of that lab."""
    return Domain(site)


def declare(site: Site, **sections: object) -> None:
    """Change sections of the stack file; None takes one out."""
    path = site.file("stacks/lab.yaml")
    content = {**yaml.safe_load(path.read_text(encoding="utf-8")), **sections}
    kept = {name: value for name, value in content.items() if value is not None}
    path.write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")


def stack(site: Site) -> Any:
    """Return the stack file."""
    return yaml.safe_load(site.file("stacks/lab.yaml").read_text(encoding="utf-8"))


def moved_to(site: Site, **hosts: str) -> dict[str, Any]:
    """Return the vms: section with a machine of each of these hosts on another one."""
    vms = stack(site)["vms"]
    for source, target in hosts.items():
        label = next(label for label, vm in vms.items() if vm["host"] == source)
        vms[label] = {"host": target}
    return dict(vms)


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
    assert len(re.findall("Delegation has a price", preview.stdout)) in {
        1,
        2,
    }  # once in its place, once in the summary
    assert domain.of("hv2") == (set(), 0x1000)

    up = site.up()
    assert up.returncode == 0, up.stdout
    assert site.hosts()[mover] == "hv2"
    assert domain.of("hv1") == ((TO_HV2 - {"cifs/hv2"}) | {"cifs/HV2", FOREIGN} | TO_FS1, 0x1000 | TRUSTED)
    assert domain.of("hv2") == (TO_HV1 | TO_FS1, 0x1000 | TRUSTED)
    assert domain.of("hv3") == (set(), 0x1000)
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
