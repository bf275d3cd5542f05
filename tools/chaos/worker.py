"""What plays rounds in a process of its own, one after the other in the same place."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from .book import Book
from .cases import case
from .place import Place
from .playing import play
from .verdict import Verdict

_places: dict[Path, Place] = {}


def prepare() -> None:
    """Hear of Ctrl-C, and let what is started hear of it: a shell's background job ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def play_here(seed: int, folder: Path, book: Book) -> Verdict:
    """Play a round in this process' place below `folder`; its logs go where `book` has them."""
    own = folder / f"place-{os.getpid()}"
    if own not in _places:
        _places[own] = Place(own)
    return play(case(seed), _places[own], book.logs(seed))
