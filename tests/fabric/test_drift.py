"""`bin/placement drift` against hosts that speak: who moved what, one host down, and a file that says it anew."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from hyperv_placement.commands import cli
from hyperv_placement.model.options import MigrationOptions
from hyperv_placement.operations.drift import read_drift
from hyperv_placement.planning.drift import DriftKind, Mover
from hyperv_placement.report.markdown import text
from hyperv_placement.stackfile import load
from lab.estate.spec import DiskSpec
from lab.world import LabJob, person
from tests.answers import checked
from tests.fabric.conftest import Fabric, Maker, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
HOSTILE = "<img src=x onerror=alert(1)>]]>&\"'"


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Four machines on hv1 and one on hv3."""
    return make_fabric(
        estate(
            machine("WEB01"),
            machine("WEB02"),
            machine("WEB03"),
            machine(HOSTILE, folder="D:\\odd", disks=(DiskSpec(path="D:\\odd\\os.vhdx"),)),
            machine("FAR01", "hv3"),
        )
    )


@pytest.fixture
def stack(fabric: Fabric, tmp_path: Path) -> Path:
    """A stack file that declares them where they are, laid out by a person."""
    path = tmp_path / f"{tmp_path.name}.yaml"
    path.write_text(
        "# the fabric\n"
        f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
        "hosts:\n"
        + "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
        + "vms:\n"
        "  WEB01: { host: hv1 }    # pinned for its licence\n"
        "  WEB02: { host: hv1 }    # with its database\n"
        "  WEB03: { host: hv1 }\n"
        f"  '{HOSTILE.replace(chr(39), chr(39) * 2)}': {{ host: hv1 }}\n"
        "  FAR01: { host: hv3 }\n",
        encoding="utf-8",
    )
    return path


def moved(fabric: Fabric, *names: str) -> None:
    """Let a person at hv1 move machines to hv2, to the end."""
    jobs: list[LabJob] = [person.move(fabric.world, name, "hv2") for name in names]
    until(lambda: not any(job.running for job in jobs))


