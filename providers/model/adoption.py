"""Whether a migration that runs already does what a move orders, so that it can be followed instead of started."""

from __future__ import annotations

from typing import Protocol

from . import winpath
from .estate import MigrationJob
from .names import dns
from .plan import Move


class Named(Protocol):
    """A host's own names."""

    @property
    def full_name(self) -> str:
        """Full DNS name."""

    @property
    def computer_name(self) -> str:
        """NetBIOS name."""


def leads_to(job: MigrationJob, move: Move, destination: Named) -> bool:
    """Say whether a running job does what `move` orders, so that it can be adopted."""
    if job.only_prepares:
        return False
    if not move.changes_host:
        return job.destination is None and _same_paths(job, move)
    return job.destination is not None and names_host(job.destination, destination) and _same_paths(job, move)


def names_host(text: str, host: Named) -> bool:
    """Say whether a DestinationHost, as somebody wrote it, means `host`: by full or short name."""
    return dns(text) in {dns(host.full_name), dns(host.computer_name)}


def _same_paths(job: MigrationJob, move: Move) -> bool:
    """A job that does not tell its paths is taken to have ours."""
    roots = {
        winpath.comparable(root) for root in (move.roots.config, move.roots.checkpoints, move.roots.paging)
    }
    ours = {winpath.comparable(disk.target) for disk in move.all_disks}
    theirs = {winpath.comparable(path) for path in job.new_paths if path}
    their_roots = {winpath.comparable(root) for root in job.new_roots if root}
    return theirs <= ours and their_roots <= roots
