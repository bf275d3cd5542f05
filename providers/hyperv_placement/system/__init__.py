"""What operating systems do differently about files: who we are, who owns a file, and how to open it without following other users' links.

One module for POSIX and one for Windows offer the same names; all other code imports them from here.
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
