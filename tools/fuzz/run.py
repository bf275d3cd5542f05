"""A run: a process that reads, this one that watches it, and the findings as files."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from time import monotonic

from .groups import Group
from .worker import Inputs, work

STUCK_SECONDS = 60.0
"""How long one input may take on a busy machine before the process that reads it is ended."""
MOST_FINDINGS = 50
"""A run that has found so many ends: more of them would say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a run."""

    seed: int
    inputs: int
    seconds: float
    findings: tuple[Path, ...]

    def __str__(self) -> str:
        """One line, and one for each finding."""
        count = f"{len(self.findings)} finding{'' if len(self.findings) == 1 else 's'}"
        line = f"fuzz: {self.inputs:,} inputs in {self.seconds:.0f} s with seed {self.seed}: {count}"
        return "\n".join((line, *(f"  {path}" for path in self.findings)))


def fuzz(
    groups: Sequence[Group],
    *,
    seed: int,
    seconds: float,
    folder: Path,
    most: int = MOST_FINDINGS,
    now: Callable[[], float] = monotonic,
) -> Report:
    """Have inputs read for `seconds`, by the clock `now`; save each finding's input, and what went wrong, in `folder`."""
    started, first, saved = now(), 0, list[Path]()
    inputs = Inputs(seed, groups)
    while (left := seconds - (now() - started)) > 0 and len(saved) < most:
        reader = _Reader(seed, first, groups, now)
        for number, what in reader.watch(left, most - len(saved)):
            saved.append(_save(folder, f"{seed}-{number}.{inputs.group(number).name}", inputs[number], what))
        first = reader.number.value + 1
    return Report(seed=seed, inputs=first, seconds=now() - started, findings=tuple(saved))


class _Reader:
    """A process that reads from input `first` on."""

    def __init__(self, seed: int, first: int, groups: Sequence[Group], now: Callable[[], float]) -> None:
        self._now = now
        context = multiprocessing.get_context("spawn")
        self.number: Synchronized[int] = context.Value("Q", first)
        self._findings: Queue[tuple[int, str]] = context.Queue()
        self._process: SpawnProcess = context.Process(
            target=work, args=(seed, first, tuple(groups), self.number, self._findings), daemon=True
        )

    def watch(self, seconds: float, most: int) -> list[tuple[int, str]]:
        """Let it read until the time is over, it found the most, or is stuck or gone; return what it found, and that."""
        found: list[tuple[int, str]] = []
        moved = self._now()
        end, last = moved + seconds, self.number.value
        self._process.start()
        try:
            while (now := self._now()) < end and len(found) < most:
                found.extend(self._reported(min(0.5, end - now)))
                if self.number.value != last:
                    last, moved = self.number.value, now
                elif not self._process.is_alive():
                    return [*found, (last, f"the reading process ended with {self._process.exitcode}")]
                elif now - moved > STUCK_SECONDS:
                    return [*found, (last, f"stuck for {STUCK_SECONDS:.0f} s")]
            return found
        finally:
            self._process.kill()
            self._process.join()

    def _reported(self, seconds: float) -> list[tuple[int, str]]:
        try:
            return [self._findings.get(timeout=seconds)]
        except queue.Empty:
            return []


def _save(folder: Path, name: str, content: bytes, what: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    path.with_suffix(".txt").write_text(what, encoding="utf-8")
    return path
