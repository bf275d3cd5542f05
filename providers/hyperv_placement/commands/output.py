"""What a command prints, delivered at its end: to a full disk, to nobody, or to a reader that has gone."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import TextIO

from hyperv_placement.commands.exit_codes import FAILED
from hyperv_placement.errors import PlacementError
from hyperv_placement.report.cells import width
from hyperv_placement.report.folding import folded
from hyperv_placement.system.files import write_whole
from hyperv_placement.visible import outward, visible_lines

WIDE = 100
"""Columns of a plan where nothing says how wide lines may be."""
_NARROWEST = 20
"""Columns below which folding would leave nothing to read."""
_GONE = {errno.EPIPE, errno.EINVAL} if sys.platform == "win32" else {errno.EPIPE}
"""What a pipe says that nobody reads any more (Python, "Note on SIGPIPE"; Windows says EINVAL)."""


def delivered(run: Callable[[], int]) -> int:
    """Run a command and print what it said; return its exit code.

    1, and a line, where the output cannot take it. A reader that goes before the end, as `head` does, has what it
    wanted: the code is that of the command, whenever it went.
    """
    _fill_closed()
    output, printed, errors = sys.stdout, _Printed(sys.stdout), _Errors(sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names are in any script, a terminal may not be
    with redirect_stderr(errors):
        try:
            with redirect_stdout(printed):
                code = run()
        finally:
            # Also where the command failed: what it had said by then belongs to its error.
            _, why = _put(printed.folded(), output)
        if why is None:
            return code
        sys.stderr.write(
            f"What was to be printed cannot be: {why}. Give it an output that takes it, then run again\n"
        )
    return FAILED


def columns() -> int | None:
    """Return how wide lines may be: as COLUMNS says, else as the terminal is; None where there is neither, as in a pipe."""
    if os.environ.get("COLUMNS", "").isdecimal() or sys.stdout.isatty():
        return max(_NARROWEST, shutil.get_terminal_size().columns)
    return None


def fold_to(wide: int | None) -> None:
    """Fold the lines of this command to so many columns; None: leave them, as JSON and Markdown have to be."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, (_Printed, _Errors)):
            stream.columns = wide


def deliver(text: str, *, over: str | None = None) -> bool:
    """Print now, in a command that goes on; return whether anybody reads on.

    `over`: what was printed last, which a terminal shows no longer then. Raises PlacementError where the output cannot take it.
    """
    if not isinstance(sys.stdout, _Printed):
        sys.stdout.write(text)
        return True
    columns = shutil.get_terminal_size().columns
    rows = sum(-(-max(1, width(line)) // columns) for line in visible_lines(over).splitlines()) if over else 0
    # Up by its rows, and clear what is below (ECMA-48, CPL and ED).
    gone, why = sys.stdout.deliver(text, f"\x1b[{rows}F\x1b[J" if rows else "")
    if why is not None:
        raise PlacementError(
            f"What was to be printed cannot be: {why}", remedy="Give it an output that takes it"
        )
    return not gone


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file that was named on the command line, at once or not at all. Raises PlacementError where that fails."""
    try:
        write_whole(path, content, mode=None)
    except OSError as error:
        raise PlacementError(
            f"{path} cannot be written: {error.strerror}", remedy="Name another file"
        ) from error


class _Printed(io.StringIO):
    """What is to be printed; commands ask whether a terminal will show it."""

    def __init__(self, real: TextIO | None) -> None:
        super().__init__()
        self._real = real
        self.columns: int | None = None
        """What lines are folded to; None: they stay as they are."""

    def folded(self) -> str:
        """Return what was printed, folded."""
        return folded(self.getvalue(), self.columns)

    def isatty(self) -> bool:
        return self._real is not None and self._real.isatty()

    def deliver(self, text: str, before: str) -> tuple[bool, str | None]:
        """Print what was said so far, and `text`; return whether the reader has gone, and why it cannot be printed, or None."""
        text = f"{self.folded()}{text}"
        self.seek(0)
        self.truncate()
        return _put(text, self._real, before)


class _Errors(io.TextIOBase):
    """Standard error: where it is closed or full nobody reads a message, and the exit code alone reports the failure."""

    def __init__(self, real: TextIO | None) -> None:
        self._real = real
        self.columns: int | None = None
        """As of what is printed."""

    def write(self, text: str, /) -> int:
        if self._real is not None:
            with suppress(OSError, ValueError):
                self._real.write(folded(outward(text), self.columns))
                self._real.flush()
                return len(text)
            _give_up(self._real)
            self._real = None
        return len(text)

    def flush(self) -> None:
        """Each text is flushed as it is written."""

    def isatty(self) -> bool:
        return self._real is not None and self._real.isatty()


def _put(text: str, output: TextIO | None, before: str = "") -> tuple[bool, str | None]:
    """Print a text; return whether its reader has gone, and why it cannot be printed, or None. `before`: orders to a terminal."""
    if not text:
        return False, None
    if output is None:
        return False, "the output is closed"
    try:
        output.write(f"{before}{outward(text)}")
        output.flush()
    except OSError as error:
        _give_up(output)
        gone = error.errno in _GONE
        return gone, None if gone else (error.strerror or str(error)).casefold()
    return False, None


def _give_up(stream: TextIO) -> None:
    """Have nothing of what is left in a stream's buffer complained of at the end of the process (Python, "Note on SIGPIPE")."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _fill_closed() -> None:
    """Open nothing in place of standard streams that are closed: a connection would get their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
