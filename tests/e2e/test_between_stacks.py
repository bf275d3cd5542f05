"""A machine that goes from one stack file to another: adopted there and forgotten here, whichever of the two runs first."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tools.workspace import Workspace

from .conftest import Site
from .test_order import placed

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.all,
    pytest.mark.one_form("it is about stacks that were adopted before"),
]
ESTATE = {
    "hosts": {"hv1": {"memory": "64 GiB"}, "hv2": {"memory": "64 GiB"}},
    "vms": {name: {"host": "hv1"} for name in ("KEEP", "WEB", "DB", "APP")},
}
SIBLINGS = "others: [{siblings: true}]\n"


class Teams:
    """Two stacks on the same hosts, `lab` and `site7`."""

    def __init__(self, site: Site) -> None:
        """Give APP to `site7`, and everything else to `lab`."""
        self.site = site
        text = site.file("stacks/lab.yaml").read_text(encoding="utf-8")
        self.head, _, machines = text.partition("vms:\n")
        lines = {line.split(":")[0].strip(): line for line in machines.splitlines(keepends=True)}
        self.entries = {name: lines[name] for name in ESTATE["vms"]}
        assert site.pulumi("stack", "init", "site7").returncode == 0
        self.say(lab=("KEEP", "WEB", "DB"), site7=("APP",))

    def say(self, **files: tuple[str, ...]) -> None:
        """Write both stack files."""
        for stack, names in files.items():
            path = self.site.file(f"stacks/{stack}.yaml")
            machines = "".join(self.entries[name] for name in names)
            path.write_text(f"{self.head}vms:\n{machines}{SIBLINGS}", encoding="utf-8")

    def up(self, stack: str) -> str:
        """Run `up` of a stack to its end and return what it printed."""
        run = self.site.up("--stack", stack)
        assert run.returncode == 0, run.stdout
        return run.stdout

    def drift(self, stack: str) -> dict[str, Any]:
        """Return the drift of a stack as a script reads it."""
        return dict(
            json.loads(
                self.site.workspace.run(
                    "placement", "drift", stack, "--json", check=False, stdout=subprocess.PIPE
                ).stdout
            )
        )

    def managed(self, stack: str) -> set[str]:
        """Return the machines that the state of a stack has."""
        return set(
            json.loads(self.site.pulumi("stack", "output", "--json", "--stack", stack).stdout)["placement"]
        )


@pytest.fixture
def teams(workspace: Workspace) -> Iterator[Teams]:
    """Both stacks, adopted."""
    here = placed(workspace, ESTATE, "--speed", "6")
    found = Teams(here)
    found.up("lab")
    found.up("site7")
    yield found
    for run in here.runs:
        run.stop()


def test_an_entry_goes_to_another_file_and_either_run_may_be_first(teams: Teams) -> None:
    """DB is adopted there first, WEB is forgotten here first; no machine moves, and neither stack has drift at any moment."""

    def nothing_is_wrong() -> None:
        for stack in ("lab", "site7"):
            assert teams.drift(stack)["drifts"] == [], stack

    before = teams.site.hosts()
    nothing_is_wrong()
    teams.say(lab=("KEEP", "WEB"), site7=("APP", "DB"))
    nothing_is_wrong()
    teams.up("site7")
    nothing_is_wrong()
    teams.up("lab")
    assert (teams.managed("lab"), teams.managed("site7")) == ({"KEEP", "WEB"}, {"APP", "DB"})
    nothing_is_wrong()
    teams.say(lab=("KEEP",), site7=("APP", "DB", "WEB"))
    teams.up("lab")
    nothing_is_wrong()
    teams.up("site7")
    assert (teams.managed("lab"), teams.managed("site7")) == ({"KEEP"}, {"APP", "DB", "WEB"})
    nothing_is_wrong()
    assert teams.drift("lab")["others"]["by"] == [{"whose": "stack site7", "count": 3}]
    assert teams.site.hosts() == before
    assert teams.site.status()["jobs"] == []


def test_while_both_files_have_the_entry_both_name_the_other(teams: Teams) -> None:
    """As in the first of two commits: each run warns, and drift says so until one entry is gone."""
    teams.say(lab=("KEEP", "WEB", "DB"), site7=("APP", "DB"))
    said = teams.up("site7")
    assert "DB is declared in stacks/lab.yaml:" in said, said
    for stack, other in (("lab", "site7"), ("site7", "lab")):
        (drift,) = teams.drift(stack)["drifts"]
        assert (drift["kind"], drift["subject"]) == ("declared twice", "DB")
        assert f"stacks/{other}.yaml:" in drift["text"]
    assert teams.site.workspace.run("placement", "check", "lab", check=False).returncode == 1
