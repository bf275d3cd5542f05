"""Texts of values: what hosts write for dates, intervals and numbers, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import CimType
from hyperv_placement.wsman.values import (
    cim_datetime,
    cim_interval,
    count_in,
    iso_datetime,
    iso_interval,
    text_to_value,
)

MOMENTS = {  # r4sd/go-wsman recordings; the literal is WMI's own form
    "2026-10-08T15:15:36.68424Z": datetime(2026, 10, 8, 15, 15, 36, 684240, tzinfo=UTC),
    "1601-01-01T00:00:00Z": datetime(1601, 1, 1, tzinfo=UTC),
    "2026-10-08T17:15:36.5+02:00": datetime(2026, 10, 8, 15, 15, 36, 500000, tzinfo=UTC),
    "20261008151536.684240+000": datetime(2026, 10, 8, 15, 15, 36, 684240, tzinfo=UTC),
    "20261008171536.000000+120": datetime(2026, 10, 8, 15, 15, 36, tzinfo=UTC),
    "20261008101536.000000-300": datetime(2026, 10, 8, 15, 15, 36, tzinfo=UTC),
}
SPANS = {
    "P0DT0H5M0S": timedelta(minutes=5),
    "P0DT0H0M1.00417S": timedelta(seconds=1, microseconds=4170),
    "PT60.000S": timedelta(seconds=60),
    "P1D": timedelta(days=1),
    "00000000000500.000000:000": timedelta(minutes=5),
    "00000001020304.000005:000": timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=5),
}


@pytest.mark.parametrize("text", MOMENTS)
def test_dates_are_read_in_both_forms(text: str) -> None:
    """ISO with up to six decimals, and the literal with its offset in minutes; each is a moment."""
    read = text_to_value(text, CimType.DATETIME)
    assert read == MOMENTS[text]
    assert isinstance(read, datetime)
    assert read.tzinfo is not None


@pytest.mark.parametrize("text", SPANS)
@pytest.mark.parametrize("kind", [CimType.DATETIME, CimType.INTERVAL])
def test_intervals_are_read_in_both_forms(text: str, kind: CimType) -> None:
    """Whichever of the two the schema says: to CIM both are datetimes, and a StartTime may be relative."""
    assert text_to_value(text, kind) == SPANS[text]


def test_decimals_lose_their_trailing_zeros() -> None:
    """And the dot goes where none are left (r4sd/go-wsman get_response_storagejob_*.xml)."""
    assert iso_datetime(MOMENTS["2026-10-08T15:15:36.68424Z"]) == "2026-10-08T15:15:36.68424Z"
    assert iso_datetime(datetime(1601, 1, 1, tzinfo=UTC)) == "1601-01-01T00:00:00Z"
    assert iso_interval(timedelta(seconds=1, microseconds=4170)) == "P0DT0H0M1.00417S"
    assert iso_interval(timedelta(minutes=5)) == "P0DT0H5M0S"


def test_zones_are_kept_in_answers_and_become_utc_in_literals() -> None:
    """A current host writes UTC, one of 2008 R2 its offset (WinRb/WinRM spec/mock); seconds of an offset XML has not."""
    there = datetime(2026, 10, 8, 17, 0, tzinfo=timezone(timedelta(hours=2)))
    assert iso_datetime(there) == "2026-10-08T17:00:00+02:00"
    assert text_to_value(iso_datetime(there), CimType.DATETIME) == there
    odd = there.astimezone(timezone(timedelta(hours=-1, seconds=-7)))
    assert iso_datetime(odd) == "2026-10-08T15:00:00Z"
    assert iso_datetime(there.astimezone(UTC)) == "2026-10-08T15:00:00Z"
    assert cim_datetime(there) == "20261008150000.000000+000"
    assert cim_interval(timedelta(days=1, minutes=30)) == "00000001003000.000000:000"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("P1Y", CimType.INTERVAL),  # how long a year is, nobody says
        ("P", CimType.INTERVAL),
        ("PT", CimType.INTERVAL),
        ("PT-1S", CimType.INTERVAL),
        ("P99999999999999999999D", CimType.INTERVAL),
        ("2026-13-01T00:00:00Z", CimType.DATETIME),
        ("0001-01-01T00:00:00+12:00", CimType.DATETIME),
        ("20261008******.******+***", CimType.DATETIME),
        ("", CimType.UINT16),
        ("1_000", CimType.UINT32),
        ("٣", CimType.UINT32),
        ("0x10", CimType.UINT32),
        ("9" * 5000, CimType.UINT64),
        ("yes", CimType.BOOLEAN),
        ("one", CimType.REAL64),
    ],
)
def test_what_is_no_value_is_one_error(text: str, kind: CimType) -> None:
    """A value that is not what the schema says is an error, never a guess."""
    with pytest.raises(ProtocolError):
        text_to_value(text, kind)


def test_booleans_are_read_in_any_case() -> None:
    """`true` in envelopes, `TRUE` in embedded instances."""
    assert [text_to_value(text, CimType.BOOLEAN) for text in ("true", "TRUE", "1", "False", "0")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("text", [None, "", "²", "-1", "1.0", "9" * 5000, "\uff11"])
def test_a_header_that_is_no_number_has_none(text: str | None) -> None:
    """`isdigit` says yes to characters that `int` refuses."""
    assert count_in(text) is None
    assert count_in(" 512000 ") == 512000
