"""The paces of earlier moves, as a command reads them from the audit log."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.throughput import PastMove
from hyperv_placement.operations.plan import _past

ENTRY = {
    "time": "2026-11-30T13:46:47+00:00", "event": "end", "vm": "VM003", "from": "hv3", "to": "hv2", "result": "moved",
    "seconds": 10.0, "bytes": 1 << 30,
}  # fmt: skip


def test_a_move_that_was_made_shows_a_pace() -> None:
    """By its bytes and seconds, between its two hosts."""
    assert _past(ENTRY) == PastMove(
        ended=1796046407, source=HostName("hv3"), destination=HostName("hv2"), bytes=1 << 30, seconds=10.0, estimated=10.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [{"event": "start"}, {"result": "the job failed"}, {"seconds": None}, {"bytes": "many"}, {"seconds": "nan"}, {"time": "then"}],
)  # fmt: skip
def test_what_shows_none_is_left_out(other: dict[str, Any]) -> None:
    """Starts, failures, and lines of versions that wrote no seconds."""
    assert _past({**ENTRY, **other}) is None
    assert _past({key: value for key, value in ENTRY.items() if key != "bytes"}) is None
