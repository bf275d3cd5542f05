"""What a newcomer types, and what then is true in the lab."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from typing import Any

import psutil
import pytest
import yaml

from tests.documents import blocks
from tools.workspace import PROJECT

from .conftest import Site, until

pytestmark = pytest.mark.e2e


def checksums(status: dict[str, Any]) -> dict[str, list[str]]:
    """Return each machine's disks by content."""
    return {name: sorted(vm["sha256"].values()) for name, vm in status["vms"].items()}


def declared(site: Site) -> dict[str, list[str]]:
    """Return machine -> allowed hosts, as the stack file says."""
    content = yaml.safe_load(site.file("stacks/lab.yaml").read_text(encoding="utf-8"))
    hosts = {name: vm.get("host") for name, vm in content["vms"].items()}
    return {name: [host] if isinstance(host, str) else host for name, host in hosts.items() if host}


def mover(site: Site) -> tuple[str, str, str]:
    """Return a machine that must change hosts: name, where it is, where it shall be."""
    now = site.hosts()
    for name, allowed in declared(site).items():
        if now[name] not in allowed:
            return name, now[name], allowed[0]
    pytest.fail("stacks/lab.yaml moves nothing")


def open_to_others(site: Site) -> list[str]:
    """Return what of all that runs and reports have left other users may read: state, history, audit log, identities, a review."""
    for words in (("--html", "page.html"), ("--output", "review.md")):
        site.workspace.run("placement", "review", "lab", *words, check=False, stdout=subprocess.DEVNULL)
    left = [site.file("page.html"), site.file("review.md"), *site.file(".pulumi").rglob("*")]
    assert {"lab.json", "lab.jsonl"} <= {path.name for path in left}
    return [path.name for path in left if path.stat().st_mode & 0o077] if os.name == "posix" else []


def test_up_reaches_the_declared_placement_and_drift_is_repaired(site: Site) -> None:
    """From the first preview to a repaired drift, no byte lost and no limit exceeded."""
    before = site.status()
    name, source, target = mover(site)

    preview = site.pulumi("preview")
    assert preview.returncode == 0, preview.stdout
    assert f"{name}: is on {source}, goes to {target}" in preview.stdout

    up = site.pulumi("up", "--yes")
    assert up.returncode == 0, up.stdout
    after = site.status()
    assert {
        name: after["vms"][name]["host"] in hosts for name, hosts in declared(site).items()
    } == dict.fromkeys(declared(site), True)
    assert checksums(after) == checksums(before)
    assert after["violations"] == []
    outputs = json.loads(site.pulumi("stack", "output", "--json").stdout)
    assert outputs["placement"] == site.hosts()
    kept = json.loads(site.file(".pulumi/identities/lab.json").read_text(encoding="utf-8"))
    assert {vm: kept["places"][kept["machines"][vm]] for vm in kept["machines"]} == site.hosts()
    assert outputs["moves"] == len(after["jobs"]) == len(outputs["plan"]) - 1
    assert any(line.startswith(f"{name}: {source} -> {target}, ") for line in outputs["plan"])
    assert site.in_order()  # though the plan that it would export is empty now
    again = site.pulumi("up", "--yes", "--expect-no-changes")
    assert again.returncode == 0, again.stdout
    (nothing,) = json.loads(site.pulumi("stack", "output", "plan", "--json").stdout)
    assert nothing.startswith("Nothing to move")

    site.lab("move", "VM003", "hv1")
    drift = site.pulumi("preview", "--expect-no-changes")
    assert drift.returncode != 0
    assert "VM003: is on hv1" in drift.stdout
    repaired = site.up()
    assert repaired.returncode == 0, repaired.stdout
    assert site.in_order()
    assert checksums(site.status()) == checksums(before)
    assert open_to_others(site) == []


@pytest.mark.outcome
def test_a_killed_engine_costs_no_move(site: Site) -> None:
    """The plugin leaves, the host finishes, the documented commands end in order, nothing moves twice."""
    site.lab("fault", "clear")
    name, _, target = mover(site)
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: site.moved(name), within=180, what=f"{name} moves")
    plugins = run.plugins()
    assert plugins
    run.process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(plugins, timeout=5)
    assert alive == []
    until(lambda: site.hosts()[name] == target, within=180, what="the host finishes the move")

    recovered = site.workspace.run("placement", "recover", "lab", capture_output=True)
    assert "lock removed" in recovered.stdout
    assert f"moved: {name}: " in recovered.stdout
    again = site.up()
    assert again.returncode == 0, again.stdout
    assert site.in_order()
    assert len(site.moved(name)) == 1
    assert site.status()["violations"] == []


def test_ctrl_c_leaves_the_move_to_its_host(site: Site) -> None:
    """The run ends soon with a clear line, the move goes on, the next run adopts it."""
    site.lab("fault", "clear")
    name, _, target = mover(site)
    run = site.start("up", "--yes", "--skip-preview")
    until(lambda: site.moved(name), within=180, what=f"{name} moves")
    run.interrupt()
    assert run.ended(within=10) != 0
    assert "The next run adopts it" in run.text()
    again = site.up()
    assert again.returncode == 0, again.stdout
    assert site.hosts()[name] == target
    assert len(site.moved(name)) == 1
    assert site.in_order()


