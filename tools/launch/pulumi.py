"""`bin/pulumi` of a checkout: the engine that set-up chose, on this project."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from hyperv_placement.launch.start import start
from tools.install.places import engine_file, read_record, venv_scripts
from tools.install.trusted import flaw, is_changed
from tools.launch.start import PROJECT, require_setup

DEFAULT_STACK = "lab"


def main() -> NoReturn:
    """Run the engine with the words that were typed; create and select the stack `lab` where none is selected."""
    require_setup(PROJECT)
    programs = (venv_scripts(PROJECT), _engine(PROJECT).parent, _language_host(PROJECT))
    start(sys.argv[1:], project=PROJECT, programs=programs, default=DEFAULT_STACK)


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
