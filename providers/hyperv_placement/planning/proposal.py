"""A proposed stack file as a review judges it: its plan, the room that is left, and what is declared differently than before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.what_counts import complete

from .checks.windows import has_windows
from .review.causes import Causes
from .review.changes import EntryChange
from .schedule.peaks import Room
from .trust.model import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What was declared before."""

    name: str
    """As it was asked for: a revision or a file."""
    changes: tuple[EntryChange, ...]
    causes: Causes
    unread: str | None = None
    """Why nothing is compared: what stood there cannot be read as a stack file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewBase:
    """What was declared before, beside a preview of the engine, which does not show the causes of moves."""

    name: str
    """As it was asked for: a revision or a file."""
    changes: tuple[EntryChange, ...]
    unread: str | None
    """Why nothing is compared: what stood there cannot be read as a stack file."""
    trust: Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """All that a review says; the page, the comment and the record show the same."""

    stack: Stack
    inventory: Inventory
    plan: Plan
    rooms: tuple[Room, ...]
    recorded: datetime | None
    """When the inventory was recorded; None = the hosts were asked."""
    asked: datetime | None = None
    """When the hosts were asked; None = by a recorded inventory."""
    age: timedelta | None = None
    """How old the recorded inventory is; None where the hosts were asked."""
    diagnoses: tuple[Finding, ...] = ()
    """Errors that the doctor finds in the way of these moves."""
    base: Base | None = None
    trust: Trust | None = None
    """What changes of trust; None where nothing was compared."""

    @property
    def counting(self) -> Stack:
        """The stack as it counts when the hosts were read: with the holds of the shared state, without words that are over."""
        read = self.recorded or self.asked
        held = self.stack.held(self.plan.known.holds)
        return held.at(read)

    @property
    def infeasible(self) -> bool:
        """Whether nothing may be moved at all, or a rule would not hold in the end."""
        return bool(self.plan.refusals or self.plan.broken_rules)

    @property
    def complete(self) -> bool:
        """Whether every machine that counts is in place or moves, and the doctor finds nothing in the way."""
        return not self.diagnoses and complete(self.plan)

    @property
    def freezes_unjudged(self) -> bool:
        """Whether freezes are declared and nobody could judge them: a recorded inventory has no clock."""
        return self.recorded is not None and bool(self.stack.guard.freeze)

    @property
    def windows_unjudged(self) -> bool:
        """Whether windows are declared and nobody could judge them."""
        return self.recorded is not None and has_windows(self.stack)
