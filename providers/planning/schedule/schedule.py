"""When each machine of a plan moves, what it waits for, and how long the whole takes; or the proof that it cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from providers.model.estate import Inventory, VirtualMachine
from providers.model.names import HostName
from providers.model.plan import Move, Plan, Step
from providers.model.stack import Stack
from providers.planning.order import order

from .bound import lower_bound
from .budget import Budget
from .chains import predecessors
from .estate import Setting, setting_of
from .problem import Leg
from .proof import proof
from .search import best
from .sequence import Stuck, sequence
from .timing import Timed

ORDERS = 1_000_000
"""Steps for finding a safe order."""
IMPROVEMENT = 200_000
"""Steps for finding a faster one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledMove:
    """One order to a host, and when."""

    label: str
    move: Move
    start: float
    """Seconds from the start of the run."""
    end: float
    after: tuple[int, ...]
    """Numbers, in the schedule, of the moves that must have ended: they free what this one needs."""
    aside: bool = False
    """Whether it only makes room: the machine goes on from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All moves of a run, in the order of their starts."""

    moves: tuple[ScheduledMove, ...] = ()
    bound: float = 0.0
    """Seconds that no schedule can beat."""

    @property
    def seconds(self) -> float:
        """When the last move ends."""
        return max((each.end for each in self.moves), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """There is no safe order."""

    lines: tuple[str, ...]
    """The proof, for people."""


def schedule_of(stack: Stack, inventory: Inventory, plan: Plan) -> Schedule | Impossible:
    """Return the schedule of the moves that `plan` orders. The same values give the same schedule, however sorted.

    Machines step aside only where no order does without.
    """
    setting = setting_of(stack, inventory, plan)
    legs = sequence(setting.problem, Budget(ORDERS))
    if isinstance(legs, Stuck):
        labels = [step.label for step in setting.steps]
        setting = setting_of(stack, inventory, plan, parkable=labels)
        legs = sequence(setting.problem, Budget(ORDERS))
        if isinstance(legs, Stuck):
            return Impossible(lines=tuple(proof(setting.problem, legs, labels)))
    run = best(setting.problem, legs, Budget(IMPROVEMENT))
    return _told(inventory, setting, run)


def _told(inventory: Inventory, setting: Setting, run: Sequence[Timed]) -> Schedule:
    before = predecessors(setting.problem, run)
    at: dict[int, VirtualMachine] = {}
    moves = []
    for number, each in enumerate(run):
        leg = each.leg
        move = _move(inventory, setting, leg, at)
        at[leg.machine] = _there(move)
        moves.append(
            ScheduledMove(
                label=setting.steps[leg.machine].label,
                move=move,
                start=each.start,
                end=each.end,
                after=tuple(sorted(before[number])),
                aside=leg.target != setting.problem.machines[leg.machine].goal,
            )
        )
    bound = lower_bound(setting.problem, [each.leg for each in run])
    return Schedule(moves=tuple(moves), bound=bound)


def _move(inventory: Inventory, setting: Setting, leg: Leg, at: Mapping[int, VirtualMachine]) -> Move:
    """Return the order of a leg: as it was planned from where the machine is, or from where it stepped aside to."""
    planned = setting.moves[leg.machine][leg.target]
    vm = at.get(leg.machine)
    if vm is None:
        return planned
    step: Step = setting.steps[leg.machine]
    source, destination = inventory.hosts[vm.host], inventory.hosts[planned.destination]
    onward = order(vm, step.placement, source, destination)
    return replace(onward, options=planned.options, overwrite=planned.overwrite) if onward else planned


def _there(move: Move) -> VirtualMachine:
    """Return the machine as it is after a move."""
    paths = {disk.instance_id: disk.target for disk in move.all_disks}
    return replace(
        move.vm,
        host=HostName(move.destination),
        roots=move.roots,
        disks=tuple(replace(d, path=paths.get(d.instance_id, d.path)) for d in move.vm.disks),
        frozen=tuple(replace(d, path=paths.get(d.instance_id, d.path)) for d in move.vm.frozen),
    )
