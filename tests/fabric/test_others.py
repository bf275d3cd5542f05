"""Two teams on the same hosts: what is somebody else's is counted by every command, and is no drift."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import cli
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.names import HostName, vm_id
from hyperv_placement.operations.doctor.examine import examine
from hyperv_placement.operations.drift import read_drift
from hyperv_placement.operations.plan import compare
from hyperv_placement.report.drift_text import render_drift
from hyperv_placement.report.plan_text import render_plan
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.identities import Identities, identities_path, kept_of
from tests.answers import checked
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine of ours, two of databases, and one of nobody."""
    return make_fabric(
        estate(machine("WEB01"), machine("SQL01"), machine("SQL02", "hv2"), machine("STRAY", "hv2"))
    )


def written(fabric: Fabric, path: Path, vms: str, rest: str = "", of: tuple[str, ...] = ()) -> Path:
    """Write a stack file of all hosts, or of those that are named."""
    path.parent.mkdir(exist_ok=True)
    hosts = "".join(
        f"  {name}: {{address: '{host.url}'}}\n"
        for name, host in fabric.world.hosts.items()
        if not of or name in of
    )
    path.write_text(
        f"connection: {{credentials: '{fabric.home / 'credentials.yaml'}', ca: '{fabric.home / 'ca.pem'}'}}\n"
        f"hosts:\n{hosts}vms:\n{vms}{rest}",
        encoding="utf-8",
    )
    return path


