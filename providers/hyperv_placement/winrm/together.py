"""Several readings of one host of which none depends on another: side by side where the host is slow, else one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Protocol, TypeVar

from hyperv_placement.clock import Clock

from .budget import Budget, Share

Result = TypeVar("Result")
SLOW_S = 0.3
"""Seconds for an answer from which on a host is slow: then its time is what a reading takes. Below it, further connections with
their logins would cost more than they save."""


class Soon(Protocol):
    """Takes a reading, and returns what returns its result, or raises its error."""

    def __call__(self, ask: Callable[[], Result]) -> Callable[[], Result]:
        """Have it asked now, or as soon as there is a hand for it."""


class Pace:
    """How long a host takes to answer. Any number of threads may note it."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is known yet, which counts as quick."""
        self._clock = clock
        self._last: tuple[float, ...] = ()

    def noted(self, ask: Callable[[], Result]) -> Result:
        """Return the answer, and note how long it took; what fails says nothing."""
        begun = self._clock.now()
        answer = ask()
        self._last = (*self._last[-1:], self._clock.now() - begun)
        return answer

    @property
    def slow(self) -> bool:
        """Whether its last two answers were slow: a single one says little, and a login takes longer."""
        return len(self._last) == 2 and min(self._last) >= SLOW_S  # noqa: PLR2004 - two, as above


@contextmanager
def together(slow: Callable[[], bool], hands: int, budget: Budget | None = None) -> Iterator[Soon]:
    """Take readings until the end of the block, when all have ended: each at once, or on one of `hands` threads once `slow` says so.

    One that fails at once ends all. `budget`: of the one host that is read, whose time and rows are those of this thread's reading.
    """
    shares: list[Share] = []
    pools: list[ThreadPoolExecutor] = []

    def soon(ask: Callable[[], Result]) -> Callable[[], Result]:
        if not pools and not slow():
            result = ask()
            return lambda: result
        if not pools:
            pools.append(ThreadPoolExecutor(hands, thread_name_prefix="together"))
        asked = ask
        if budget is not None:
            shares.append(budget.share())
            asked = partial(budget.shared, shares[-1], ask)
        return pools[0].submit(copy_context().run, asked).result

    try:
        yield soon
    except BaseException:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        raise
    finally:
        for pool in pools:
            pool.shutdown()
        for share in shares:
            if budget is not None:
                budget.given_back(share)
