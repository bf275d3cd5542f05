"""Copying files a little at a time, as a storage migration goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_CHUNK = 256 * 1024


class Copying:
    """The copies of one migration: made in order, to a share of the whole at a time."""

    def __init__(self, pairs: Sequence[tuple[Path, Path]]) -> None:
        """Plan to copy each first file to the second; nothing is opened yet."""
        self._waiting = list(pairs)
        self._sources = [source for source, _ in pairs]
        self._made: list[Path] = []
        self._total = sum(source.stat().st_size for source, _ in pairs)
        self._copied = 0
        self._offset = 0

    def advance(self, share: float) -> None:
        """Copy until `share` (0..1) of all bytes is there.

        Raises OSError where a file cannot be read or made; FileExistsError where the target is taken.
        """
        wanted = self._total if share >= 1 else int(self._total * share)
        while self._waiting and (self._copied < wanted or share >= 1):
            source, target = self._waiting[0]
            if self._offset == 0:
                self._open(target)
            self._copied += self._copy_some(source, target)

    def abandon(self) -> None:
        """Remove what was made so far."""
        for path in self._made:
            path.unlink(missing_ok=True)
        self._waiting, self._made = [], []

    def remove_sources(self) -> None:
        """Remove the files that were copied; their folders stay, as seen on real hosts."""
        for path in self._sources:
            path.unlink(missing_ok=True)

    def _open(self, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.open("xb").close()
        self._made.append(target)

    def _copy_some(self, source: Path, target: Path) -> int:
        """Copy a chunk, a chunk of zeros as a hole; go to the next file at the end."""
        with source.open("rb") as reader, target.open("r+b") as writer:
            reader.seek(self._offset)
            data = reader.read(_CHUNK)
            writer.seek(self._offset)
            if data.count(0) == len(data):
                writer.truncate(self._offset + len(data))
            else:
                writer.write(data)
            self._offset += len(data)
            if len(data) < _CHUNK:
                self._waiting.pop(0)
                self._offset = 0
            return len(data)
