"""What the audit logs of a stack record of a period."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.migration.audit_events import read_logs
from hyperv_placement.planning.past import Period, period_of
from hyperv_placement.stackfile import load


def zone_of_stack(stack: Path) -> tzinfo:
    """Return the time zone of a stack file; UTC where the file is gone or cannot be loaded."""
    with suppress(PlacementError):
        return load(stack).zone
    return UTC


def stack_period(
    stack: Path,
    project: Path,
    since: datetime,
    until: datetime,
    copies: Sequence[Path] = (),
    *,
    zone: tzinfo = UTC,
) -> Period:
    """Return it. `stack`: its file, which need not be there any more. `copies`: logs of it that lie elsewhere. `zone`: that of the stack.

    Raises PlacementError where there is neither the file nor a log, or where a log cannot be read.
    """
    log = audit_path(project, stack.stem)
    missing = [path for path in copies if not path.is_file()]
    if missing:
        raise PlacementError(f"{missing[0]} is no file", remedy="Name a copy of an audit log")
    files = [path for path in (log, *copies) if path.is_file()]
    if not files and not stack.is_file():
        raise PlacementError(
            f"There is neither {stack} nor an audit log of it",
            remedy="Name a stack, or a copy of its log by --log",
        )
    found = period_of(stack.stem, read_logs(files), since, until, [str(path) for path in files])
    return replace(found, zone=zone)
