"""What a run is about, in our own words, for the engine's `create` and `delete` sound like something else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from hyperv_placement.model import winpath
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.units import counted
from hyperv_placement.planning.machine.keys import Keys
from hyperv_placement.visible import visible

from .others import others_lines
from .text import chosen, summary

_NAMED = 12
"""Machines that a line names before the rest is counted."""
_LINES = 12
"""Hosts with a line of their own; where there are more, one line counts them."""


def opening(plan: Plan, keys: Keys, inventory: Inventory) -> str:
    """Return what is said first: a line about the whole, then what it costs, and who is adopted, forgotten or renamed."""
    lines = [_headline(plan, keys)]
    if plan.schedule.moves:
        lines.append(summary(plan.schedule))
    if plan.choice is not None and plan.choice.bytes:
        lines.append(chosen(plan.choice))
    lines += _adopted(keys.adopted)
    lines += _renamed(plan, keys.renamed)
    lines += _forgotten(keys.forgotten, inventory)
    lines += others_lines(plan.others)
    return "\n".join(map(visible, lines))


def stays(step: Step) -> str | None:
    """Return what is said at a machine that is adopted where it is; None where it moves, or is not found."""
    return None if step.vm is None or step.standing == Standing.MOVE else f"adopted, stays on {step.vm.host}"


def _headline(plan: Plan, keys: Keys) -> str:
    total = len(plan.steps) + len(plan.outside)
    moving = sum(
        step.standing == Standing.MOVE or bool(plan.schedule.legs(step.label)) for step in plan.steps
    )
    parts = []
    if keys.adopted:
        parts.append(f"adopts {counted(len(keys.adopted), 'machine')}")
    if moving:
        parts.append(f"moves {moving} of {counted(total, 'machine')}")
    else:
        parts.append("moves none" if keys.adopted else f"moves none of {counted(total, 'machine')}")
    if keys.forgotten:
        left = "left as it is" if len(keys.forgotten) == 1 else "left as they are"
        parts.append(f"forgets {len(keys.forgotten)} ({left})")
    parts += _renamed_in_all(plan, keys.renamed)
    standings = [step.standing for step in plan.left_out]
    made = {Standing.MISSING: " (nothing is made)"}
    left_out = [
        f"{standings.count(kind)} {kind}{made.get(kind, '')}" for kind in Standing if kind in standings
    ]
    return "; ".join(filter(None, (", ".join(parts), ", ".join(left_out))))


def _renamed_in_all(plan: Plan, renamed: Mapping[str, str]) -> Iterator[str]:
    """Yield what the first line says of keys that have another name: above all that files would move for it."""
    moved = [new for new in renamed if _of(plan, new, renamed[new]) is not None]
    for new in moved[:1]:
        more = f" (and those of {len(moved) - 1} more)" if len(moved) > 1 else ""
        yield f"the files of {renamed[new]}{more} would move, since its key is {new} now"
    still = len(renamed) - len(moved)
    if still:
        whose = "its machine" if still == 1 else "their machines"
        yield f"renames {counted(still, 'key')} (nothing happens to {whose})"


def _of(plan: Plan, label: str, old: str) -> Move | None:
    """Return the move that takes the files of a machine from a folder called by its old key to one called by its new key."""
    step = next((each for each in plan.steps if each.label == label), None)
    if step is None or step.move is None or step.standing != Standing.MOVE:
        return None
    now, then = winpath.base_name(step.move.vm.roots.config), winpath.base_name(step.move.roots.config)
    return step.move if winpath.same_name(now, old) and winpath.same_name(then, label) else None


def _adopted(steps: Sequence[Step]) -> Iterator[str]:
    by_host: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        if step.vm is not None and stays(step):
            by_host[step.vm.host].append(step.label)
    if len(by_host) > _LINES:
        count = sum(map(len, by_host.values()))
        yield f"adopted, stay where they are: {counted(count, 'machine')} on {counted(len(by_host), 'host')}"
    else:
        for host, labels in by_host.items():
            verb = "stays" if len(labels) == 1 else "stay"
            yield f"adopted, {verb} on {host}: {_listed(labels)}"
    if steps:
        yield "`create` is the engine's word for adopting: the machine exists, and only its entry in the state is new"


def _renamed(plan: Plan, renamed: Mapping[str, str]) -> Iterator[str]:
    for new, old in list(renamed.items())[:_LINES]:
        move = _of(plan, new, old)
        if move is None:
            yield f"{old} is {new} now, the same machine: nothing happens to it for that"
        else:
            yield (
                f"{old} is {new} now, and folders below a root are called by key: its files would move"
                f" ({move.vm.roots.config} -> {move.roots.config}). To leave them, write their folder into its entry:"
                f" storage: '{move.vm.roots.config}'"
            )
    if len(renamed) > _LINES:
        yield f"and {len(renamed) - _LINES} more keys with another name"


def _forgotten(gone: Mapping[str, VmId], inventory: Inventory) -> Iterator[str]:
    hosts = {vm.id: vm.host for vm in inventory.vms()}
    by_host: dict[str, list[str]] = defaultdict(list)
    for label, machine in gone.items():
        by_host[hosts.get(machine, "")].append(label)
    for host, labels in list(by_host.items())[:_LINES]:
        verb = "stays" if len(labels) == 1 else "stay"
        where = f"on {host} as it is" if host else "where it is"
        yield f"only forgotten, {verb} {where}: {_listed(labels)}"
    if gone:
        yield "to forget is what the engine calls delete: the entry is gone from the file, the machine is left alone"


def _listed(labels: Iterable[str]) -> str:
    names = list(labels)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
