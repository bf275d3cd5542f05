"""What a killed run has left in `.pulumi` for its other process: nobody takes it any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from hyperv_placement.system.files import DRAFTS

from .handoff import BETWEEN, PREVIEWS, RUNS
from .holders import SLACK_S
from .locks import Engine


def remove_dead(project: Path, running: Iterable[Engine]) -> Iterator[str]:
    """Remove each file of a run whose engine is gone, and yield its name. Raises OSError.

    `running`: the engines of this computer; what is younger than one of them may be its own.
    """
    born = min((engine.started for engine in running), default=None)
    for folder in (project / each for each in BETWEEN):
        for path in sorted({*folder.glob("*.json"), *folder.glob(DRAFTS)}):
            if path.name.startswith((PREVIEWS, RUNS)):
                continue
            with suppress(FileNotFoundError):  # a run that has just begun was faster
                if born is None or path.stat().st_mtime + SLACK_S < born:
                    path.unlink()
                    yield f"{folder.name}/{path.name}"
