"""Times as WMI's DATETIME has them: nothing of what other protocols write passes for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lab.wmi.cim_literals import read_time


def test_moments_and_intervals_are_told_apart() -> None:
    """By their end: an offset in minutes, or `:000` (DSP0004 5.2.4)."""
    assert read_time("20261008151536.684240+060") == datetime(2026, 10, 8, 14, 15, 36, 684240, tzinfo=UTC)
    assert read_time("00000001003000.000000:000") == timedelta(days=1, minutes=30)


@pytest.mark.parametrize(
    "text", ["2026-10-08T15:15:36Z", "P0DT0H30M0S", "20261008", "10/08/2026", "", "00000000003000.000000:001"]
)
def test_other_forms_are_none(text: str) -> None:
    """ISO 8601 is what an answer has in an envelope; WQL and embedded texts have it nowhere."""
    with pytest.raises(ValueError, match="is no literal"):
        read_time(text)
