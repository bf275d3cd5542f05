"""Which cases make a whole sweep, and which the sample that each test run plays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .breaks import WAYS
from .wire import LOGIN, Case

SURVIVED = (
    "cut", "truncated body", "garbled head", "401", "503", "noise", "longer length", "bad chunk", "answer doubled",
)  # fmt: skip
"""Ways after which a read is asked once more, so that one run meets each of its requests broken, and goes on."""
CHANGES = frozenset(
    {
        "MigrateVirtualSystemToHost", "CheckVirtualSystemIsMigratable", "RequestStateChange", "DestroySystem",
        "ModifyServiceSettings", LOGIN,
    }
)  # fmt: skip
"""Requests that are not the same to their host whether they were carried out or not; any other only reads."""
_OFTEN = 2
"""Of a request that a run repeats, as while it follows a job, so many of the first, and the last."""


def whole(asked: Mapping[str, Sequence[str]]) -> Iterator[Case]:
    """Yield each request of a run in each way: those that a run survives in one round, the others in one of their own.

    What changes something at the host is broken alone in every way, before it was carried out and after.
    """
    yield from (Case(way=way) for way in SURVIVED)
    for host, names in asked.items():
        for name, number in _chosen(names):
            changes = name in CHANGES
            for way in WAYS:
                if changes or way not in SURVIVED:
                    yield Case(way=way, host=host, request=name, number=number)
                if changes:
                    yield Case(way=way, host=host, request=name, number=number, carried_out=False)


def _chosen(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield names of requests, each with how many of that name came before it."""
    seen: Counter[str] = Counter()
    all_ = Counter(names)
    for name in names:
        number = seen[name]
        seen[name] += 1
        if number < _OFTEN or seen[name] == all_[name] or name in CHANGES:
            yield name, number
