"""A source that may not act at its destination: what the directory says of it, and how long old tickets are waited for."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.errors import MigrationFailedError, MoveRefusedError, StageFailedError
from hyperv_placement.migration.known_delegation import Delegation, pauses
from hyperv_placement.model.names import HostName

from .mover import MoveContext, Retry

_PURGE = quoting.powershell("klist purge -li 0x3e7")
"""Has a host ask for new tickets: 0x3e7 is the session of its system account (klist page)."""


def check_delegation(context: MoveContext) -> None:
    """Raise MoveRefusedError for a move of which the directory says that its source may not act at its destination."""
    found = _delegation(context, fresh=False)
    if found is not None and found.against:
        raise MoveRefusedError(
            f"{context.named} would fail with 0x8009030E: {found.against}", remedy=found.remedy
        )


def patience(context: MoveContext) -> Iterator[float]:
    """Yield the seconds to wait before each further attempt that a ticket cache makes necessary."""
    hop = context.shared.second_hop
    begun, most = context.clock.now(), hop.wait if hop else 0.0
    for pause in pauses():
        left = begun + most - context.clock.now()
        if left <= 0:
            return
        yield min(pause, left)


def retry_once_seen(
    context: MoveContext, error: MigrationFailedError | StageFailedError, waits: Iterator[float]
) -> Retry | None:
    """Return how long to wait for the source to see the directory as it is; None where nothing is delegated for the move.

    Raises MigrationFailedError with what the directory says, where it does not have all that is needed, or where the
    time for that is over.
    """
    found, source = _delegation(context, fresh=True), context.move.source
    if found is None:
        return None
    pause = None if found.against or found.unknown else next(waits, None)
    if pause is None:
        raise _explained(error, found, source) from error
    return Retry(seconds=pause, reason=_why_again(found, source))


def _why_again(found: Delegation, source: HostName) -> str:
    """Return what is waited for; where files lie on servers of which nothing is known, that may be in vain, and says so."""
    old = f"{source} does not know yet (old tickets; {_PURGE} there ends it)"
    if not found.elsewhere:
        return f"the directory allows it, {old}"
    servers = ", ".join(found.elsewhere)
    return f"the directory allows it between the hosts, {old}, or {source} may not act at {servers} (delegation.shares does not list it)"


def _delegation(context: MoveContext, *, fresh: bool) -> Delegation | None:
    hop = context.shared.second_hop
    return hop.delegation(context.move, fresh=fresh) if hop else None


def _explained(
    error: MigrationFailedError | StageFailedError, found: Delegation, source: HostName
) -> MigrationFailedError:
    """Return the error of a refused second hop with what the directory says, right after it."""
    if found.against:
        reported, remedy = found.against, found.remedy
    elif found.unknown:
        reported, remedy = f"what is delegated could not be read ({found.unknown})", error.remedy
    elif found.elsewhere:
        servers = ", ".join(found.elsewhere)
        reported = f"the directory has all that is needed for the hosts, and no entry for {servers} on {found.account}, where files of the machine lie"
        remedy = f"If that is a file server of yours, list {servers} under delegation.shares; else on {source} run {_PURGE}; and run again"
    else:
        reported = f"the directory has all that is needed on {found.account}, so that {source} most likely still uses old tickets"
        remedy = f"On {source} run {_PURGE}, or wait 15 minutes, and run again"
    return MigrationFailedError(f"{error.message}: {reported}", codes=error.codes, remedy=remedy)
