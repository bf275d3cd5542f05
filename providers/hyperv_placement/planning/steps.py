"""Where every declared machine stands: found, its host chosen beside those of all others, its move judged by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Placement, Step
from hyperv_placement.model.stack import Stack, VmSpec

from .checks.evacuation import without_place
from .checks.file_names import refuse, without_taken
from .checks.holds import held_back
from .choosing.build import Chosen, chosen
from .machine.held import aim, holding
from .machine.home import returning, to_keep
from .machine.identify import NotFound, behind_silence, identify
from .machine.next_door import gone_over
from .machine.way_back import ways_back
from .maps import Cut
from .scheduled import lasting
from .standing import step_of

_OTHER_HOSTS = 16
"""Chosen hosts that are given up because the machine's move there is refused, before it is left where it is."""


def steps_of(stack: Stack, inventory: Inventory, known: Kept = NOTHING_KEPT) -> tuple[Step, ...]:
    """Return the standing of every declared machine as a plan has it, without searching for an order of moves."""
    return stood(stack.held(known.holds), inventory, known, None)[0]


def stood(
    stack: Stack, inventory: Inventory, kept: Kept, in_run: frozenset[str] | None, without: Sequence[Cut] = ()
) -> tuple[tuple[Step, ...], Chosen]:
    """Return the steps, names of files judged among those in the run, and where each machine that was found is to be after it.

    `without`: hosts that are not to be chosen again.
    """
    known, behind = kept.machines, behind_silence(kept, stack, inventory)
    found = {label: identify(spec, inventory, known.get(label), behind) for label, spec in stack.vms.items()}
    there = {label: vm for label, vm in found.items() if isinstance(vm, VirtualMachine)}
    stack = dataclasses.replace(
        stack, homes=returning(stack, there, kept), ways_back=ways_back(stack, there, kept)
    )
    # Who is not in the run stays; its step says where it is declared, if that is one host.
    out = {
        label: _alone(stack.vms[label]) or vm.host
        for label, vm in there.items()
        if in_run is not None and label not in in_run
    }
    staying = dict(out)
    excluded: list[Cut] = [*without]
    while True:
        # Hosts are chosen for all at once: one by one, the first would take the room that the second needs.
        picked = chosen(stack, inventory, there, excluded=excluded, staying=staying)
        steps = _placed(stack, inventory, found, kept, picked)
        inside = without_taken([step for step in steps if step.label not in out], inventory)
        judged = {step.label: step for step in inside}
        # A move that was counted and is refused frees no room: then the others are chosen for anew.
        counted = [step for step in inside if step.label not in staying and _counts_wrongly(step, picked)]
        if picked.choice is None or not counted:
            return tuple(judged.get(step.label, step) for step in steps), picked
        for step in counted:
            # Another host may take it; where none was found in a few rounds, it stays.
            if step.label in picked.open and len(excluded) < len(without) + _OTHER_HOSTS:
                excluded.append({step.label: picked.ends[step.label]})
            else:
                staying[step.label] = picked.ends[step.label]


def _counts_wrongly(step: Step, picked: Chosen) -> bool:
    """Say whether a machine that is not moved was counted at another host."""
    if step.vm is None or not step.left_out or step.label in picked.homeless:
        return False
    return picked.stands.get(step.label, step.vm.host) != step.vm.host


def _placed(
    stack: Stack,
    inventory: Inventory,
    found: Mapping[str, VirtualMachine | NotFound],
    kept: Kept,
    picked: Chosen,
) -> tuple[Step, ...]:
    """Return the standing of every declared machine, by the host that was chosen for it."""
    steps, known = [], kept.machines
    for (label, vm), spec in zip(found.items(), stack.vms.values(), strict=True):
        if isinstance(vm, NotFound):
            step = Step(
                label=label, standing=vm.standing, placement=Placement(), vm_id=spec.id or known.get(label),
                findings=(gone_over(vm.finding, spec.id or known.get(label), kept.siblings, stack),),
            )  # fmt: skip
        else:
            step = _standing(spec, vm, stack, inventory, picked.ends[label], known.get(label))
            if (why_not := picked.homeless.get(label)) is not None:
                step = refuse(lasting(step), why_not)  # it waits for nothing
            else:
                step = without_place(step, picked.ends[label], stack, inventory)
            home = to_keep(stack, spec, vm, kept.homes.get(vm.id))
            step = step if step.home == home else dataclasses.replace(step, home=home)
        steps.append(step)
    return tuple(steps)


def _alone(spec: VmSpec) -> HostName | None:
    """Return the one host that a machine is declared on; None where there is a choice."""
    return spec.hosts[0] if len(spec.hosts) == 1 else None


def _standing(
    spec: VmSpec,
    vm: VirtualMachine,
    stack: Stack,
    inventory: Inventory,
    end: HostName,
    managed: VmId | None,
) -> Step:
    """Return the standing of one machine for which `end` was chosen; a hold may keep it where it is."""
    if (hold := holding(stack, spec, vm)) is None:
        return step_of(spec, vm, stack, inventory, end, managed)
    step = step_of(spec, vm, stack, inventory, aim(stack, spec, vm), managed)
    return held_back(step, hold, stack, leaves=vm.host in stack.maintenance)
