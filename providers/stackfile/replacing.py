"""A stack file replaced by another text: at once, and only while it is what was read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from providers.errors import PlacementError
from providers.model.stack import Stack

from .loading import load


class StackFileChangedError(PlacementError):
    """Somebody has changed the stack file since it was read."""

    remedy = "Run again"


class Replacement:
    """A text under another name, beside the stack file: files that it names are relative to its folder."""

    def __init__(self, place: Path, path: Path, old: bytes) -> None:
        """Try at `path` what shall replace `place`, which held `old`."""
        self._place, self._path, self._old = place, path, old

    def load(self, text: str) -> Stack:
        """Return what `text` declares. Raises StackFileError, and PlacementError where it cannot be written."""
        try:
            self._path.write_bytes(text.encode("utf-8"))
            return load(self._path)
        except OSError as error:
            raise _unwritable(self._place, error) from error

    def told(self, text: str) -> str:
        """Return a text of the loader with the name of the file that is meant."""
        return text.replace(str(self._path), str(self._place))

    def keep(self) -> None:
        """Put what was loaded last in the old file's place, with its mode. Raises StackFileChangedError.

        Between the last look and the replacement there is no more than the replacement itself.
        """
        try:
            shutil.copymode(self._place, self._path)
            if self._place.read_bytes() != self._old:
                raise StackFileChangedError(f"{self._place} was changed meanwhile; it stays as it is")
            self._path.replace(self._place)
        except OSError as error:
            raise _unwritable(self._place, error) from error


@contextmanager
def replacement(place: Path, old: bytes) -> Iterator[Replacement]:
    """Lend a replacement of the file at `place`, or of the one that a link there names; what was not kept is removed."""
    real = place.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{real.name}.", suffix=".tmp", dir=real.parent)
    except OSError as error:
        raise _unwritable(real, error) from error
    os.close(handle)
    try:
        yield Replacement(real, Path(name), old)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _unwritable(place: Path, error: OSError) -> PlacementError:
    return PlacementError(
        f"{place} cannot be written: {error.strerror}", remedy="Make it writable, then run again"
    )
