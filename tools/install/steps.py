"""Set-up from start to end: the environment, then the engine, each only where something is missing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.install import browser, build, database, directory, environment
from tools.install.engine import (
    VARIABLE,
    Engine,
    changed_file,
    copy_folder,
    from_cache,
    from_record,
    named,
    on_path,
)
from tools.install.errors import SetupError
from tools.install.guard import alone
from tools.install.places import cache_folder, engine_file, read_record, write_record
from tools.install.trusted import private_folder

_WAITING = "Another set-up is under way; waiting for it"


def main(
    project: Path,
    *,
    with_develop: bool = False,
    with_directory: bool = False,
    with_browser: bool = False,
    with_database: bool = False,
) -> int:
    """Set the project up, with what developers, the lab's directory and some tests need if asked; return the exit code."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        with alone(project / ".venv.lock", _WAITING):
            _environment(project, develop=with_develop)
            _engine(project)
            if with_directory:
                directory.ensure(project, os.environ, root=root)
            if with_browser:
                browser.ensure(os.environ, root=root)
            if with_database:
                database.ensure(os.environ, root=root)
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def _environment(project: Path, *, develop: bool) -> None:
    flaw = environment.flaw(project)
    if flaw is not None:
        print(f"Making .venv ({flaw}): about half a minute", flush=True)
        environment.make(project)
    environment.add_product(project)
    if develop and not environment.develops(project):
        print("Adding what tests and checks need to .venv: about a minute", flush=True)
        environment.add_developers(project)


def _engine(project: Path) -> None:
    before, word = read_record(engine_file(project)), os.environ.get(VARIABLE)
    engine = named(word) if word else from_record(before) or _own(project, before)
    if (why := engine.flaw()) is not None:
        raise SetupError(f"The Pulumi engine is not used: {why}; then run set-up again")
    if before != (record := engine.record()):
        print(f"Using the Pulumi engine {engine.version} from {Path(engine.pulumi).parent}", flush=True)
        write_record(engine_file(project), record)


def _own(project: Path, before: Mapping[str, Any]) -> Engine:
    cache = cache_folder(sys.platform, os.environ, Path.home())
    private_folder(cache)
    folder = copy_folder(cache, project)
    engine = from_cache(folder)
    if engine is not None and engine.pulumi == before.get("pulumi") and (changed := changed_file(before)):
        raise SetupError(f"{changed} has changed since set-up chose it; remove {folder} and run set-up again")
    if engine is None:
        if (found := on_path(os.environ.get("PATH", ""), not_ours=project / "bin")) is not None:
            print(
                f"{found} is not used unasked; where it is yours: {VARIABLE}={found} make setup", flush=True
            )
        with alone(cache / f"{folder.name}.lock", "Another project builds the Pulumi engine; waiting for it"):
            engine = from_cache(folder)
            if engine is None:
                build.build(project, folder)
                engine = from_cache(folder)
    if engine is None:
        raise SetupError(
            f"The Pulumi engine in {folder} is not whole; remove that folder and run set-up again"
        )
    return engine
