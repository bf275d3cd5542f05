"""The last word of an audit log about a machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.migration.audit_tail import last_words
from tests.estates import guid


def line(number: int, event: str, result: str = "") -> str:
    """Return a line of the log."""
    reported = {"time": "2026-12-01T03:00:00+00:00", "id": guid(number), "from": "hv1", "to": "hv2"}
    return json.dumps({**reported, "event": event, "result": result})


def test_the_last_line_of_each_machine_counts_and_a_torn_one_says_nothing(tmp_path: Path) -> None:
    """A killed process tears the last line; what is no line of ours is passed over."""
    log = tmp_path / "lab.jsonl"
    lines = [
        line(1, "start"),
        line(2, "start"),
        line(1, "end", "failed"),
        "[]",
        '{"id": 7}',
        "[" * 100_000,
        line(2, "end", "moved")[:40],
    ]
    log.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe")
    found = last_words(log)
    assert {vm: (word.event, word.result) for vm, word in found.items()} == {
        guid(1): ("end", "failed"), guid(2): ("start", ""),
    }  # fmt: skip
    assert (found[guid(1)].source, found[guid(1)].to) == ("hv1", "hv2")


def test_no_log_is_no_word_and_one_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """None is never said of what was not read."""
    assert last_words(tmp_path / "lab.jsonl") == {}
    with pytest.raises(PlacementError, match="cannot be read"):
        last_words(tmp_path)
