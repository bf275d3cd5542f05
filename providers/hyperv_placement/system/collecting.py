"""How often the interpreter looks for circles of dead values."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = 5_000_000
"""New values between two looks: more than a plan of 50,000 machines keeps. Estates are trees of values without circles: each look
finds nothing, and walks millions of them."""


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Let the interpreter look for circles rarely meanwhile, as mypy does for its trees (mypy/main.py); the setting is restored."""
    before = gc.get_threshold()
    gc.set_threshold(max(_RARELY, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
