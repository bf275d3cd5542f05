"""What plays rounds in a process of its own, one after the other in the same place."""

from __future__ import annotations

import signal
from os import getpid
from pathlib import Path

from .book import Book
from .cases import case
from .place import Place
from .playing import play
from .verdict import Verdict

_places: dict[Path, Place] = {}


class _Interruption:
    """Ends the round that is played, once, and lets no other begin: the pool hands out one more than are played."""

    def __init__(self) -> None:
        self.playing = self.came = False

    def __call__(self, *_: object) -> None:
        first, self.came = not self.came, True
        if first and self.playing:
            raise KeyboardInterrupt


_interruption = _Interruption()


def prepare() -> None:
    """Hear of Ctrl-C, and let what is started hear of it: a shell's background job ignores it."""
    signal.signal(signal.SIGINT, _interruption)


def play_here(seed: int, folder: Path, book: Book) -> Verdict:
    """Play a round in this process' place below `folder`; its logs go where `book` has them.

    Raises KeyboardInterrupt once this process was interrupted.
    """
    own = folder / f"place-{getpid()}"
    _interruption.playing = True
    try:
        if _interruption.came:
            raise KeyboardInterrupt
        if own not in _places:
            _places[own] = Place(own)
        return play(case(seed), _places[own], book.logs(seed))
    finally:
        _interruption.playing = False
