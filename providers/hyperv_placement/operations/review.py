"""What a change of a stack file would do: its plan by the hosts or by a recorded inventory, beside what was declared before."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.proposal import Base, PreviewBase, Review
from hyperv_placement.planning.review.causes import Causes, causes
from hyperv_placement.planning.review.changes import changes
from hyperv_placement.planning.schedule.peaks import rooms
from hyperv_placement.planning.steps import steps_of
from hyperv_placement.planning.trust.model import Trust
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.base_revision import Before, declared_before
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.inventory_file import of_hosts, read
from hyperv_placement.workspace.stacks import PROJECT

from .doctor import reading
from .doctor.foreseen import as_reported, foreseen
from .doctor.symptoms import Reading
from .plan import compare, compare_recorded
from .trust import trust_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A stack file to be reviewed, and what was declared before where that was asked."""

    stack: Stack
    base: str | None
    """As it was asked for: a revision or a file."""
    before: Before | None
    trust: Trust | None
    """What changes of trust; None where nothing is compared."""

    @property
    def stops(self) -> bool:
        """Whether somebody has to agree to a change of trust first."""
        return self.trust is not None and self.trust.stops


def proposal(stack: Stack, base: str | None, head: str | None) -> Proposal:
    """Return the stack file beside the one at `base`; no host is asked. `head`: the revision that `stack` is of, None: the disk."""
    # Before any host is dialled: the file under review may name another host, or another CA.
    before = None if base is None else declared_before(base, stack)
    trust = None if before is None else trust_of(before, stack, head)
    return Proposal(stack=stack, base=base, before=before, trust=trust)


def review_live(proposed: Proposal) -> Review:
    """Review by what the hosts report now. The caller has seen that nothing of the proposal decides where passwords go."""
    stack, known, clock = proposed.stack, kept_of(proposed.stack, PROJECT), SystemClock()
    with closing(Estate(stack.hosts, clock=clock)) as estate:
        inventory, plan = compare(stack, estate, allowed=allowances(os.environ), known=known)
        if any(step.move for step in plan.steps):
            doctor = reading.read(stack, estate, clock, known)
        else:
            doctor = as_reported(inventory, clock.utc())  # nothing moves, so nothing can stand in the way
    return replace(_review(proposed, inventory, plan, doctor), asked=clock.utc())


def review_recorded(proposed: Proposal, file: Path) -> Review:
    """Review by a recorded inventory; no host is asked. Raises PlacementError where the file cannot be read."""
    recorded, allowed, known = read(file), allowances(os.environ), kept_of(proposed.stack, PROJECT)
    inventory, plan = compare_recorded(proposed.stack, recorded.inventory, allowed, known, read=recorded.read)
    found = _review(proposed, inventory, plan, as_reported(inventory, recorded.read))
    return replace(found, recorded=recorded.read, age=SystemClock().utc() - recorded.read)


def without_causes(proposed: Proposal) -> PreviewBase | None:
    """Return what is declared differently, for a preview, which does not show what was due before; None where nothing is compared."""
    before, trust = proposed.before, proposed.trust
    if proposed.base is None or before is None or trust is None:
        return None
    changed = () if before.stack is None else changes(before.stack, proposed.stack)
    return PreviewBase(name=proposed.base, changes=changed, unread=before.unread, trust=trust)


def _review(proposed: Proposal, inventory: Inventory, plan: Plan, doctor: Reading) -> Review:
    return Review(
        stack=proposed.stack,
        inventory=inventory,
        plan=plan,
        rooms=rooms(proposed.stack, inventory, plan),
        recorded=None,
        diagnoses=foreseen(proposed.stack, doctor, plan),
        base=_base(proposed, inventory, plan),
        trust=proposed.trust,
    )


def _base(proposed: Proposal, inventory: Inventory, plan: Plan) -> Base | None:
    """Return what has changed since; what was due before is found by the same inventory."""
    before = proposed.before
    if proposed.base is None or before is None:
        return None
    if before.stack is None:
        nothing = Causes(changed=(), drift=(), settled=())
        return Base(name=proposed.base, changes=(), causes=nothing, unread=before.unread)
    # Steps without a search for an order, which may take long where the file before had none.
    earlier = steps_of(before.stack, of_hosts(inventory, before.stack.hosts), plan.known)
    changed = changes(before.stack, proposed.stack)
    return Base(name=proposed.base, changes=changed, causes=causes(earlier, plan))
