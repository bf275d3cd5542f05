"""Lines of audit logs as events: what they say, and nothing that they do not."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.audit_drift import drift_line, is_news
from hyperv_placement.migration.audit_events import read_logs
from hyperv_placement.migration.mover import Expected, MoveRecord
from hyperv_placement.model.names import HostName
from tests.clocks import FastClock
from tests.estates import guid
from tests.unit.migration.test_telling import MOVE
from tests.unit.report.test_drift import EMPTY, drift


def log_at(path: Path) -> AuditLog:
    """Return a log at a fixed time."""
    return AuditLog(path, clock=FastClock())


def test_the_end_of_a_move_keeps_its_time_its_bytes_and_its_pause(tmp_path: Path) -> None:
    """As the plan had them; where another way was gone, the plan's say nothing."""
    log = log_at(tmp_path / "lab.jsonl")
    for way in (MOVE, replace(MOVE, destination=HostName("hv3"))):
        expected = Expected(way=way, bytes=1 << 30, pause=1.25)
        record = MoveRecord(audit=log, move=MOVE, report=lambda _: None, expected=expected)
        record.note("end", job="J", result="moved", more=record.measured(61.04))
    first, second = read_logs([log.path]).events
    assert (first.seconds, first.bytes, first.pause) == (61.0, 1 << 30, 1.25)
    assert (second.seconds, second.bytes, second.pause) == (61.0, None, None)
    assert (first.vm_id, first.source, first.to, first.files, first.job) == (guid(1), "hv1", "hv2", 1, "J")


def test_a_line_counts_once_wherever_it_is_read(tmp_path: Path) -> None:
    """A copy that a pipeline has kept has the lines of the log; what is no line is counted apart."""
    log = log_at(tmp_path / "lab.jsonl")
    log.note("end", MOVE, result="moved")
    copy = tmp_path / "copy.jsonl"
    shutil.copy(log.path, copy)
    log.note("end", MOVE, result="moved")
    with log.path.open("a", encoding="ascii") as file:
        file.write('{"torn\n')
    found = read_logs([log.path, copy])
    assert (len(found.events), found.unreadable) == (2, 1)
    assert read_logs([tmp_path / "none.jsonl"]).events == ()
    with pytest.raises(PlacementError, match="cannot be read"):
        read_logs([tmp_path])


@pytest.mark.parametrize("strange", [True, -1, "5", None, [1]])
def test_what_is_no_number_is_not_recorded(tmp_path: Path, strange: object) -> None:
    """A log can be edited by hand."""
    line = {
        "time": "2026-11-20T12:00:00+00:00",
        "event": "end",
        "result": "moved",
        "seconds": strange,
        "bytes": strange,
    }
    (tmp_path / "lab.jsonl").write_text(json.dumps(line) + "\n", encoding="ascii")
    (event,) = read_logs([tmp_path / "lab.jsonl"]).events
    assert (event.seconds, event.bytes, event.vm_id) == (None, None, None)


def test_a_look_at_drift_is_a_line_a_day_and_one_whenever_it_has_changed(tmp_path: Path) -> None:
    """Whoever looks every minute fills no disk; what was found is read back with who had moved it."""
    log = log_at(tmp_path / "lab.jsonl")
    report = replace(EMPTY, drifts=(drift("VM001", vm_id=guid(1)),))

    def entries() -> list[dict[str, object]]:
        return [dict(each) for each in log.entries() if each is not None]

    for each in (report, report, EMPTY, EMPTY, report):
        line = drift_line(each)
        if is_news(line, entries(), "2026-01-01"):
            log.append(line)
    events = read_logs([log.path]).events
    assert [each.drifts for each in events] == [1, 0, 1]
    (found,) = events[0].found
    assert (found.subject, found.vm_id, found.host) == ("VM001", guid(1), "hv2")
    assert found.who.startswith("LAB\\")
    assert is_news(drift_line(report), entries(), "2026-01-02")
