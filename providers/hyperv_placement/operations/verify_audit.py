"""Whether the audit log of a stack is whole, and goes on from what was kept of it elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from hyperv_placement.audit.access import reading
from hyperv_placement.audit.store import opened
from hyperv_placement.audit.verifying import Verdict, verify
from hyperv_placement.errors import PlacementError

_HASH = re.compile(r"[0-9a-f]{64}")


def verify_log(path: Path, *, since: str | None, copy: Path | None) -> Verdict:
    """Return the verdict on the log at `path`. Raises PlacementError where there is none, or it cannot be read.

    `since`: hash of a line that must be there. `copy`: an earlier copy, from whose last line the log must go on.
    """
    if since is not None and not _HASH.fullmatch(since):
        raise PlacementError(
            f"{since[:80]!r} is not the hash of a line",
            remedy="Name 64 digits of 0-9a-f, as `bin/placement audit verify` shows them",
        )
    holding = None if copy is None else _last_of(copy)
    try:
        found = verify(opened(path), since=since, holding=holding)
    except OSError as error:
        raise PlacementError(
            f"The audit log {path} cannot be read: {error.strerror or error}",
            remedy="Give yourself the right to read it",
        ) from error
    if not found.lines and found.is_whole:
        raise PlacementError(
            f"There is no audit log of {path.stem}: {path} is not there, or empty",
            remedy="A run that moves something begins it; where there was one, see who removed it",
        )
    return found


def _last_of(copy: Path) -> str:
    """Return the hash of the last whole line of a copy; whether it is whole before that, the log itself has to prove."""
    try:
        with reading(copy) as file:
            # Whoever can change the log can write it anew with hashes that fit: only what lies elsewhere shows it.
            last = verify([(copy.name, file)]).last
    except OSError as error:
        raise PlacementError(
            f"{copy} cannot be read: {error.strerror or error}", remedy="Name the copy of the newest file"
        ) from error
    if not last:
        raise PlacementError(
            f"{copy} has no line with a hash: nothing can be held against it",
            remedy="Name the copy of the newest file, NAME.jsonl",
        )
    return last
