"""The process that reads: one input after the other, each made of the seed and its own number alone."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from random import Random
from time import process_time

import psutil

from .groups import Group, Target
from .mutation import mutated
from .targets import EXPECTED

SLOW_SECONDS = 5.0
"""Most CPU time for one input: the slowest that may be read takes a tenth of it."""
MAX_GROWTH = 128 << 20
"""Bytes by which the process may grow after its first inputs: caches fill, and the largest inputs leave gaps."""
_WARM = 2000
_GENERATED = 0.3


class Inputs:
    """All inputs of a seed, by number, for each group in turn: who knows both can make any of them again."""

    def __init__(self, seed: int, groups: Sequence[Group]) -> None:
        """Read the files that are changed."""
        self._seed = seed
        self._groups = tuple(groups)
        self._files = tuple(group.files() for group in groups)

    def __getitem__(self, number: int) -> bytes:
        """Return input `number`."""
        chance = Random(f"{self._seed}:{number}")  # noqa: S311 - to be made again, not to be a secret
        group, files = self.group(number), self._files[number % len(self._groups)]
        made = group.generated is not None and chance.random() < _GENERATED
        content = group.generated(chance) if group.generated and made else chance.choice(files)
        return mutated(chance, content, files, group.mutations)

    def group(self, number: int) -> Group:
        """Return whose input `number` is."""
        return self._groups[number % len(self._groups)]


def work(
    seed: int,
    first: int,
    groups: Sequence[Group],
    number: Synchronized[int],
    findings: Queue[tuple[int, str]],
) -> None:
    """Read inputs from number `first` on until the process is ended; `number` holds which is being read."""
    inputs = Inputs(seed, groups)
    resident = Resident()
    current = first
    while True:
        number.value = current
        for what in found(inputs[current], inputs.group(current).targets):
            findings.put((current, what))
        if what := resident.grown(current - first):
            findings.put((current, what))
        current += 1


def found(content: bytes, targets: Sequence[Target]) -> list[str]:
    """Return what is wrong with how an input is read."""
    wrong = []
    for target in targets:
        started = process_time()
        try:
            target(content)
        except EXPECTED:
            pass
        except Exception:  # noqa: BLE001 - any other is what is looked for
            wrong.append(f"{target.__name__}\n{traceback.format_exc()}")
        if (spent := process_time() - started) > SLOW_SECONDS:
            wrong.append(f"{target.__name__}: {spent:.1f} s of CPU time")
    return wrong


class Resident:
    """Memory of this process after its first inputs, and whether it only ever grows."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self._process = psutil.Process()
        self._limit = 0

    def grown(self, done: int) -> str:
        """Say by how much the process has outgrown its limit, which is moved then; empty where it has not."""
        if done < _WARM or done % 500:
            return ""
        size = self._process.memory_info().rss
        if not self._limit:
            self._limit = size + MAX_GROWTH
        if size <= self._limit:
            return ""
        self._limit = size + MAX_GROWTH
        return f"the process has grown to {size >> 20} MiB"