def test_every_command_counts_them(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Drift, plan, inventory, doctor and review, for people and for scripts; what is of nobody is drift yet."""
    path = written(fabric, tmp_path / "web.yaml", "  WEB01: {host: hv1}\n", "others: ['SQL*']\n")
    line = "others: 2 machines of others here, not declared and no drift: 2 by SQL*"
    assert cli.main(["drift", str(path)]) == 2
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "web: 1 drift: 1 not declared; 2 machines of others"
    assert f"  {line}" in shown
    assert cli.main(["drift", str(path), "--markdown"]) == 2
    assert "2 machines of others here, not declared and no drift" in capsys.readouterr().out
    assert cli.main(["plan", str(path)]) == 0
    assert line in capsys.readouterr().out.splitlines()
    recorded = str(tmp_path / "web.json")
    assert cli.main(["inventory", str(path), "--save", recorded]) == 0
    assert line in capsys.readouterr().out.splitlines()
    cli.main(["doctor", str(path)])
    assert line in capsys.readouterr().out.splitlines()
    assert cli.main(["review", str(path), "--inventory", recorded]) == 0
    assert "2 machines of others here, not declared and no drift" in capsys.readouterr().out
    for verb in ("drift", "plan", "inventory", "doctor"):
        cli.main([verb, str(path), "--json"])
        others = checked(verb, capsys.readouterr().out)["others"]
        assert (others["count"], others["by"]) == (2, [{"whose": "SQL*", "count": 2}]), verb
        assert sorted(each["name"] for each in others["machines"]) == ["SQL01", "SQL02"], verb


def test_none_is_counted_too_and_the_last_day_is_the_last(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that has become idle is seen to be; the day after, its machines are drift again, with a note."""
    entries = "  WEB01: {host: hv1}\n  SQL01:\n  SQL02:\n  STRAY:\n"
    path = written(fabric, tmp_path / "web.yaml", entries, "others: ['SQL*']\n")
    assert cli.main(["drift", str(path)]) == 0
    assert "0 machines of others" in capsys.readouterr().out.splitlines()[0]
    over = "others: [{names: ['SQL*', STRAY], until: 2020-01-31, reason: a rehearsal}]\n"
    written(fabric, path, "  WEB01: {host: hv1}\n", over)
    assert cli.main(["drift", str(path)]) == 2
    shown = capsys.readouterr().out
    assert shown.startswith("web: 3 drifts: 3 not declared; 0 machines of others\n")
    assert "note: what is said of others (SQL*, STRAY) ended on 2020-01-31 UTC (a rehearsal)" in shown


def test_two_teams_with_a_stack_file_each_have_no_drift_of_each_other(fabric: Fabric, tmp_path: Path) -> None:
    """Each file says that what its siblings declare is theirs; who declares it is named."""
    siblings = "others: [{siblings: true}]\n"
    web = written(fabric, tmp_path / "stacks" / "web.yaml", "  WEB01: {host: hv1}\n  STRAY:\n", siblings)
    sql = written(fabric, tmp_path / "stacks" / "sql.yaml", "  SQL01: {host: hv1}\n  SQL02:\n", siblings)
    for path, whose in ((web, "sql"), (sql, "web")):
        stack = load(path)
        known = kept_of(stack, tmp_path)
        report = read_drift(stack, fabric.estate, fabric.audit, known).report
        assert report.drifts == ()
        assert f"2 machines of others here, not declared and no drift: 2 of stack {whose}" in render_drift(
            report
        )
        _, plan = compare(stack, fabric.estate, known=known)
        assert f"2 of stack {whose}" in render_plan(plan)


def kept(project: Path, stack: str, machines: dict[str, str], at: dict[str, str]) -> None:
    """Leave what a run of a stack keeps: which machine each key means, and where each was."""
    Identities(identities_path(project, stack), SystemClock()).keep(
        {label: vm_id(each) for label, each in machines.items()},
        places={vm_id(each): HostName(host) for each, host in at.items()},
        of_a_run=True,
    )


def test_a_machine_on_another_stacks_host_is_joined_by_its_guid(fabric: Fabric, tmp_path: Path) -> None:
    """By what that stack's last run kept, or by its hosts where somebody asks; a host that is silent then is unknown."""
    site1 = written(fabric, tmp_path / "stacks" / "site1.yaml", "  SQL02: {host: hv1}\n", of=("hv1",))
    site7 = written(fabric, tmp_path / "stacks" / "site7.yaml", "  STRAY: {host: hv2}\n", of=("hv2", "hv3"))
    sql = fabric.lab_vm("SQL02").id
    kept(tmp_path, "site1", {"SQL02": sql}, {sql: "hv1"})

    def drifts(path: Path, *, next_door: bool = False) -> dict[str, tuple[str, str]]:
        stack = load(path)
        with closing(Estate(stack.hosts, clock=fabric.clock)) as hosts:
            found = read_drift(stack, hosts, fabric.audit, kept_of(stack, tmp_path), next_door=next_door)
        notes.extend(found.report.notes)
        return {each.subject: (str(each.kind), each.text) for each in found.report.drifts}

    notes = list[str]()
    kind, text = drifts(site1)["SQL02"]
    assert kind == "missing"
    assert "placement drift site1 --siblings" in text
    there = drifts(site7)["SQL02"]
    assert (there[0], f"({sql}); stacks/site1.yaml:5 (vms.SQL02) declares it" in there[1]) == (
        "not declared",
        True,
    )
    assert drifts(site1, next_door=True)["SQL02"] == (
        "with another stack",
        "is on site7's hv2; on no host of this stack",
    )
    assert notes[-1] == "asked for machines that are missing here: hv2, hv3 of stack site7"
    fabric.fault("host-down", host="hv3")
    assert drifts(site1, next_door=True)["SQL02"][0] == "with another stack"
    assert notes[-1].startswith("whether machines that are missing here are on site7's hv3 is unknown: ")
    # What the last run of site7 has kept is said without asking anybody, and asking sees that it is so no more.
    kept(tmp_path, "site7", {"STRAY": fabric.lab_vm("STRAY").id}, {sql: "hv2"})
    kind, text = drifts(site1)["SQL02"]
    assert kind == "with another stack"
    assert text.startswith("is on site7's hv2 (by its last run, 20")


def test_one_machine_of_two_stacks_is_named_by_drift_plan_doctor_and_check(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each run would move it to its own side."""
    web = written(
        fabric, tmp_path / "stacks" / "web.yaml", "  WEB01: {host: hv1}\n  SQL01:\n", "others: ['*']\n"
    )
    written(fabric, tmp_path / "stacks" / "sql.yaml", "  MY-WEB: {host: hv3, name: web01}\n  SQL02:\n")
    stack = load(web)
    known = kept_of(stack, tmp_path)
    (drift,) = read_drift(stack, fabric.estate, fabric.audit, known).report.drifts
    said = "stacks/sql.yaml:7 (vms.MY-WEB)"
    assert (drift.kind, drift.subject) == ("declared twice", "WEB01")
    assert drift.text == f"{said} declares it as well: each run would move it to its own side"
    _, plan = compare(stack, fabric.estate, known=known)
    assert f"WEB01 is declared in {said} as well" in render_plan(plan)
    errors = [each.id for each in examine(stack, fabric.clock, known).found if each.refuses]
    assert errors.count("machine-in-two-stacks") == 1
    assert cli.main(["check", str(web)]) == 1
    assert "vms.WEB01 is declared in" in capsys.readouterr().err
