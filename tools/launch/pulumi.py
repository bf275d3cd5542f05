"""`bin/pulumi`: the engine that set-up chose, on this project, with its local backend unless the environment names another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from tools.install.places import engine_file, read_record, venv_scripts
from tools.install.trusted import flaw, is_changed
from tools.launch.private import STATE, check_ours, close, keep_private
from tools.launch.settings import own_backend, settings
from tools.launch.start import PROJECT, become, require_setup
from tools.launch.words import names_folder, needs_stack, shows_debug, without_ticket

DEFAULT_STACK = "lab"


def main() -> NoReturn:
    """Run the engine with the words that were typed; create and select the stack `lab` where none is selected."""
    require_setup(PROJECT)
    keep_private()  # what the engine keeps describes the estate as an inventory does
    words, ticket = without_ticket(sys.argv[1:])
    if ticket == "":
        sys.exit("--ticket has no ticket: name one, or leave the word out")
    if ticket is not None:
        os.environ["PLACEMENT_TICKET"] = ticket  # program and plugin write it into the audit log
    engine = _engine(PROJECT)
    own = own_backend(os.environ, (PROJECT / "Pulumi.yaml").read_text(encoding="utf-8"))
    if own:
        check_ours(STATE)
        close(STATE)
    environ = settings(
        os.environ,
        project=PROJECT,
        programs=(venv_scripts(PROJECT), engine.parent, _language_host(PROJECT)),
        own=own,
        terminal=sys.stdout.isatty(),
        debug=shows_debug(words),
    )
    here = names_folder(words) or inside(_here(), PROJECT)
    command = [str(engine), *([] if here else ["-C", str(PROJECT)])]
    if own and not names_folder(words) and not environ.get("PULUMI_STACK") and needs_stack(words):
        _select_stack(command, environ)
    become([*command, *words], environ)


def inside(folder: Path | None, project: Path) -> bool:
    """Say whether Pulumi, started in `folder`, finds this project by itself: the nearest Pulumi.yaml upwards is ours."""
    if folder is None:
        return False
    nearest = (place for place in (folder, *folder.parents) if (place / "Pulumi.yaml").exists())
    return next(nearest, None) == project


def _here() -> Path | None:
    """Return the folder in which this was typed; None where it has been removed meanwhile."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _engine(project: Path) -> Path:
    record = read_record(engine_file(project))
    engine = Path(record.get("pulumi", "not chosen yet"))
    if not engine.exists():
        sys.exit(f"The Pulumi engine is gone ({engine}). Run: make -C {project} setup")
    # A set-up of an earlier version has left no hashes: until the next one, owner and mode alone are looked at.
    for name, before in (record.get("files") or {str(engine): {}}).items():
        if (why := flaw(Path(name))) is not None:
            sys.exit(f"The Pulumi engine is not started: {why}. Then run: make -C {project} setup")
        if before and is_changed(Path(name), before):
            sys.exit(
                f"{name} has changed since set-up chose it, and is not started. Run: make -C {project} setup"
            )
    return engine


def _language_host(project: Path) -> Path:
    return Path(read_record(engine_file(project))["language_host"])


def _select_stack(command: Sequence[str], environ: Mapping[str, str]) -> None:
    asked = subprocess.run(
        [*command, "stack", "--show-name"], check=False, capture_output=True, env=dict(environ)
    )
    if asked.returncode != 0:
        # Its words would stand in the way of `--json`.
        made = subprocess.run(
            [*command, "--non-interactive", "stack", "select", "--create", DEFAULT_STACK],
            check=False, stdout=sys.stderr, env=dict(environ),
        )  # fmt: skip
        if made.returncode != 0:
            sys.exit(made.returncode)
