"""From live hosts to a stack in order: discover, adopt, and nothing is left to do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.stackfile import load
from tools.workspace import Workspace

from .conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.one_form("it is about adopting")]
HOSTS = tuple(f"hv{number}" for number in range(1, 9))
HOSTILE = ("""<img src=x onerror=alert(1)>]]>&"'""", "a: b", "web #1", "yes", "仮想 1", "x::y", "- {z}")


def estate() -> dict[str, Any]:
    """Return two hundred machines and a replica, of every kind that is declared in a way of its own."""
    plain = {f"VM{number:03d}": {"host": HOSTS[number % len(HOSTS)]} for number in range(1, 186)}
    named = {
        name: {
            "host": HOSTS[number % len(HOSTS)],
            "folder": f"D:\\Hyper-V\\odd{number}",
            "disks": ["os.vhdx"],
        }
        for number, name in enumerate(HOSTILE)
    }
    share = "\\\\sofs.lab.example\\vms"
    return {
        "hosts": {name: {"memory": "512 GiB"} for name in HOSTS},
        "shares": {share: {"capacity": "10 TiB", "hosts": list(HOSTS)}},
        "vms": {
            **plain,
            **named,
            "FLAT": {"host": "hv1", "disks": ["D:\\Hyper-V\\FLAT\\os.vhdx", "D:\\Hyper-V\\FLAT\\data.vhdx"]},
            "APART": {"host": "hv2", "disks": ["os.vhdx", {"path": "E:\\Data\\db.vhdx", "slot": "scsi-0-4"}]},
            "CHECKED": {"host": "hv1", "checkpoints": ["before the update"]},
            "SECURED": {"host": "hv1", "vtpm": True},
            "REPLICATED": {"host": "hv2", "replication": "primary"},
            "COPY": {"host": "hv3", "replication": "replica"},
            "SHARED": {"host": "hv3", "folder": f"{share}\\SHARED"},
            "DISC": {"host": "hv1", "disks": ["os.vhdx", {"path": "D:\\ISO\\setup.iso", "kind": "iso"}]},
            "OFF": {"host": "hv3", "state": "off"},
        },
    }


@pytest.mark.all
def test_two_hundred_machines_are_adopted_and_nothing_is_left(workspace: Workspace, tmp_path: Path) -> None:
    """The preview has nothing but adoption to say, no job runs at any host, and the next preview finds nothing to do."""
    described = tmp_path / "estate.yaml"
    described.write_text(yaml.safe_dump(estate(), allow_unicode=True), encoding="utf-8")
    workspace.run("lab", "up", "--ports", "auto", "--estate", str(described), stdout=subprocess.DEVNULL)
    site = Site(workspace)
    reported = workspace.run(
        "placement", "discover", *(host["https"] for host in site.status()["hosts"].values()), "--stack", "found",
        "--credentials", ".lab/credentials.yaml", "--ca", ".lab/ca.pem", stdout=subprocess.PIPE,
    ).stdout  # fmt: skip
    assert "stacks/found.yaml: 200 machines on 8 hosts, 1 without their storage, 1 left out" in reported
    stack = load(site.file("stacks/found.yaml"))
    ordering = "x::y"  # parts the names in a URN, and orders a pipeline's runner: no key
    assert set(HOSTILE) - {ordering} < set(stack.vms)
    assert [vm.name for label, vm in stack.vms.items() if label.startswith("VM ")] == [ordering]

    assert site.pulumi("stack", "init", "found").returncode == 0
    preview = site.pulumi("preview", "--json")
    shown = json.loads(preview.stdout[preview.stdout.index("{") :])
    assert {step["op"] for step in shown["steps"]} == {"create"}
    assert [line for line in shown.get("diagnostics", []) if line["severity"] in {"warning", "error"}] == []
    run = site.up()
    assert run.returncode == 0, run.stdout[-3000:]
    status = site.status()
    assert (status["jobs"], status["violations"]) == ([], [])
    preview = site.pulumi("preview", "--expect-no-changes")
    assert preview.returncode == 0, preview.stdout[-3000:]

    again = workspace.run(
        "placement", "discover", "--from", "found", "--stack", "again", stdout=subprocess.PIPE
    ).stdout
    assert "stacks/again.yaml: 200 machines" in again
    second = load(site.file("stacks/again.yaml"))
    assert [(vm.label, vm.hosts, vm.storage) for vm in second.vms.values()] == [
        (vm.label, vm.hosts, vm.storage) for vm in stack.vms.values()
    ]
    assert second.hosts == stack.hosts
