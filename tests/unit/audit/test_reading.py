"""A log is read to a bound, a line at a time, and says what was not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hyperv_placement.audit.lines import LONGEST
from hyperv_placement.audit.reading import put_away, read
from hyperv_placement.audit.store import Journal


def written(path: Path, count: int, full: int = 1_500) -> None:
    """Write so many lines into as many files as they take."""
    log = Journal(path, stamp=lambda: {"time": "2026-11-29T00:00:00+00:00"}, carry=lambda _: (), full=full)
    for number in range(count):
        log.append({"event": "start", "number": number})


def numbers(path: Path, **most: int) -> list[int | None]:
    """Return the numbers of the lines that are read, None for what is not."""
    kept = (entry for entry in read(path, **most) if entry is None or "number" in entry)
    return [None if entry is None else int(entry["number"]) for entry in kept]


def test_the_newest_bytes_of_a_log_are_read_and_each_file_that_is_not_is_counted(tmp_path: Path) -> None:
    """A log has no end, whoever reads it has."""
    path = tmp_path / "lab.jsonl"
    written(path, 60)
    files = len(put_away(path)) + 1
    assert numbers(path) == list(range(60))
    bounded = numbers(path, most=2_000)
    left = [number for number in bounded if number is not None]
    assert left == list(range(60))[-len(left) :]
    assert 5 < len(left) < 30
    assert bounded.count(None) >= files - 3
    assert set(numbers(path, most=0)) == {None}


def test_a_line_without_an_end_costs_no_memory_and_itself_alone(tmp_path: Path) -> None:
    """Of a gigabyte that is one line, a megabyte is kept."""
    path = tmp_path / "lab.jsonl"
    written(path, 2)
    with path.open("ab") as file:
        file.write(b'"' + b"x" * (LONGEST + 10) + b'"\n')
    written(path, 1, full=1 << 30)
    assert numbers(path) == [0, 1, None, 0]


def test_a_file_that_is_put_away_while_it_is_read_is_read_once(tmp_path: Path) -> None:
    """Its lines come from where it was opened."""
    path = tmp_path / "lab.jsonl"
    written(path, 5)
    reader = read(path)
    first = next(reader)
    path.rename(tmp_path / "lab.jsonl.000001")
    written(path, 1)
    rest = [entry["number"] for entry in reader if entry]
    assert (first and first["number"], rest) == (0, [1, 2, 3, 4])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="takes root, to give files away")
def test_a_log_that_somebody_else_could_have_written_is_not_read(tmp_path: Path) -> None:
    """By its lines planned machines are removed, and drift names who did it."""
    path = tmp_path / "audit" / "lab.jsonl"
    written(path, 1)
    for belongs, mode in ((65534, 0o600), (0, 0o602)):
        os.chown(path, belongs, -1)
        path.chmod(mode)
        with pytest.raises(PermissionError):
            numbers(path)
    path.chmod(0o600)
    path.parent.chmod(0o777)
    with pytest.raises(PermissionError):
        numbers(path)
