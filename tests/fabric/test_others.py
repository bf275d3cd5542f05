"""Two teams on the same hosts: what is somebody else's is counted by every command, and is no drift."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hyperv_placement.commands import cli
from hyperv_placement.operations.drift import read_drift
from hyperv_placement.operations.plan import compare
from hyperv_placement.report.drift_text import render_drift
from hyperv_placement.report.plan_text import render_plan
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.identities import kept_of
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine of ours, two of databases, and one of nobody."""
    return make_fabric(
        estate(machine("WEB01"), machine("SQL01"), machine("SQL02", "hv2"), machine("STRAY", "hv2"))
    )


def written(fabric: Fabric, path: Path, vms: str, rest: str = "") -> Path:
    """Write a stack file of all hosts."""
    path.parent.mkdir(exist_ok=True)
    hosts = "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
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
        others = json.loads(capsys.readouterr().out)["others"]
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
    assert "note: what is said of others (SQL*, STRAY) ended on 2020-01-31 (a rehearsal)" in shown


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
