"""One move: what of a machine it takes, from where to where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from . import winpath
from .estate import Roots, VirtualMachine
from .memory import in_memory
from .names import HostName
from .options import AS_HOSTS_ARE_SET, MigrationOptions


class Moves(StrEnum):
    """What a move takes elsewhere. Whatever carries it out has its own names and numbers for these."""

    HOST = "host"
    """The machine runs on another host; its files lie where both see them, and stay."""
    STORAGE = "storage"
    """Files change place; the machine stays on its host."""
    HOST_AND_STORAGE = "host and storage"

    @property
    def changes_host(self) -> bool:
        """Whether the machine leaves its host."""
        return self is not Moves.STORAGE

    @property
    def copies_storage(self) -> bool:
        """Whether files are copied."""
        return self is not Moves.HOST


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DiskMove:
    """One disk of a move; `target` equals the disk's path where the file keeps its path on another host.

    Equal where both paths are the same, however they are spelled.
    """

    slot: str
    instance_id: str
    source: str
    target: str

    def __eq__(self, other: object) -> bool:
        """Compare paths as Windows does."""
        return self._comparable() == other._comparable() if isinstance(other, DiskMove) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash that fits."""
        return hash(self._comparable())

    def _comparable(self) -> tuple[str, ...]:
        return self.slot, self.instance_id, winpath.comparable(self.source), winpath.comparable(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentCopy:
    """A parent of a differencing disk that nothing attaches: it is copied, and stays at the source."""

    source: str
    target: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move of one machine, whichever mover carries it out."""

    vm: VirtualMachine
    moves: Moves
    source: HostName
    destination: HostName
    """Equals `source` where only storage moves."""
    roots: Roots
    """The roots after the move; they equal the machine's own where nothing changes."""
    disks: tuple[DiskMove, ...] = ()
    """Disks that go along: where only storage moves those whose path changes, with a host all that are copied."""
    frozen: tuple[DiskMove, ...] = ()
    """Disks of checkpoints that go along, as above: beside the disk in their slot."""
    parents: tuple[ParentCopy, ...] = ()
    """Known only right before the start: whose parent a disk is costs a call each."""
    overwrite: frozenset[str] = frozenset()
    """Slots of disks whose files may be overwritten at their new place."""
    options: MigrationOptions = AS_HOSTS_ARE_SET
    caller: str | None = None
    """How we log on at the source (connection.auth): it decides whether the source can act at the destination."""

    @property
    def changes_host(self) -> bool:
        """Whether the machine leaves its host."""
        return self.moves.changes_host

    @property
    def copies_storage(self) -> bool:
        """Whether files are copied."""
        return self.moves.copies_storage

    @property
    def kind(self) -> str:
        """What people call it: live, storage, live+storage; offline and offline+storage of a machine that is off or saved."""
        how = "live" if in_memory(self.vm) else "offline"
        parts = ((self.changes_host, how), (self.copies_storage, "storage"))
        return "+".join(name for true, name in parts if true)

    @property
    def described(self) -> str:
        """The same as words of a sentence, such as `live migration with storage`."""
        how = "live" if in_memory(self.vm) else "offline"
        if not self.changes_host:
            return "storage migration"
        return f"{how} migration with storage" if self.copies_storage else f"{how} migration"

    @property
    def all_disks(self) -> tuple[DiskMove, ...]:
        """The machine's own disks and those of its checkpoints that go along."""
        return self.disks + self.frozen if self.frozen else self.disks

    @property
    def is_staged(self) -> bool:
        """Whether a planned machine is made and checked first; there is none for a machine that stays."""
        return self.changes_host and self.options.check == "staged"
