"""What a resource may know of the engine's present call: whose it is, how to say something, whether to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from hyperv_placement.migration.interruption import Interruption
from hyperv_placement.model.names import StackName
from hyperv_placement.model.urn import read_urn


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the engine, bound to a resource's URN."""

    urn: str
    say: Callable[..., None]
    """`say(level, text, ephemeral=False)`, level debug, info, warning or error: a line for this resource; ephemeral ones replace each other."""
    cancelled: threading.Event
    """Set: nothing more is ordered."""
    stop: Interruption | None = None
    """What else is asked of a run that is to end; None: what runs is left to its hosts."""
    tell: Callable[[str], None] = lambda _text: None
    """Reports a line of the whole run, bound to no resource."""
    leave: Callable[[str], None] | None = None
    """Ends the run, whose moves go on at their hosts, for somebody who wants the stack: USER@HOST. None where nobody can ask for it."""

    @property
    def stack(self) -> StackName:
        """Name of the stack file, of the grammar of a stack's: the Pulumi stack's, or that of a component in a larger program."""
        return read_urn(self.urn).declared_by

    @property
    def label(self) -> str:
        """The resource's key in the stack file."""
        return read_urn(self.urn).label


current: ContextVar[Call] = ContextVar("current")
"""Set by the process that serves the engine, for the thread that answers the call."""


class HalfDoneError(Exception):
    """A create or update has begun and is not done: state keeps `id` and `outputs`, the run shows `reason`.

    A machine is adopted and its move is not done; an account was changed and does not answer any more.
    """

    def __init__(self, id_: str, outputs: dict[str, object], reason: str) -> None:
        """Take what state is to keep."""
        super().__init__(reason)
        self.id = id_
        self.outputs = outputs
        self.reason = reason
