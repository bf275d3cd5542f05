"""The drift of all stacks of a project, from a report of each that was made where its hosts can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.planning.sites import NotRead, SiteReport, Sites, sites_of
from hyperv_placement.workspace.drift_file import read_report, read_since
from hyperv_placement.workspace.stacks import stack_files

_PATTERN = "*?["


def fleet_drift(
    files: Sequence[Path],
    project: Path,
    now: datetime,
    max_age: timedelta,
    *,
    before: Path | None = None,
    expected: Sequence[str] | None = None,
) -> Sites:
    """Return the table. `expected`: stacks that should have reported; None: those of the project.

    A pattern that the shell has left as it is, as Windows' does, is looked up. Raises PlacementError where `before` is no
    such table.
    """
    found = [read_report(path) for path in _files(files)]
    named = [path.stem for path in stack_files(project)] if expected is None else expected
    try:
        since = {} if before is None else read_since(before)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise PlacementError(
            f"{before} is no earlier table: {why}", remedy="Name what fleet --json has written"
        ) from error
    return sites_of(
        [each for each in found if isinstance(each, SiteReport)],
        [each for each in found if isinstance(each, NotRead)],
        expected=named,
        now=now,
        max_age=max_age,
        before=since,
    )


def _files(words: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for word in words:
        if word.exists() or not any(mark in word.name for mark in _PATTERN):
            files.append(word)
        else:
            files += sorted(word.parent.glob(word.name))
    return files
