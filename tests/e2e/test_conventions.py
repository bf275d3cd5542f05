"""What somebody who knows Pulumi tries: an import, a component in a larger program, a policy pack; with the real engine, and by its exit codes."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from .conftest import Site

pytestmark = [pytest.mark.e2e]
TYPE = "pulumi-python:hv:Vm"
PROGRAM = """import pulumi
from hyperv_placement import Placement

east = Placement("east")
west = Placement("west", opts=pulumi.ResourceOptions(depends_on=[east]))
pulumi.export("of_east", east.placement["VM009"])
pulumi.export("moves", pulumi.Output.all(east.moves, west.moves))
pulumi.export("plan", west.plan)
"""
PACK = """#!/bin/sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
PYTHONPATH="$root/providers" exec "$root/.venv/bin/python" -u -P -m hyperv_placement.plugin.policy_pack "$@"
"""


def with_pack(site: Site, **rules: object) -> list[str]:
    """Write the pack and its rules; return the words that have the engine ask it."""
    pack = site.file("policy/run")
    pack.parent.mkdir(exist_ok=True)
    pack.write_text(PACK, encoding="utf-8")
    pack.chmod(0o755)
    named = {name.replace("_", "-"): given for name, given in rules.items()}
    site.file("policy/rules.json").write_text(json.dumps(named), encoding="utf-8")
    return ["--policy-pack", "policy/run", "--policy-pack-config", "policy/rules.json"]


def split(site: Site) -> None:
    """Make of the stack lab two files without rules, each with a machine that is not in its place."""
    declared = yaml.safe_load(site.file("stacks/lab.yaml").read_text(encoding="utf-8"))
    kept = {name: declared[name] for name in ("connection", "hosts")}
    for name, keys in {"east": ("VM001", "VM009"), "west": ("VM002", "VM003")}.items():
        vms = {key: declared["vms"][key] for key in keys}
        site.file(f"stacks/{name}.yaml").write_text(
            yaml.safe_dump({**kept, "vms": vms}, sort_keys=False), encoding="utf-8"
        )


def times(site: Site, stack: str) -> list[str]:
    """Return when a stack's moves began and ended, by its own audit log."""
    lines = site.file(f".pulumi/audit/{stack}.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return [each["time"] for each in entries if each["event"] != "run"]


@pytest.mark.one_form("a larger program has a history of its own")
def test_two_stack_files_in_a_larger_program_and_a_pack_that_stops_it(site: Site) -> None:
    """A pack stops all moves before the first; without it each component moves its machines, the later one after the earlier."""
    split(site)
    site.file("__main__.py").write_text(PROGRAM, encoding="utf-8")
    before = site.hosts()

    refused = site.pulumi("up", "--yes", "--skip-preview", *with_pack(site, moves_in_a_run={"max": 0}))
    assert refused.returncode != 0
    assert "VM009 is one of " in refused.stdout, refused.stdout
    assert site.hosts() == before
    assert not site.status()["jobs"]

    run = site.up(
        *with_pack(site, protected_machines_stay={"labels": ["vm009"], "enforcementLevel": "advisory"})
    )
    assert run.returncode == 0, run.stdout
    assert "VM009 is protected (vm009), and would move from" in run.stdout
    hosts = site.hosts()
    assert hosts["VM009"] in {"hv1", "hv2"}
    assert hosts["VM003"] == "hv2"
    east, west = (times(site, name) for name in ("east", "west"))
    assert east[-1] <= west[0], "west waits for east"
    outputs = json.loads(site.pulumi("stack", "output", "--json").stdout)
    assert outputs["of_east"] == hosts["VM009"]
    assert site.in_order()


@pytest.mark.all
@pytest.mark.one_form("it is about stacks that were adopted before")
def test_an_import_ends_well_and_never_manages_a_machine_twice(site: Site) -> None:
    """Under its own key it is taken in, and a destroy is not stopped by it; under another one it is refused; a state that has both says the way out."""
    assert site.up().returncode == 0
    (guid,) = (vm["id"] for name, vm in site.status()["vms"].items() if name == "VM001")
    for label in ("OTHER", "VM002"):
        refused = site.pulumi("import", "--yes", TYPE, label, guid)
        assert refused.returncode != 0, refused.stdout
    urn = f"urn:pulumi:lab::hyperv-placement::{TYPE}::"
    assert site.pulumi("state", "delete", "--yes", f"{urn}VM001").returncode == 0
    taken = site.pulumi("import", "--yes", TYPE, "VM001", guid)
    assert taken.returncode == 0, taken.stdout
    assert "= 1 imported" in taken.stdout
    assert site.in_order()

    state = json.loads(site.pulumi("stack", "export").stdout)
    (one,) = (each for each in state["deployment"]["resources"] if each["urn"] == f"{urn}VM001")
    state["deployment"]["resources"].append({**one, "urn": f"{urn}WEBX", "protect": True})
    site.file("twice.json").write_text(json.dumps(state), encoding="utf-8")
    assert site.pulumi("stack", "import", "--file", "twice.json").returncode == 0
    preview = site.pulumi("preview")
    assert preview.returncode != 0
    way_out = re.search(
        r"which touches no machine: bin/pulumi (state delete --force --yes \S+)", preview.stdout
    )
    assert way_out is not None, preview.stdout
    assert site.pulumi(*way_out[1].split()).returncode == 0
    assert site.in_order()
    assert site.pulumi("destroy", "--yes").returncode == 0
    assert not site.running()


@pytest.mark.all
@pytest.mark.one_form("it is about a stack that has no state yet")
def test_a_named_stack_is_made_renamed_and_knows_its_settings(site: Site) -> None:
    """The words that a newcomer types, each with one line that helps."""
    site.file("stacks/prod.yaml").write_text(
        site.file("stacks/lab.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    site.file("stacks/lab.yaml").unlink()
    made = site.workspace.run(
        "pulumi", "preview", "-s", "prod", "--json", check=False, stdout=subprocess.PIPE
    )
    assert made.returncode == 0
    assert json.loads(made.stdout)["changeSummary"]
    site.pulumi("config", "set", "-s", "prod", "colour", "blue")
    site.workspace.environment["PULUMI_PARALLEL"] = "2"
    run = site.up("-s", "prod")
    assert run.returncode == 0, run.stdout
    assert "Pulumi's config has colour, which nothing reads" in run.stdout
    assert re.search(r"\d+ machines are to move, and the engine works on 2 resources at a time", run.stdout)

    assert site.pulumi("stack", "rename", "-s", "prod", "live").returncode == 0
    lost = site.pulumi("preview", "-s", "live")
    assert "if prod was renamed to live, rename what belongs to it" in lost.stdout, lost.stdout
    for before, now in re.findall(r"(\S*stacks/prod\S*|\S*\.pulumi/\S*prod\S*) to ([^\s;]+)", lost.stdout):
        if site.file(before).exists():
            site.file(before).rename(site.file(now))
    assert site.pulumi("preview", "-s", "live", "--expect-no-changes").returncode == 0
