"""`bin/placement history` and `report`: what logs record is shown, and what nobody wrote down is said to be missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import since_of
from hyperv_placement.commands.cli import main
from hyperv_placement.errors import PlacementError
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.workspace.stacks import PROJECT
from tests.estates import guid
from tests.unit.migration.test_telling import MOVE as ANY_MOVE

NAME = "reported-by-a-test"
MOVE = replace(ANY_MOVE, vm=replace(ANY_MOVE.vm, name="REPORTED01"))
"""Of a machine whose name no run in this checkout has kept: `VM001` is one of the lab's."""
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def log() -> Iterator[AuditLog]:
    """Return the log of a stack of this project that no file declares, with a move; it goes afterwards."""
    path = audit_path(PROJECT, NAME)
    found = AuditLog(path, clock=SystemClock())
    more = {"seconds": 61.0, "bytes": 1 << 30, "pause_estimated": 1.5}
    found.note("end", MOVE, job="J-1", result="moved", more=more)
    yield found
    for each in path.parent.glob(f"{NAME}.jsonl*"):
        each.unlink()


def test_a_history_is_found_by_name_and_by_guid(log: AuditLog, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a machine that no stack declares any more, too; one that nothing knows is an error with what was meant."""
    for word in (MOVE.vm.name, str(guid(1))):
        assert main(["history", word, "--no-state", "--json"]) == 0
        record = json.loads(capsys.readouterr().out)
        (station,) = (each for each in record["history"] if each["stack"] == NAME)
        assert (station["from"], station["to"], station["job"]) == ("hv1", "hv2", "J-1")
    assert main(["history", f"{MOVE.vm.name}x", "--no-state"]) == 1
    assert f"did you mean '{MOVE.vm.name}'?" in capsys.readouterr().err
    assert log.path.exists()


def test_a_report_has_every_form(log: AuditLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text, JSON, Markdown and a page; drift that nobody looked for is not recorded."""
    page = tmp_path / "report.html"
    assert main(["report", NAME, "--since", "2d", "--html", str(page)]) == 0
    shown = capsys.readouterr().out
    assert f"{NAME}: 1 move of 1 machine (1 GiB recorded), no failure, drift found: not recorded" in shown
    assert "<h2>Hosts</h2>" in page.read_text(encoding="utf-8")
    assert main(["report", NAME, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["pause_estimated"] == 1.5
    assert main(["report", NAME, "--markdown"]) == 0
    assert "| hv2 | 1 | 0 | 1 GiB |" in capsys.readouterr().out
    assert main(["report", NAME, "--since", "yesterday"]) == 1
    assert main(["report", f"{NAME}-not-there"]) == 1
    assert main(["report", NAME, "--log", str(tmp_path / "none")]) == 1
    assert log.path.exists()


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("30d", NOW - timedelta(days=30)),
        ("12h", NOW - timedelta(hours=12)),
        ("4w", NOW - timedelta(weeks=4)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_period_is_a_span_or_begins_on_a_day(text: str, since: datetime) -> None:
    """By the clocks of the stack, here those of UTC."""
    assert since_of(text, NOW, UTC) == since


def test_a_day_begins_by_the_clocks_of_the_stack() -> None:
    """Berlin is an hour ahead in winter."""
    assert since_of("2026-11-30", NOW, ZoneInfo("Europe/Berlin")) == datetime(2026, 11, 29, 23, tzinfo=UTC)


def test_a_report_and_a_history_have_the_clocks_of_the_stack(
    log: AuditLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said in each heading; JSON has UTC, and names the zone by which days count. Tokyo is nine hours ahead."""
    stack = tmp_path / f"{NAME}.yaml"
    stack.write_text(
        f"timezone: Asia/Tokyo\nhosts: {{hv1: {{address: hv1.example}}}}\nvms: {{'{MOVE.vm.name}': {{host: hv1}}}}\n",
        encoding="utf-8",
    )
    (event,) = (json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines())
    local = datetime.fromisoformat(event["time"]).astimezone(ZoneInfo("Asia/Tokyo"))
    copy = ["--log", str(log.path)]
    for command in (
        ["report", str(stack), *copy],
        ["history", MOVE.vm.name, str(stack), "--no-state", *copy],
    ):
        assert main(command) == 0
        shown = capsys.readouterr().out
        assert "(Asia/Tokyo)" in shown
        assert "UTC" not in shown
        assert f"{local:%Y-%m-%d %H:%M}" in shown
        assert main([*command, "--json"]) == 0
        record = json.loads(capsys.readouterr().out)
        assert record["timezone"] == "Asia/Tokyo"
        assert event["time"] in {each["time"] for each in record.get("history") or record["moves"]}


@pytest.mark.parametrize("text", ["30", "d", "-3d", "30 d", "2026-13-01", "999999d"])
def test_what_is_no_period_is_an_error(text: str) -> None:
    """With what to write."""
    with pytest.raises(PlacementError, match="30d, 4w, 12h"):
        since_of(text, NOW, UTC)
