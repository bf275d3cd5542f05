"""What a host remembers of the directory's answers, as the caches of Kerberos on Windows do."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from lab.world.clock import LabClock


class Key(NamedTuple):
    """The question that a kept answer belongs to."""

    host: str
    caller: str
    """The principal in whose name the host asked."""
    route: str
    """How the host asked: the answers for one way say nothing of another."""
    service: str


class RefusedError(Exception):
    """A ticket, or a destination, was refused."""

    def __init__(self, why: str, code: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A ticket, or the refusal of one."""

    until: datetime
    tickets: Any = None
    """A gssapi credential whose own cache holds the ticket."""
    refusal: RefusedError | None = None


class TicketCache:
    """The answers that the hosts of a lab keep, by the world's time.

    Field reports have hosts fail for up to 15 minutes after delegation was set, until `klist purge -li 0x3e7`
    ("Troubleshoot live migration issues", learn.microsoft.com). That tickets stay as long as refusals, each from
    its own first answer on, and that both are kept for each caller and service, is a guess.
    """

    def __init__(self, clock: LabClock, seconds: float) -> None:
        """Keep each answer for `seconds` of the world; 0 keeps none."""
        self._clock = clock
        self._lifetime = timedelta(seconds=seconds)
        self._answers: dict[Key, Answer] = {}
        self._lock = threading.Lock()

    def get(self, key: Key) -> Answer | None:
        """Return the answer that is kept, None where nothing is kept or it is too old."""
        with self._lock:
            answer = self._answers.get(key)
        return None if answer is None or answer.until <= self._clock.now() else answer

    def keep(self, key: Key, *, tickets: Any = None, refusal: RefusedError | None = None) -> None:
        """Keep an answer, and drop all that are too old."""
        now = self._clock.now()
        with self._lock:
            self._answers = {each: old for each, old in self._answers.items() if old.until > now}
            if self._lifetime > timedelta():
                self._answers[key] = Answer(until=now + self._lifetime, tickets=tickets, refusal=refusal)

    def purge(self, host: str) -> int:
        """Drop what a host keeps, and return how many answers those were."""
        now = self._clock.now()
        with self._lock:
            mine = [key for key in self._answers if key.host == host]
            return sum(self._answers.pop(key).until > now for key in mine)
