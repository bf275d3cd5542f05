"""What this process logs, and where: nothing, or lines and a file of requests and answers, as `PLACEMENT_LOG` says.

    PLACEMENT_LOG=debug                  lines; also info, warning, error
    PLACEMENT_LOG=wire:/path/FILE        every request to a host and its answer, into FILE
    PLACEMENT_LOG=debug,wire:/path/FILE  both

A command prints lines to standard error. In the program and the plugin of Pulumi they go to the engine, as messages of its level
debug, which `pulumi --debug` and `pulumi -v=9 --logtostderr` show.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hyperv_placement.errors import PlacementError
from hyperv_placement.visible import visible

VARIABLE: Final = "PLACEMENT_LOG"
LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_WIRE = "wire:"
_ROOT = logging.getLogger("hyperv_placement")


class LogSettingsError(PlacementError):
    """The log settings are malformed, or the file cannot be written."""

    remedy = (
        f"Set {VARIABLE} to {', '.join(LEVELS)}, wire:FILE, or a level and wire:FILE with a comma between"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is logged."""

    level: int | None = None
    """Of the lines; None: no lines."""
    wire: Path | None = None
    """The file that requests and answers are appended to."""


def read_settings(environment: Mapping[str, str], level: str | None = None) -> LogSettings:
    """Return what `PLACEMENT_LOG` asks for; `level`: of the command line, which wins. Raises LogSettingsError."""
    levels, wires = [], []
    for item in environment.get(VARIABLE, "").split(","):
        word = item.strip()
        if word.casefold().startswith(_WIRE) and len(word) > len(_WIRE):
            wires.append(Path(word[len(_WIRE) :]))
        elif word.casefold() in LEVELS:
            levels.append(LEVELS[word.casefold()])
        elif word:
            raise LogSettingsError(f"{VARIABLE}: {word!r} is neither a level nor wire:FILE")
    if len(levels) > 1 or len(wires) > 1:
        raise LogSettingsError(f"{VARIABLE} has more than one {'level' if len(levels) > 1 else 'wire:FILE'}")
    chosen = LEVELS[level] if level is not None else next(iter(levels), None)
    return LogSettings(level=chosen, wire=next(iter(wires), None))


@contextmanager
def logged(settings: LogSettings, write: Callable[[str], object]) -> Iterator[None]:
    """Log as `settings` say until the end; `write` gets each line. Raises LogSettingsError where the file cannot be written.

    With a wire file and no level, warnings are written: that the file is full, or that the disk is.
    """
    handlers: list[tuple[logging.Logger, logging.Handler]] = []
    level = logging.WARNING if settings.level is None and settings.wire is not None else settings.level
    if level is not None:
        handlers.append((_ROOT, _Lines(write, level)))
    if settings.wire is not None:
        # Not for a process that writes none: it loads the codec, the disguise and the client.
        from hyperv_placement.operations.recording.wire_file import open_wire_file  # noqa: PLC0415
        from hyperv_placement.winrm.wire_tap import WIRE  # noqa: PLC0415

        try:
            handlers.append((WIRE, open_wire_file(settings.wire)))
        except OSError as error:
            raise LogSettingsError(
                f"{VARIABLE}: {settings.wire} cannot be written: {error.strerror or error}",
                remedy="Name a file of your own, in a folder that exists",
            ) from error
    before = [(logger, logger.level) for logger, _ in handlers]
    for logger, handler in handlers:
        logger.setLevel(handler.level)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, handler in handlers:
            logger.removeHandler(handler)
            handler.close()
        for logger, old in before:
            logger.setLevel(old)


class _Lines(logging.Handler):
    """Hands each record on as one line; what hosts have put into it shows, and does nothing to a terminal."""

    def __init__(self, write: Callable[[str], object], level: int) -> None:
        super().__init__(level)
        self._write = write
        self.setFormatter(_Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(Exception):  # a log never ends what it reports on
            self._write(self.format(record))


class _Formatter(logging.Formatter):
    """`2026-03-01T10:20:30.123Z DEBUG winrm.client: hv1: ...`."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        name = record.name.removeprefix(f"{_ROOT.name}.")
        text = visible(" ".join(record.getMessage().split()))
        return f"{stamp}.{int(record.msecs):03d}Z {record.levelname} {name}: {text}"
