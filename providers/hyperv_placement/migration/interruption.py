"""That a run under way is to end: nothing more starts, and what becomes of the moves that it has started.

Each word is an event that only ever gets set, so that a later one may go further: first Ctrl-C by `on_cancel`, then a second
one, or the end of the engine, that leaves everything to the hosts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from hyperv_placement.model.on_cancel import OnCancel


@dataclass(frozen=True, slots=True)
class Interruption:
    """What has been asked of a run, for all its moves."""

    starting: threading.Event = field(default_factory=threading.Event)
    """Set: nothing more is ordered."""
    following: threading.Event = field(default_factory=threading.Event)
    """Set: moves of this run are left to their hosts."""
    adopted: threading.Event = field(default_factory=threading.Event)
    """Set: moves that this run has adopted, and not ordered, are left to their hosts."""
    aborting: threading.Event = field(default_factory=threading.Event)
    """Set: hosts are asked to cancel the moves that this run has ordered."""

    _under_way: list[object] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def moves(self) -> int:
        """How many moves have been ordered, or adopted, and have not ended."""
        with self._lock:
            return len(self._under_way)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count a move from its order to its end."""
        with self._lock:
            self._under_way.append(None)
        try:
            yield
        finally:
            with self._lock:
                self._under_way.pop()

    @classmethod
    def of(cls, cancelled: threading.Event) -> Self:
        """Return one that leaves everything to the hosts as soon as `cancelled` is set."""
        return cls(cancelled, cancelled, cancelled)

    def cancel(self, how: OnCancel) -> None:
        """Start nothing more, and do with what runs as `how` says."""
        self.starting.set()
        if how == OnCancel.ABORT:
            self.aborting.set()
            self.adopted.set()
        if how == OnCancel.LEAVE:
            self.following.set()
            self.adopted.set()
