"""What the audit logs of a stack record of a period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hyperv_placement.errors import PlacementError
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.migration.audit_events import read_logs
from hyperv_placement.planning.past import Period, period_of


def stack_period(
    stack: Path, project: Path, since: datetime, until: datetime, copies: Sequence[Path] = ()
) -> Period:
    """Return it. `stack`: its file, which need not be there any more. `copies`: logs of it that lie elsewhere.

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
    return period_of(stack.stem, read_logs(files), since, until, [str(path) for path in files])
