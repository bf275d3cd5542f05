"""What readings of one host may still hold in memory, and until when each may last."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from hyperv_placement.clock import Clock
from hyperv_placement.errors import HostUnreachableError, ProtocolError
from hyperv_placement.model.names import HostName
from hyperv_placement.wsman import (
    EndpointReference,
    Fragment,
    Instance,
    InstanceWithReference,
    Item,
    LogEvent,
)

from .bounds import MEBIBYTE, Bounds

Result = TypeVar("Result")
_ROW, _VALUE = 400, 100
"""Bytes of a row, and of the place of a value in it, beside the texts themselves (measured with CPython 3.11)."""
_ENOUGH = "Look what answers at its address: no healthy host has so many rows"
_SLOW = "Look why its WinRM service is so slow, or what answers at its address"


class _Own(threading.local):
    """What one thread has under way."""

    end: tuple[float, float] | None = None
    """When it must have ended, and how many seconds that were at its start."""
    held: int | None = None
    """Bytes of its rows; None outside a reading."""
    waited: float = 0
    """Seconds that it has waited for other hosts, which are no part of this one's time."""


@dataclass(slots=True, kw_only=True)
class Share:
    """What a thread gets of the reading of another one that has begun it, and what it gives back."""

    end: tuple[float, float] | None
    waited: float
    counted: bool
    """Whether rows are counted as those of a reading."""
    held: int = 0


class Budget:
    """The readings of one host that are under way. Any number of threads may use it."""

    def __init__(self, host: HostName, clock: Clock, bounds: Bounds) -> None:
        self._host = host
        self._clock = clock
        self._bounds = bounds
        self._lock = threading.Lock()
        self._held = 0
        self._own = _Own()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let this thread ask the host for so many seconds; within another such block it ends with that at the latest."""
        before = self._own.end
        end = (self._now() + seconds, seconds)
        # Compared by their ends; the seconds beside them are only for the message.
        self._own.end = end if before is None else min(before, end)
        try:
            yield
        finally:
            self._own.end = before

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count the rows that this thread reads as held until the end; a reading within another is a part of it."""
        if self._own.held is not None:
            yield
            return
        self._own.held = 0
        try:
            with self.within(self._bounds.reading_seconds):
                yield
        finally:
            with self._lock:
                self._held -= self._own.held
            self._own.held = None

    def check(self) -> None:
        """Raise HostUnreachableError where this thread has asked for too long."""
        end = self._own.end
        if end is not None and self._now() >= end[0]:
            raise HostUnreachableError(
                f"{self._host} was not read to the end within {end[1]:g} s", remedy=_SLOW
            )

    def waiting(self) -> Callable[[], None]:
        """Return what ends a wait for other hosts, which begins now: its time is not counted as the host's."""
        begun = self._clock.now()

        def over() -> None:
            self._own.waited += self._clock.now() - begun

        return over

    def _now(self) -> float:
        return self._clock.now() - self._own.waited

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Where what is done within fails, count none of its rows as held."""
        before = self._own.held
        try:
            yield
        # An interrupt, too: the rows are gone with whoever held them.
        except BaseException:
            if before is not None and self._own.held is not None:
                with self._lock:
                    self._held -= self._own.held - before
                self._own.held = before
            raise

    def share(self) -> Share:
        """Return what another thread is to ask the host by, which reads a part of what this one reads."""
        return Share(end=self._own.end, waited=self._own.waited, counted=self._own.held is not None)

    def shared(self, share: Share, ask: Callable[[], Result]) -> Result:
        """Ask in this thread by the time of another one, and count the rows as of that one's reading."""
        own = self._own
        own.end, own.waited, own.held = share.end, share.waited, 0 if share.counted else None
        try:
            return ask()
        finally:
            share.waited, share.held = own.waited, own.held or 0
            own.end, own.waited, own.held = None, 0, None

    def given_back(self, share: Share) -> None:
        """Hold the rows that were read by a share until this thread's reading ends."""
        self._own.waited = max(self._own.waited, share.waited)
        if self._own.held is not None:
            self._own.held += share.held

    def take(self, rows: Iterable[Item]) -> None:
        """Count rows of this thread's reading. Raises ProtocolError where all readings of the host hold too many."""
        if self._own.held is None:
            return
        size = sum(size_of(row) for row in rows)
        self._own.held += size
        with self._lock:
            self._held += size
            held = self._held
        if held > self._bounds.rows_bytes:
            raise ProtocolError(
                f"{self._host} was not read to the end: its rows take more than"
                f" {self._bounds.rows_bytes / MEBIBYTE:g} MiB of memory",
                remedy=_ENOUGH,
            )


def size_of(item: Item) -> int:
    """Return about how many bytes of memory a row takes."""
    match item:
        case Instance(properties=properties) | Fragment(properties=properties):
            return _ROW + sum(_VALUE + sys.getsizeof(name) + _of(own) for name, own in properties.items())
        case InstanceWithReference(instance=instance, reference=reference):
            return size_of(instance) + _of(reference)
        case LogEvent(data=data, message=message):
            return _ROW + _of(data) + _of(message)
        case _:
            return _of(item)


def _of(value: Any) -> int:
    match value:
        case tuple():
            return sum((_VALUE + _of(each) for each in value), _VALUE)
        case EndpointReference(resource_uri=uri, selectors=selectors):
            texts = (uri, *selectors, *selectors.values())
            return _ROW + sum(_VALUE + _of(each) for each in texts)
        case Instance():
            return size_of(value)
        case _:
            return sys.getsizeof(value)
