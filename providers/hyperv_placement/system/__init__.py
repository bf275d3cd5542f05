"""What systems do differently about files: who we are, whose a file is, and how one is opened without following others' links.

POSIX has one module, Windows its twin; everybody else asks here. Both offer the same names.
"""

from __future__ import annotations

import sys

from .values import Account, Belongings, ForeignError

if sys.platform == "win32":
    from .windows import Place, account, belongings, keep_private, lock_at_once, place_of, private_folder
else:
    from .posix import Place, account, belongings, keep_private, lock_at_once, place_of, private_folder

__all__ = [
    "Account",
    "Belongings",
    "ForeignError",
    "Place",
    "account",
    "belongings",
    "keep_private",
    "lock_at_once",
    "place_of",
    "private_folder",
]
