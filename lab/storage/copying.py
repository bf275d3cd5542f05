"""Copying files a little at a time, as a storage migration goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One file to copy."""

    source: Path
    target: Path
    overwrite: bool = False
    """What lies at the target may be replaced."""
    keep_source: bool = False
    """The source stays when all is copied."""
    keep_target: bool = False
    """What was copied stays when all is given up."""


class Copying:
    """The copies of one migration: made in order, to a share of the whole at a time."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        self._waiting = list(copies)
        self._sources = [copy.source for copy in copies if not copy.keep_source]
        self._made: list[Copy] = []
        self._total = sum(copy.source.stat().st_size for copy in copies)
        self._copied = 0
        self._offset = 0

    def advance(self, share: float) -> None:
        """Copy until `share` (0..1) of all bytes is there.

        Raises OSError where a file cannot be read or made; FileExistsError where the target is taken.
        """
        wanted = self._total if share >= 1 else int(self._total * share)
        while self._waiting and (self._copied < wanted or share >= 1):
            copy = self._waiting[0]
            if self._offset == 0:
                self._open(copy)
            self._copied += self._copy_some(copy.source, copy.target)

    def abandon(self) -> None:
        """Remove what was made so far."""
        for copy in self._made:
            if not copy.keep_target:
                copy.target.unlink(missing_ok=True)
        self._waiting, self._made = [], []

    def remove_sources(self) -> None:
        """Remove the files that were copied; their folders stay, as seen on real hosts."""
        for path in self._sources:
            path.unlink(missing_ok=True)

    def _open(self, copy: Copy) -> None:
        copy.target.parent.mkdir(parents=True, exist_ok=True)
        copy.target.open("wb" if copy.overwrite else "xb").close()
        self._made.append(copy)

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
