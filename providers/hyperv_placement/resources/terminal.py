"""Whether a live tree is shown, and how wide: the wrapper of the engine says so, for neither program nor plugin has its terminal."""

from __future__ import annotations

import os
from typing import Final

TERMINAL: Final = "PLACEMENT_TERMINAL"
"""Set by `bin/pulumi` (launch/settings.py): columns of the terminal; 1: so many as nobody knows."""
_ROOMY: Final = 120
"""Columns from which a line of the tree has room for whole phrases behind type, name, status and difference."""


def is_live() -> bool:
    """Say whether a live tree is shown."""
    return os.environ.get(TERMINAL, "0") not in {"", "0"}


def is_narrow() -> bool:
    """Say whether a line of the live tree has room for a few words alone."""
    columns = os.environ.get(TERMINAL, "")
    return columns.isdecimal() and 1 < int(columns[:6]) < _ROOMY
