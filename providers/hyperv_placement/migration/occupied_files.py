"""Files that lay in the way of a move although no machine has them: which ones, and whose they were by our audit logs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model import winpath
from hyperv_placement.model.move import Move

from .audit import AuditLog
from .audit_words import FormerOwner

_EXISTS = frozenset({0x80070050, 0x800700B7})
"""ERROR_FILE_EXISTS and ERROR_ALREADY_EXISTS as HRESULTs (winerror.h)."""


def occupied(
    estate: Estate, audit: AuditLog, move: Move, codes: Collection[int], texts: Collection[str]
) -> str:
    """Return which files lie at the new places of `move`, and whose they were; empty for a failure of another cause.

    Those that the job's `texts` name count, else those that the destination can examine: a call or two a disk.
    """
    if not _EXISTS & set(codes):
        return ""
    named = [path for path in _new(move) if any(winpath.named_in(path, text) for text in texts)]
    files = named or list(_examined(estate, move))
    return "; ".join(
        f"{path} lies on {move.destination} already, {_whose(audit.owner_of(move.destination, path))}"
        for path in files
    )


def _examined(estate: Estate, move: Move) -> Iterator[str]:
    for path in _new(move):
        try:
            if estate.disk(move.destination, path).size_bytes is not None:
                yield path
        except PlacementError:
            return  # a host that does not answer tells nothing of files


def _new(move: Move) -> Iterator[str]:
    """Yield the paths at which a move makes files."""
    for disk in move.all_disks:
        if move.changes_host or not winpath.same(disk.source, disk.target):
            yield disk.target
    yield from (parent.target for parent in move.parents)


def _whose(owner: FormerOwner | None) -> str:
    if owner is None:
        return "and no audit log of ours says whose it was"
    by = f" ({owner.who}, {owner.time})" if owner.who else f" ({owner.time})"
    if owner.left_for is None:
        return f"a disk of {owner.vm} when it was moved there{by}"
    return f"a disk of {owner.vm} until it was moved to {owner.left_for}{by}"
