"""The engine on a project: with our settings, its local backend unless something else is named, and a stack where none is selected."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from hyperv_placement.launch.becoming import become
from hyperv_placement.launch.named_stack import make_sure_of_stack
from hyperv_placement.launch.opening import say_at_once
from hyperv_placement.launch.private import STATE, check_ours, close, keep_private
from hyperv_placement.launch.settings import own_backend, settings, with_trace
from hyperv_placement.launch.sieve import is_asked_for
from hyperv_placement.launch.words import (
    for_import,
    names_folder,
    needs_stack,
    shows_debug,
    traces,
    without_ticket,
)

LINES = "PLACEMENT_LINES"
"""`all`: the engine's lines are shown as they are, also where no terminal is."""


def start(typed: Sequence[str], *, project: Path, programs: Sequence[Path], default: str | None) -> NoReturn:
    """Run the engine with the words that were typed.

    `programs`: folders that come first on PATH, the engine's among them: the first that has it. `default`: the stack that is created
    and selected where none is, and state is kept in the project; None: the engine says itself that there is none.
    """
    keep_private()  # what the engine keeps describes the estate as an inventory does
    words, ticket = without_ticket(typed)
    if ticket == "":
        sys.exit("--ticket has no ticket: name one, or leave the word out")
    if ticket is not None:
        os.environ["PLACEMENT_TICKET"] = ticket  # program and plugin write it into the audit log
    say_at_once(words, os.environ, project)
    own = own_backend(os.environ, (project / "Pulumi.yaml").read_text(encoding="utf-8"))
    if own:
        check_ours(project / STATE)
        close(project / STATE)
    environ = settings(
        os.environ,
        project=project,
        programs=programs,
        own=own,
        terminal=_columns(),
        debug=shows_debug(words),
    )
    if traces(words):
        environ = with_trace(environ)
    here = names_folder(words) or inside(_here(), project)
    command = [str(_engine(programs)), *([] if here else ["-C", str(project)])]
    if default and own and not names_folder(words) and not environ.get("PULUMI_STACK") and needs_stack(words):
        _select_stack(command, environ, default)
    if not names_folder(words):
        make_sure_of_stack(words, command, environ, project, own=own)
    whole = [*command, *for_import(words)]
    if not sys.stdout.isatty() and is_asked_for(words) and os.environ.get(LINES) != "all":
        from hyperv_placement.launch.sifted import sifted  # noqa: PLC0415 - a terminal needs none of it

        sifted(whole, environ)
    become(whole, environ)


def engine_name() -> str:
    """Return the file name of the engine on this system."""
    return "pulumi.exe" if sys.platform == "win32" else "pulumi"


def inside(folder: Path | None, project: Path) -> bool:
    """Say whether Pulumi, started in `folder`, finds this project by itself: the nearest Pulumi.yaml upwards is ours."""
    if folder is None:
        return False
    nearest = (place for place in (folder, *folder.parents) if (place / "Pulumi.yaml").exists())
    return next(nearest, None) == project


def _engine(programs: Sequence[Path]) -> Path:
    return next(each / engine_name() for each in programs if (each / engine_name()).exists())


def _columns() -> int:
    """Return the width of the terminal that shows the output; 0 where none does, 1 where it does not say."""
    if not sys.stdout.isatty():
        return 0
    try:
        return max(1, os.get_terminal_size(sys.stdout.fileno()).columns)
    except OSError:
        return 1


def _here() -> Path | None:
    """Return the folder in which this was typed; None where it has been removed meanwhile."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _select_stack(command: Sequence[str], environ: Mapping[str, str], stack: str) -> None:
    asked = subprocess.run(
        [*command, "stack", "--show-name"], check=False, capture_output=True, env=dict(environ)
    )
    if asked.returncode != 0:
        # Its words would stand in the way of `--json`.
        made = subprocess.run(
            [*command, "--non-interactive", "stack", "select", "--create", stack],
            check=False, stdout=sys.stderr, env=dict(environ),
        )  # fmt: skip
        if made.returncode != 0:
            sys.exit(made.returncode)
