"""The entries of a log across its files, one line at a time, so that a reader never holds the whole log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO

from .access import reading_ours
from .lines import raw_lines

MOST = 128 << 20
"""At most this many bytes of a log are read, the newest ones: eight files."""
_NUMBERED = re.compile(r"\.[0-9]{6,}")

Entry = Mapping[str, Any]


def put_away(path: Path) -> list[Path]:
    """Return the rotated files of a log, oldest first."""
    names = path.parent.glob(f"{path.name}.*")
    found = [each for each in names if _NUMBERED.fullmatch(each.name.removeprefix(path.name))]
    return sorted(found, key=lambda each: int(each.name.rpartition(".")[2]))


def read(path: Path, most: int = MOST) -> Iterator[Entry | None]:
    """Yield the entries of a log, oldest first; None for each line that is not an entry, and for each file that is read in part.

    A missing log has no entries. Raises OSError where a file cannot be read, ForeignError where somebody else could
    have written it.
    """
    with ExitStack() as stack:
        files = list(reversed(_opened(path, stack)))
        places: list[tuple[BinaryIO, int]] = []
        # The newest first, since the bound leaves out what is oldest; all are open, so that a rotation takes none away.
        for file in reversed(files):
            size = os.fstat(file.fileno()).st_size
            places.append((file, max(size - max(most, 0), 0)))
            most -= size
        for file, start in reversed(places):
            yield from _entries(file, start)


def _opened(path: Path, stack: ExitStack) -> list[BinaryIO]:
    """Yield the open files, newest first; a file that is rotated meanwhile comes once."""
    files: list[BinaryIO] = []
    with suppress(FileNotFoundError):
        files.append(stack.enter_context(reading_ours(path)))
    for each in reversed(put_away(path)):
        with suppress(FileNotFoundError):
            file = stack.enter_context(reading_ours(each))
            # The current file may have been renamed between the two looks: by its name it would come twice.
            if not any(os.path.samestat(os.fstat(file.fileno()), os.fstat(f.fileno())) for f in files):
                files.append(file)
    return files


def _entries(file: BinaryIO, start: int) -> Iterator[Entry | None]:
    file.seek(start)
    if start:
        yield None
        if start >= os.fstat(file.fileno()).st_size:
            return
    for number, line in enumerate(raw_lines(file)):
        # The start is within a line most of the time, so that what is read of that one is no entry.
        if (line.size or not line.ended) and not (start and number == 0):
            yield line.entry
