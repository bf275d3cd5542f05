"""Checksums of real files, computed again only when a file has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path


class Checksums:
    """SHA-256 by path, remembered under size, modification time and inode."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def sha256(self, path: Path) -> str | None:
        """Return the checksum as hex, or None where there is no such file."""
        try:
            status = path.stat()
            mark = (status.st_size, status.st_mtime_ns, status.st_ino)
            known = self._known.get(path)
            if known is None or known[0] != mark:
                with path.open("rb") as file:
                    known = mark, hashlib.file_digest(file, "sha256").hexdigest()
                self._known[path] = known
        except FileNotFoundError:
            return None
        return known[1]
