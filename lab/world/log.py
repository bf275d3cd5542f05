"""The lab's log: one JSON line for each thing that was asked, started, ended or refused."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from .clock import LabClock


class EventLog:
    """An append-only file of JSON lines; the world's time comes first in each."""

    def __init__(self, path: Path, clock: LabClock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()

    def write(self, event: str, **fields: object) -> None:
        """Append a line: `time`, `event`, then `fields` (JSON values)."""
        line = json.dumps({"time": self._clock.now().isoformat(), "event": event, **fields})
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
