"""What a night's measures hold: a bound on each value, and one on what grows from its first third to its last."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from tools.soak.measures import MIB, Bound, Series, held_by, of_folder, size_mib, table


@pytest.mark.parametrize(
    ("samples", "held"),
    [
        ([], False),
        ([10.0], True),
        ([10, 40, 12, 11, 10, 12], True),
        ([10, 11, 12, 13, 14, 16], False),
        ([10, 51, 10], False),
    ],
)
def test_a_measure_is_held_by_both_bounds(samples: list[float], held: bool) -> None:
    """Nothing measured is nothing held; a peak in the middle is no growth."""
    series = Series(name="memory", unit="MiB", bound=Bound(most=50, growth=3), samples=samples)
    assert series.held is held
    assert table([series]).splitlines()[1].endswith("held" if held else "not held")


def test_folders_and_processes_are_measured(tmp_path: Path) -> None:
    """Bytes of all files below; of a process its memory, files and threads."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(bytes(2 * MIB))
    assert size_mib(tmp_path) == pytest.approx(2, abs=0.1)
    memory, files, threads = held_by(psutil.Process())
    assert memory > 1
    assert files > 0
    assert threads > 0
    assert os.getpid() in {each.pid for each in of_folder(Path.cwd())}