def test_three_errors_are_three_lines_and_touch_nothing(site: Site) -> None:
    """Bad input is told at once and completely, and once, also where many machines are managed already."""
    assert site.up().returncode == 0
    path = site.file("stacks/lab.yaml")
    content = path.read_text(encoding="utf-8")
    content += "  BAD1: {host: hv99}\n  BAD2: {hots: hv1}\n  BAD3: {host: hv1, storage: 'Hyper-V\\x'}\n"
    path.write_text(content, encoding="utf-8")
    wrong = [f"stacks/lab.yaml:{line}:" for line in range(content.count("\n") - 2, content.count("\n") + 1)]
    before = site.lab("log")
    for verb in (("preview",), ("refresh", "--yes")):
        run = site.pulumi(*verb)
        assert run.returncode != 0
        diagnostics = run.stdout.partition("Diagnostics:")[2].splitlines()
        for start in wrong:
            assert len([line for line in diagnostics if line.strip().startswith(start)]) == 1, run.stdout
    assert site.lab("log") == before


@pytest.mark.all
def test_a_failed_move_stays_alone(site: Site) -> None:
    """One machine stays with its cause in a line, the others go on, the next run finishes."""
    name, source, target = mover(site)
    site.lab("fault", "add", "migration-fails", "--vm", name, "--times", "1")
    run = site.up()
    assert run.returncode != 0
    diagnostics = run.stdout.partition("Diagnostics:")[2].splitlines()
    (cause,) = {line.strip() for line in diagnostics if f"{name} ({source} -> {target}) failed" in line}
    assert "0x8009030E" in cause
    assert "Microsoft Virtual System Migration Service" in cause
    now = site.hosts()
    assert now[name] == source
    others = {vm: now[vm] in hosts for vm, hosts in declared(site).items() if vm != name}
    assert all(others.values())
    assert site.up().returncode == 0
    assert site.hosts()[name] == target
    assert site.in_order()


def test_refresh_import_target_and_destroy(site: Site) -> None:
    """Pulumi's other verbs: drift by refresh, one machine alone, forgetting, taking in again."""
    assert site.up().returncode == 0
    before = site.status()["vms"]
    site.lab("move", "VM003", "hv1")
    assert site.pulumi("refresh", "--preview-only", "--expect-no-changes").returncode != 0
    assert site.pulumi("refresh", "--yes").returncode == 0
    urn = "**::VM003"
    assert site.up("--target", urn).returncode == 0
    assert site.hosts()["VM003"] == before["VM003"]["host"]

    destroyed = site.pulumi("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stdout
    assert site.hosts() == {name: vm["host"] for name, vm in before.items()}
    slip = site.pulumi(*_import("VM001", "VM001"))
    assert slip.returncode != 0
    assert "'VM001' is no GUID" in slip.stdout
    assert "bin/placement inventory" in slip.stdout
    assert "bug" not in slip.stdout
    imported = site.pulumi(*_import("VM001", before["VM001"]["id"]))
    assert imported.returncode == 0, imported.stdout
    assert site.up().returncode == 0
    assert site.in_order()


def _import(label: str, guid: str) -> list[str]:
    """Return the words of `bin/pulumi` by which docs/connect.md takes in a machine."""
    [line] = [block.text for block in blocks(PROJECT / "docs" / "connect.md") if "hv:Vm" in block.text]
    return shlex.split(line.replace("WEB01", label).replace("$GUID", guid))[1:]


def log_on_by(site: Site, auth: str) -> None:
    """Have the stack dial every host with another scheme."""
    path = site.file("stacks/lab.yaml")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["connection"]["auth"] = auth
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def test_no_secret_is_left_anywhere(site: Site) -> None:
    """The lab's password stands in its 0600 file and nowhere else: not in state, exports, logs or argv.

    The run logs on by CredSSP, which handles it most. Program and plugin log to the engine, whose log shows it, and keep
    all requests in one file.
    """
    log_on_by(site, "credssp")
    wire = site.file("wire.jsonl")
    site.workspace.environment["PLACEMENT_LOG"] = f"debug,wire:{wire}"
    password = next(iter(site.status()["hosts"].values()))["password"]
    run, seen = site.watched("up", "--yes", "--skip-preview", "--logtostderr", "-v=9")
    assert run.process.returncode == 0, run.text()[-2000:]
    assert not [words for words in seen if password in words]
    assert password not in run.text()
    for room in ("winrm", "migration", "plugin"):
        assert re.search(rf"(?:INFO|DEBUG) {room}\.\w+: ", run.text()), room
    exchanges = [json.loads(line) for line in wire.read_text(encoding="utf-8").splitlines()]
    assert len({each["process"] for each in exchanges if each.get("host")}) == 2
    assert password not in wire.read_text(encoding="utf-8")
    assert password not in site.pulumi("stack", "export", "--show-secrets").stdout
    holders = site.holders(password)
    assert all(path.startswith(".lab/") for path in holders)
    modes = {(site.workspace.folder / path).stat().st_mode & 0o077 for path in holders}
    assert modes == {0}
