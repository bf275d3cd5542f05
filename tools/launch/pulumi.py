"""`bin/pulumi`: the engine that set-up chose, on this project, with its local backend unless told otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from tools.install.places import engine_file, read_record, venv_scripts
from tools.launch.settings import own_backend, settings
from tools.launch.start import PROJECT, become, require_setup
from tools.launch.words import names_folder, needs_stack

DEFAULT_STACK = "lab"


def main() -> NoReturn:
    """Run the engine with the words that were typed; create and select the stack `lab` where none is selected."""
    require_setup(PROJECT)
    words = sys.argv[1:]
    engine = _engine(PROJECT)
    own = own_backend(os.environ, (PROJECT / "Pulumi.yaml").read_text(encoding="utf-8"))
    environ = settings(
        os.environ,
        project=PROJECT,
        programs=(venv_scripts(PROJECT), engine.parent, _language_host(PROJECT)),
        own=own,
        terminal=sys.stdout.isatty(),
    )
    here = names_folder(words) or inside(Path.cwd(), PROJECT)
    command = [str(engine), *([] if here else ["-C", str(PROJECT)])]
    if own and not names_folder(words) and not environ.get("PULUMI_STACK") and needs_stack(words):
        _select_stack(command, environ)
    become([*command, *words], environ)


def inside(folder: Path, project: Path) -> bool:
    """Say whether Pulumi, started in `folder`, finds this project by itself: the nearest Pulumi.yaml upwards is ours."""
    nearest = (place for place in (folder, *folder.parents) if (place / "Pulumi.yaml").exists())
    return next(nearest, None) == project


def _engine(project: Path) -> Path:
    engine = Path(read_record(engine_file(project)).get("pulumi", "not chosen yet"))
    if not engine.exists():
        sys.exit(f"The Pulumi engine is gone ({engine}). Run: make -C {project} setup")
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
