"""A stack file replaced by another text: at once, and only while it is what was read."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.stack import Stack
from hyperv_placement.system.files import Draft, draft, mode_of, read_bounded

from .loading import load
from .source import LARGEST


class StackFileChangedError(PlacementError):
    """Somebody has changed the stack file since it was read."""

    remedy = "Run again"


class Replacement:
    """A text under another name, beside the stack file: files that it names are relative to its folder."""

    def __init__(self, fresh: Draft, old: bytes) -> None:
        """Try in `fresh` what is to replace a file that held `old`."""
        self._fresh, self._old = fresh, old

    def load(self, text: str) -> Stack:
        """Return what `text` declares. Raises StackFileError, and PlacementError where it cannot be written."""
        try:
            self._fresh.write(text)
        except OSError as error:
            raise _unwritable(self._fresh.place, error) from error
        return load(self._fresh.path, stack=self._fresh.place.stem)

    def reported(self, text: str) -> str:
        """Return a text of the loader with the name of the file that is meant."""
        return text.replace(str(self._fresh.path), str(self._fresh.place))

    def keep(self) -> None:
        """Put what was loaded last in the old file's place, with its mode. Raises StackFileChangedError.

        Between the last look and the replacement there is no more than the replacement itself.
        """
        place = self._fresh.place
        try:
            if read_bounded(place, LARGEST) != self._old:
                raise StackFileChangedError(f"{place} was changed meanwhile; it stays as it is")
            self._fresh.keep(mode=self._mode())
        except OSError as error:
            raise _unwritable(place, error) from error

    def _mode(self) -> int:
        """Return the old file's mode; of another user's file, as under sudo or in a checkout of a group, who could read it still can.

        Group means the new file's: where that is another one, it may do what everybody may. Everybody never writes.
        """
        if (own := mode_of(self._fresh.place)) is not None:
            return own
        found, fresh = self._fresh.place.stat(), self._fresh.path.stat()
        mode = stat.S_IMODE(found.st_mode) & 0o774
        # The fresh file has another group: it gets the bits of everybody, not those that were meant for the old one.
        return mode if fresh.st_gid == found.st_gid else mode & 0o704 | (mode & 0o004) << 3


@contextmanager
def replacement(place: Path, old: bytes) -> Iterator[Replacement]:
    """Lend a replacement of the file at `place`, or of the one that a link there names; what was not kept is removed."""
    with ExitStack() as borrowed:
        try:
            fresh = borrowed.enter_context(draft(place))
        except OSError as error:
            raise _unwritable(place, error) from error
        yield Replacement(fresh, old)


def difference(place: Path, before: str, after: str) -> str:
    """Return what a replacement changes in the file at `place`, as a unified diff."""
    here = Path.cwd()
    shown = place.relative_to(here) if place.is_relative_to(here) else place
    name = shown.as_posix().lstrip("/")  # as Git writes it, so that `patch -p1` finds it
    return "\n".join(
        difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{name}", f"b/{name}", lineterm="")
    )


def _unwritable(place: Path, error: OSError) -> PlacementError:
    return PlacementError(
        f"{place} cannot be written: {error.strerror}", remedy="Make it writable, then run again"
    )
