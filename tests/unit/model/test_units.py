"""Sizes and spans as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.model.units import GIB, KIB, MIB, TIB, format_bytes, format_seconds, parse_bytes


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0 B", 0), ("512 MiB", 512 * MIB), ("512 mb", 512 * MIB), ("8GiB", 8 * GIB), (" 8  GB ", 8 * GIB),
        ("1.5 TiB", TIB + TIB // 2), ("3 KiB", 3 * KIB), ("10 b", 10),
    ],
)  # fmt: skip
def test_a_size_is_a_number_and_a_unit(text: str, count: int) -> None:
    """Units are binary with and without the i, as Hyper-V Manager counts; case and blanks do not matter."""
    assert parse_bytes(text) == count


@pytest.mark.parametrize(
    "text", ["", "8", "GiB", "-1 GiB", "8 GiBi", "8 GiB 1", "8,5 GiB", "1e3 B", "8 PiB", "0x8 B", "10 %"]
)
def test_what_is_no_size(text: str) -> None:
    """The error shows what a size looks like."""
    with pytest.raises(ValueError, match="write a number and a unit, such as '8 GiB'"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (1023, "1023 B"), (KIB, "1 KiB"), (1536, "1.5 KiB"), (5 * MIB, "5 MiB"),
        (GIB + GIB // 4, "1.2 GiB"), (3 * TIB, "3 TiB"), (5000 * TIB, "5000 TiB"),
    ],
)  # fmt: skip
def test_bytes_read_in_the_largest_unit(count: int, text: str) -> None:
    """One decimal at most, none where it is zero."""
    assert format_bytes(count) == text


@given(st.integers(0, 2**60))
def test_a_written_size_is_read_back_nearly(count: int) -> None:
    """What format_bytes writes parse_bytes takes, off by rounding to one decimal only."""
    assert abs(parse_bytes(format_bytes(count)) - count) <= count * 0.05 + 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"), (0.4, "0 s"), (40, "40 s"), (59.6, "1 min"), (110, "1 min 50 s"), (125, "2 min 05 s"),
        (599, "9 min 59 s"), (601, "10 min"), (3540, "59 min"),
        (7140, "119 min"), (7200, "2 h 00 min"), (11_100, "3 h 05 min"),
    ],
)  # fmt: skip
def test_a_span_reads_in_seconds_minutes_or_hours(seconds: float, text: str) -> None:
    """Seconds up to ten minutes, minutes up to two hours."""
    assert format_seconds(seconds) == text
