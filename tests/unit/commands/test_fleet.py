"""`bin/placement fleet`: from what `drift --json` prints to one table of all stacks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.cli import main
from hyperv_placement.planning.drift import DriftKind, DriftReport, Unknown
from hyperv_placement.report.drift_record import drift_record
from tests.answers import checked
from tests.estates import guid
from tests.unit.report.test_drift import EMPTY, HOSTILE, drift


def written(folder: Path, stack: str, report: DriftReport = EMPTY) -> str:
    """Write what `drift --json` prints of a stack now; return the file's name."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    path = folder / f"drift-{stack}.json"
    path.write_text(json_text(drift_record(replace(report, stack=stack, checked=now), 0)), encoding="utf-8")
    return str(path)


def test_what_drift_prints_is_what_fleet_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Joined, with what was not read; the page and the Markdown show a hostile name as text."""
    missing = drift("VM001", kind=DriftKind.MISSING, vm_id=guid(1), host=None, mover=None)
    there = drift(HOSTILE, kind=DriftKind.UNDECLARED, vm_id=guid(1))
    files = [
        written(tmp_path, "site1", replace(EMPTY, drifts=(missing,))),
        written(tmp_path, "site7", replace(EMPTY, drifts=(there,))),
        str(tmp_path / "drift-site9.json"),
    ]
    page = tmp_path / "fleet.html"
    assert main(["fleet", *files, "--expect", "site1", "site8", "--json", "--html", str(page)]) == 2
    table = checked("fleet", capsys.readouterr().out)
    (row,) = table["drifts"]
    assert (row["id"], row["host"], row["moved_then"]) == (guid(1), "hv2", True)
    assert [each["stack"] for each in row["reports"]] == ["site1", "site7"]
    assert [each["stack"] for each in table["not_read"]] == ["site8", "site9"]
    assert "not read: site8, site9" in table["summary"]
    assert "<img" not in page.read_text(encoding="utf-8")
    earlier = tmp_path / "before.json"
    earlier.write_text(json.dumps(table), encoding="utf-8")
    assert main(["fleet", *files, "--expect", "--before", str(earlier), "--markdown"]) == 2
    assert "### Drift, the oldest first" in capsys.readouterr().out


def test_moments_are_by_the_clocks_that_all_stacks_go_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else by UTC: where they differ, and where no zone of that name is known here; a report that is too old is dated by its own."""
    berlin = replace(EMPTY, zone=ZoneInfo("Europe/Berlin"))
    first = written(tmp_path, "site1", berlin)
    old = tmp_path / "drift-site8.json"
    then = replace(berlin, stack="site8", checked="2026-06-01T10:00:00+00:00")
    old.write_text(json_text(drift_record(then, 0)), encoding="utf-8")
    assert main(["fleet", first, written(tmp_path, "site2", berlin), str(old), "--expect"]) == 4
    alike = capsys.readouterr().out
    assert "looked at (Europe/Berlin)" in alike
    assert "its report is of 2026-06-01 12:00 Europe/Berlin" in alike
    assert main(["fleet", first, written(tmp_path, "site3"), "--expect"]) == 0
    assert "looked at (UTC)" in capsys.readouterr().out
    strange = tmp_path / "drift-site4.json"
    for zone in ("Nowhere/At All", "../../etc/passwd", "", ["UTC"], 7):
        content = json.loads(Path(first).read_text(encoding="utf-8")) | {"stack": "site4", "timezone": zone}
        strange.write_text(json.dumps(content), encoding="utf-8")
        assert main(["fleet", str(strange), "--expect"]) == 0
        assert "looked at (UTC)" in capsys.readouterr().out
    assert main(["fleet", first, "--expect", "--json"]) == 0
    (only,) = checked("fleet", capsys.readouterr().out)["stacks"]
    moved = written(tmp_path, "site5", replace(berlin, drifts=(drift("VM001"),)))
    assert main(["fleet", moved, "--expect"]) == 2
    told = capsys.readouterr().out
    assert "since (Europe/Berlin)" in told
    assert "  2026-12-01 03:58  " in told, told
    assert only["timezone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"stack": "site2", "checked": "x", "summary": "", "drifts": []}']
)
def test_what_is_no_report_is_not_read_and_never_no_drift(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    """4, with the stack that the file's name says."""
    (tmp_path / "drift-site2.json").write_text(content, encoding="utf-8")
    files = [written(tmp_path, "site1"), str(tmp_path / "drift-site2.json")]
    assert main(["fleet", *files, "--expect"]) == 4
    assert "no drift in 1 stack read; not read: site2" in capsys.readouterr().out


def test_the_codes_are_those_of_drift(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 all is well, 4 some host of a stack is silent, 1 nothing to go by; a pattern that no shell has expanded is looked up."""
    written(tmp_path, "site1")
    assert main(["fleet", str(tmp_path / "drift-*.json"), "--expect", "site1"]) == 0
    silent = replace(EMPTY, unknown=(Unknown(subject="hv1", text="it does not answer"),))
    written(tmp_path, "site2", silent)
    assert main(["fleet", str(tmp_path / "drift-*.json"), "--expect"]) == 4
    assert main(["fleet", "--expect"]) == 1
    assert main(["fleet", str(tmp_path / "drift-*.json"), "--before", str(tmp_path / "none")]) == 1
    capsys.readouterr()
