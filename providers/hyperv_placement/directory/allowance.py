"""What all answers to one question may cost: a directory that sends without an end is not waited for."""

from __future__ import annotations

from hyperv_placement.clock import Clock
from hyperv_placement.errors import DirectoryUnreachableError

from . import messages

_BYTES, _ELEMENTS, _PAGES = 8 << 20, 200_000, 200
"""Of all answers to one search: 50 accounts with 1,300 values each, and 10,000 objects in pages, are half of it."""
_SEARCH = 60.0
"""Seconds for all pages of a search."""


class Allowance:
    """What all answers to one question may cost."""

    def __init__(self, server: str, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._until = clock.now() + _SEARCH
        self._bytes, self._elements, self._pages = _BYTES, _ELEMENTS, _PAGES

    def turn(self) -> None:
        """Begin a page. Raises DirectoryUnreachableError."""
        self._pages -= 1
        if self._pages < 0 or self._clock.now() >= self._until:
            raise DirectoryUnreachableError(
                f"{self._server} did not end its answer within {_PAGES} pages and {_SEARCH:g} s", remedy=""
            )

    def take(self, raw: bytes) -> None:
        """Count a message. Raises DirectoryUnreachableError, UnreadableError."""
        self._bytes -= len(raw)
        self._elements -= messages.elements(raw)
        if self._bytes < 0 or self._elements < 0:
            raise DirectoryUnreachableError(
                f"{self._server} answered with more than {_BYTES >> 20} MiB, or {_ELEMENTS} values", remedy=""
            )
