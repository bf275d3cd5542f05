"""A new stack file, there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load
from hyperv_placement.system.files import Draft, draft


class FileExistsAlreadyError(PlacementError):
    """There is a file in the place of the new stack file; somebody may have worked on it."""

    remedy = "Choose another --output, or move that file away"


def check_free(path: Path) -> None:
    """Raise FileExistsAlreadyError where `path` exists, and PlacementError where its folder does not."""
    if path.exists() or path.is_symlink():
        raise FileExistsAlreadyError(f"{path} exists already")
    if not path.parent.is_dir():
        raise PlacementError(f"There is no folder {path.parent}", remedy="Make it first")


class Trial:
    """A stack file under another name, beside its place: files that it names are relative to its folder."""

    def __init__(self, fresh: Draft) -> None:
        """`fresh`: the draft of the stack file."""
        self._fresh = fresh

    def load(self, text: str) -> Stack:
        """Return what `text` declares. Raises StackFileError, and PlacementError where it cannot be written."""
        try:
            self._fresh.write(text)
        except OSError as error:
            raise _unwritable(self._fresh.place, error) from error
        return load(self._fresh.path, stack=self._fresh.place.stem)

    def keep(self) -> None:
        """Put what was loaded last in its place. Raises FileExistsAlreadyError where something has come there meanwhile."""
        place = self._fresh.place
        try:
            self._fresh.keep_as_new()
        except FileExistsError as error:
            raise FileExistsAlreadyError(f"{place} exists already") from error
        except OSError as error:
            raise _unwritable(place, error) from error


@contextmanager
def trial(place: Path) -> Iterator[Trial]:
    """Lend a trial for the file at `place`; what was not kept is removed."""
    with ExitStack() as borrowed:
        try:
            fresh = borrowed.enter_context(draft(place))
        except OSError as error:
            raise _unwritable(place, error) from error
        yield Trial(fresh)


def _unwritable(place: Path, error: OSError) -> PlacementError:
    return PlacementError(f"{place} cannot be written: {error.strerror}", remedy="Choose another --output")
