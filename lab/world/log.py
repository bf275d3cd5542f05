"""The lab's log: one JSON line for each thing that was asked, started, ended or refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from .clock import LabClock

Listener = Callable[[str, Mapping[str, object]], None]
"""Called with an event's name and fields, in the thread in which it happens: what it does is done before anything follows."""


class EventLog:
    """An append-only file of JSON lines; the world's time comes first in each."""

    def __init__(self, path: Path, clock: LabClock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self.listeners: list[Listener] = []

    def write(self, event: str, **fields: object) -> None:
        """Append a line: `time`, `event`, then `fields` (JSON values)."""
        line = json.dumps({"time": self._clock.now().isoformat(), "event": event, **fields})
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        self.notice(event, **fields)

    def notice(self, event: str, **fields: object) -> None:
        """Report to listeners alone what is too frequent for the file."""
        for listener in self.listeners:
            listener(event, fields)
