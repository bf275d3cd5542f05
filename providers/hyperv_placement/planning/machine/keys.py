"""What a plan means for the keys that the state has: which machines are new to it, which keys it forgets, which have another name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Plan, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of a stack file beside those of its state."""

    adopted: tuple[Step, ...] = ()
    """Steps of machines that the state does not have: it takes them in as they are."""
    forgotten: Mapping[str, VmId] = field(default_factory=dict)
    """Key -> GUID of machines that the state has, and that no entry means any more."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Key -> the one under which the state has that very machine."""


def keys_of(plan: Plan, state: Mapping[str, VmId]) -> Keys:
    """Return what becomes of the keys. `state`: those it has, with the machines' GUIDs."""
    declared = (*plan.steps, *plan.outside)
    labels = {step.label for step in declared}
    left = {key: machine for key, machine in state.items() if key not in labels}
    under = {machine: key for key, machine in left.items()}
    new = [step for step in plan.steps if step.vm is not None and step.label not in state]
    renamed = {step.label: under[step.vm.id] for step in new if step.vm is not None and step.vm.id in under}
    return Keys(
        adopted=tuple(step for step in new if step.label not in renamed),
        forgotten={key: machine for key, machine in left.items() if key not in renamed.values()},
        renamed=renamed,
    )
