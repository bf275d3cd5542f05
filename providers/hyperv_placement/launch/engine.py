"""Which `pulumi` an installed product starts: the one that is named, or else the first on PATH; never one that others may change."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hyperv_placement.launch.start import engine_name
from hyperv_placement.system import belongings

VARIABLE = "PLACEMENT_PULUMI"
"""Names a `pulumi` by its absolute path."""
INSTALL = "Install Pulumi 3.259 or newer, below 4 (winget install pulumi, brew install pulumi, or www.pulumi.com/docs/install)"
"""Where an engine comes from."""


def engine_of(environ: Mapping[str, str], *, not_ours: Path) -> Path:
    """Return the engine, with links followed. Leaves with one line where there is none, or one that others may change.

    `not_ours`: the folder of the project's own wrappers, which may well be on PATH.
    """
    named = environ.get(VARIABLE)
    command = _named(named) if named else _on_path(environ.get("PATH", os.defpath), not_ours)
    if command is None:
        sys.exit(f"There is no pulumi on PATH. {INSTALL}, or name one: {VARIABLE}=/full/path/of/pulumi")
    real = Path(os.path.realpath(command))
    for each in (real, *real.parents):
        try:
            belongings(each).check(each)
        except OSError as error:
            sys.exit(
                f"{command} is not started: {error.strerror} ({each}). Correct that, or name another: {VARIABLE}"
            )
    return real


def _named(word: str) -> Path:
    command = Path(word)
    if not command.is_absolute() or not os.access(command, os.X_OK) or not command.is_file():
        sys.exit(f"{VARIABLE} is {word!r}, which is no absolute path of a program; correct or unset it")
    return command


def _on_path(path: str, not_ours: Path) -> Path | None:
    folders = (Path(entry) for entry in path.split(os.pathsep) if Path(entry).is_absolute())
    commands = (folder / engine_name() for folder in folders if folder.resolve() != not_ours.resolve())
    return next((each for each in commands if each.is_file() and os.access(each, os.X_OK)), None)
