"""What was found of an interrupted run, and done about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hyperv_placement.model.names import HostName
from hyperv_placement.planning.interrupted import Became, Fate

from .lock import LockFound, LockState


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What the engine had begun and not finished, by the state."""

    label: str
    """The resource's name: the machine's key in the stack file."""
    operation: str
    """The engine's word: creating, updating, reading, deleting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFound:
    """What the engine has said of the state."""

    known: bool = False
    """Whether the state has this stack: one that was never run has none."""
    pending: tuple[Pending, ...] = ()
    trouble: str = ""
    """Why the state was not brought up to date; empty where it was, or need not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsFound:
    """What hosts and audit log have shown."""

    fates: tuple[Fate, ...] = ()
    silent: tuple[str, ...] = ()
    """Why hosts were not read, a line for each cause."""
    none_read: bool = False
    """Whether no host was read at all."""
    unlooked: tuple[HostName, ...] = ()
    """Hosts that could not be asked for files that were left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """An interrupted run, looked into."""

    stack: str
    lock: LockFound = field(default_factory=LockFound)
    mended: tuple[str, ...] = ()
    """What was torn and is whole again."""
    engine: EngineFound = field(default_factory=EngineFound)
    hosts: HostsFound = field(default_factory=HostsFound)
    tidied: tuple[str, ...] = ()
    """What lay there for nobody any more, as the other process of a run that was killed."""
    troubles: tuple[str, ...] = ()
    """What a person has to do, a line each."""

    @property
    def goes_on(self) -> bool:
        """Whether a move, or a run, goes on."""
        moving = any(fate.became is Became.GOES_ON for fate in self.hosts.fates)
        return moving or self.lock.state is LockState.HELD

    @property
    def needs_a_person(self) -> bool:
        """Whether anything is left that neither the next run nor time gets along with."""
        return bool(
            self.troubles
            or self.lock.state is LockState.NOT_KNOWN
            or self.engine.trouble
            or self.hosts.none_read
            or any(fate.needs_a_person for fate in self.hosts.fates)
        )

    @property
    def interrupted(self) -> bool:
        """Whether anything of an interrupted run was found."""
        return bool(self.lock.removed or self.mended or self.engine.pending or self.hosts.fates)


def joined(first: LockFound, second: LockFound) -> LockFound:
    """Return two looks at the lock as one: the later one says how it stands."""
    return LockFound(state=second.state, removed=(*first.removed, *second.removed), kept=second.kept)