def test_two_machines_that_a_person_moved_are_named_with_who_and_when(
    fabric: Fabric, stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told in every form; one is accepted by one line of the file, the other is drift yet."""
    assert cli.main(["drift", str(stack)]) == 0
    assert capsys.readouterr().out == (
        f"{stack.stem}: no drift, 5 machines on 3 hosts as declared\n"
        "Machines without an id are matched by name: no earlier run of this stack is known on this computer\n"
    )
    moved(fabric, "WEB02", HOSTILE)
    assert cli.main(["drift", str(stack), "--json", "--junit", str(tmp_path / "junit.xml")]) == 2
    reported = checked("drift", capsys.readouterr().out)
    jobs = {job.vm: job for job in fabric.world.jobs("hv1")}
    for drift in reported["drifts"]:
        ended = jobs[drift["vm_id"]].changed.replace(microsecond=0).isoformat()
        assert drift["mover"] == {
            "who": "LAB\\operator",
            "when": ended,
            "after": "",
            "ours": False,
            "by_log": False,
            "running": False,
            "stack": "",
            "log_of": "",
        }
        assert drift["text"] == "is on hv2, declared on hv1"
    assert sorted(drift["subject"] for drift in reported["drifts"]) == sorted(["WEB02", HOSTILE])
    cases = etree.parse(tmp_path / "junit.xml").findall("testsuite[@name='machines']/testcase")
    assert len(cases) == 5
    assert {case.get("name") for case in cases if case.find("failure") is not None} == {"WEB02", HOSTILE}
    _accept_one(stack, capsys)


def _accept_one(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = stack.read_text(encoding="utf-8")
    assert cli.main(["drift", str(stack), "--accept", "WEB02"]) == 0
    assert "+  WEB02: { host: hv2 }    # with its database\n" in capsys.readouterr().out
    changed = difflib.ndiff(before.splitlines(), stack.read_text(encoding="utf-8").splitlines())
    assert [line for line in changed if line[0] in "+-"] == [
        "-   WEB02: { host: hv1 }    # with its database",
        "+   WEB02: { host: hv2 }    # with its database",
    ]
    assert cli.main(["drift", str(stack), "--markdown"]) == 2
    assert (
        capsys.readouterr().out.splitlines()[0] == f"**{text(f'{stack.stem}: 1 drift: 1 placed elsewhere')}**"
    )
    assert cli.main(["drift", str(stack), "--accept"]) == 0
    capsys.readouterr()
    assert cli.main(["drift", str(stack)]) == 0


def test_with_a_host_down_nothing_is_called_gone(
    fabric: Fabric, stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its machine is unknown, and cannot be accepted; drift elsewhere is still said, and wins, where the GUID tells who."""
    fabric.fault("host-down", host="hv3")
    assert cli.main(["drift", str(stack)]) == 4
    said = capsys.readouterr().out
    assert said.splitlines()[0] == (
        f"{stack.stem}: no drift seen, and not everything is known; unknown: hv3; 1 machine unknown"
    )
    assert "FAR01 is unknown" in said
    assert "missing" not in said
    before = stack.read_bytes()
    assert cli.main(["drift", str(stack), "--accept", "FAR01"]) == 1
    assert "FAR01 is unknown, not gone" in capsys.readouterr().err
    assert stack.read_bytes() == before
    moved(fabric, "WEB01")
    assert cli.main(["drift", str(stack)]) == 4
    assert "WEB01 is unknown" in capsys.readouterr().out
    guid = fabric.lab_vm("WEB01").id
    stack.write_text(
        stack.read_text(encoding="utf-8").replace("WEB01: {", f"WEB01: {{ id: '{guid}',"), encoding="utf-8"
    )
    assert cli.main(["drift", str(stack)]) == 2
    assert (
        capsys.readouterr()
        .out.splitlines()[0]
        .startswith(f"{stack.stem}: 1 drift: 1 placed elsewhere; unknown: hv3")
    )


def test_a_move_of_our_own_is_told_as_ours(fabric: Fabric, stack: Path) -> None:
    """The host names the account that we logged on with; our audit log knows the job."""
    fabric.run(fabric.order("WEB01", "hv2"))
    (drift,) = read_drift(load(stack), fabric.estate, fabric.audit).report.drifts
    assert drift.mover is not None
    assert (drift.kind, drift.subject, drift.mover.ours) == (DriftKind.PLACED, "WEB01", True)
    job = next(iter(fabric.world.jobs("hv1")))
    assert drift.mover.when == job.changed.replace(microsecond=0).isoformat()


def test_when_the_job_is_forgotten_the_event_log_tells_when(
    fabric: Fabric, stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By whom it does not tell; a move of our own before that one is not taken for it."""
    fabric.run(fabric.order("WEB01", "hv2"))
    moved(fabric, "WEB02")
    job = next(job for job in fabric.world.jobs("hv1") if job.vm == fabric.lab_vm("WEB02").id)
    fabric.world.state.jobs.clear()
    drifts = read_drift(load(stack), fabric.estate, fabric.audit).report.drifts
    movers = {drift.subject: drift.mover for drift in drifts}
    ours, theirs = movers["WEB01"], movers["WEB02"]
    assert ours is not None
    assert theirs is not None
    assert (ours.ours, ours.by_log, ours.log_of) == (True, True, "")
    assert job.ended is not None
    when = job.ended.isoformat(timespec="seconds")
    assert (theirs.who, theirs.when, theirs.log_of) == ("", when, "hv1")
    assert cli.main(["drift", str(stack)]) == 2
    assert (
        f"moved by unknown, when: {job.ended:%Y-%m-%d %H:%M:%S} UTC (event log of hv1)"
        in capsys.readouterr().out
    )


def test_who_may_not_read_the_event_log_hears_unknown(fabric: Fabric, stack: Path) -> None:
    """It is no error: what stands in the stack file is compared all the same."""
    moved(fabric, "WEB02")
    fabric.world.state.jobs.clear()
    fabric.fault("wsman-fault", operation="Subscribe", code=5, left=None)
    (drift,) = read_drift(load(stack), fabric.estate, fabric.audit).report.drifts
    assert (drift.subject, drift.mover) == ("WEB02", Mover())


def test_a_machine_on_its_way_is_told_with_who_moves_it(fabric: Fabric, stack: Path) -> None:
    """The job that runs is the answer."""
    fabric.fault("stall", vm="WEB01", after=50)
    job = person.move(fabric.world, "WEB01", "hv2")
    until(lambda: job.percent == 50)
    (drift,) = read_drift(load(stack), fabric.estate, fabric.audit).report.drifts
    assert job.started is not None
    begun = job.started.replace(microsecond=0).isoformat()
    assert drift.mover == Mover(who="LAB\\operator", when=begun, running=True)


def test_what_a_move_has_left_behind_is_drift_until_it_is_gone(fabric: Fabric, stack: Path) -> None:
    """Files that our log names, and planned copies that nobody needs; a machine that is as declared changes nothing of it."""
    text = stack.read_text(encoding="utf-8")
    stack.write_text(text.replace("WEB01: { host: hv1 }", "WEB01: { host: hv2 }"), encoding="utf-8")
    for kind in ("disks-left", "planned-left"):
        fabric.fault(kind, vm="WEB01")
    fabric.run(fabric.order("WEB01", "hv2"))
    path, guid = "D:\\Hyper-V\\WEB01\\Virtual Hard Disks\\WEB01.vhdx", fabric.lab_vm("WEB01").id
    drifts = read_drift(load(stack), fabric.estate, fabric.audit).report.drifts
    assert [(drift.kind, drift.subject) for drift in drifts] == [
        ("left behind", "hv2"),
        ("left behind", "hv1"),
    ]
    assert drifts[0].text.startswith(f"holds a planned copy of WEB01 ({guid}), which is on hv2")
    assert drifts[1].text.startswith(f"still holds {path}, which the move of WEB01 at 20")
    fabric.world.files.real("hv1", path).unlink()
    fabric.world.hosts["hv2"].planned.clear()
    assert read_drift(load(stack), fabric.estate, fabric.audit).report.drifts == ()


@pytest.mark.parametrize("folder", [None, "E:\\Elsewhere"])
def test_a_planned_machine_that_the_next_run_moves_into_is_no_leftover(
    fabric: Fabric, stack: Path, folder: str | None
) -> None:
    """Where a move is staged and the copy lies as it is ordered: a run was cut, on this runner or on another. One in another folder is none of ours."""
    text = stack.read_text(encoding="utf-8")
    stack.write_text(
        text.replace("WEB01: { host: hv1 }", "WEB01: { host: hv2, migration: { check: staged } }"),
        encoding="utf-8",
    )
    vm = fabric.lab_vm("WEB01")
    roots = vm.roots if folder is None else replace(vm.roots, config=folder)
    fabric.world.hosts["hv2"].planned[vm.id] = replace(vm, host="hv2", roots=roots, staged=True)
    report = read_drift(load(stack), fabric.estate, fabric.audit).report
    kinds = [(drift.kind, drift.subject) for drift in report.drifts]
    note = f"hv2 holds a planned machine of WEB01 ({vm.id}), where its move is ordered: a run was cut, and the next one moves into it"
    if folder is None:
        assert (kinds, report.notes) == ([("placed elsewhere", "WEB01")], (note,))
        assert (
            fabric.run(replace(fabric.order("WEB01", "hv2"), options=MigrationOptions(check="staged"))).host
            == "hv2"
        )
    else:
        assert (kinds, report.notes) == ([("placed elsewhere", "WEB01"), ("left behind", "hv2")], ())


def test_the_planned_twin_of_a_migration_that_runs_is_no_leftover(fabric: Fabric, stack: Path) -> None:
    """Its job is read after it."""
    fabric.fault("stall", vm="WEB01", after=50)
    job = person.move(fabric.world, "WEB01", "hv2")
    until(lambda: job.percent >= 50)
    assert fabric.world.hosts["hv2"].planned
    kinds = [drift.kind for drift in read_drift(load(stack), fabric.estate, fabric.audit).report.drifts]
    assert "left behind" not in kinds


def test_hosts_are_only_read(fabric: Fabric, stack: Path) -> None:
    """The lab logs every request that can change something: there was none; it costs a sweep, which shows planned copies, too."""
    before = _enumerates(fabric)
    found = read_drift(load(stack), fabric.estate, fabric.audit)
    assert not found.report.drifts
    assert {name: count - before[name] for name, count in _enumerates(fabric).items()} == dict.fromkeys(
        fabric.world.hosts, 5
    )
    assert fabric.log("request") == []


def _enumerates(fabric: Fabric) -> dict[str, int]:
    return {name: counts.get("Enumerate", 0) for name, counts in fabric.servers.counts().items()}


def test_settings_of_hosts_are_compared(fabric: Fabric, stack: Path) -> None:
    """What the stack declares of all of them, and one has otherwise."""
    fabric.world.hosts["hv2"].max_live = 7
    text = stack.read_text(encoding="utf-8").replace("vms:", "live_migration: {live_limit: 2}\nvms:")
    stack.write_text(text, encoding="utf-8")
    (drift,) = read_drift(load(stack), fabric.estate, fabric.audit).report.drifts
    assert (drift.kind, drift.subject, drift.text) == (
        DriftKind.SETTINGS,
        "hv2",
        "liveLimit is 7, declared 2",
    )


def test_a_machine_that_no_entry_means_is_told(fabric: Fabric, stack: Path) -> None:
    """Where it is, by its GUID."""
    stack.write_text(
        stack.read_text(encoding="utf-8").replace("  WEB03: { host: hv1 }\n", ""), encoding="utf-8"
    )
    (drift,) = read_drift(load(stack), fabric.estate, fabric.audit).report.drifts
    assert (drift.kind, drift.subject, drift.host) == (DriftKind.UNDECLARED, "WEB03", "hv1")
    assert fabric.lab_vm("WEB03").id in drift.text
