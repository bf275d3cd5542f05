"""What a command costs that asks no host: processor time of the whole process, wrapper included, beside that of a bare interpreter."""

from __future__ import annotations

import resource
import subprocess
import sys
from statistics import median

from tools.workspace import PROJECT

from .figure import Figure, amount, ratio
from .site import Sites

COMMANDS = (("--help",), ("--version",), ("explain", "401"))
FLOOR = ("-c", "import argparse")
RUNS = 7


def measure(_sites: Sites) -> list[Figure]:
    """Run each command and the floor in turn, so that a machine that is busy for a while slows both."""
    floor: list[float] = []
    measured: dict[tuple[str, ...], list[float]] = {words: [] for words in COMMANDS}
    for _ in range(RUNS + 1):
        floor.append(_spent(*FLOOR))
        for words, seconds in measured.items():
            seconds.append(_spent(str(PROJECT / "bin" / "placement"), *words))
    return [
        Figure(
            name=f"placement {' '.join(words)}",
            unit="times an interpreter that imports argparse",
            result=ratio(seconds[1:], floor[1:]),  # the first run compiles what was never run
            at_most=8,
            notes=(
                f"{amount(median(seconds[1:]))} s beside {amount(median(floor[1:]))} s of processor time",
            ),
        )
        for words, seconds in measured.items()
    ]


def _spent(*words: str) -> float:
    """Return the processor time of a Python process and of those that it waited for, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
