"""Plans with a schedule, made by hand."""

from __future__ import annotations

from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Plan, Schedule, ScheduledMove, Standing, Step
from hyperv_placement.model.units import GIB
from tests.estates import machine

HOSTILE = "<img src=x onerror=alert(1)>]]>&\"'"
"""A name that some reader of a report could take for more than a name."""
STEERING = "a\x1b[31mb\nc\u202ed\x00e\u2028f"
"""A name that would colour, break and turn the lines of a terminal."""


def scheduled(
    number: int, start: float, end: float, *after: int, label: str = "", aside: bool = False
) -> ScheduledMove:
    """Return a move of VM00N from hv1 to hv2 with 1 GiB."""
    vm = machine(number)
    move = Move(
        vm=vm, moves=Moves.HOST, source=HostName("hv1"), destination=HostName("hv2"), roots=vm.roots
    )  # fmt: skip
    return ScheduledMove(
        label=label or vm.name, move=move, placement=Placement(host=HostName("hv2")), start=start, end=end,
        after=after, bytes=GIB, reason="declared in test.yaml:1", aside=aside,
    )  # fmt: skip


def planned(*moves: ScheduledMove, findings: tuple[Finding, ...] = (), others: tuple[Step, ...] = ()) -> Plan:
    """Return a plan of these moves, in which other machines stand as `others` have it."""
    steps = {
        each.label: Step(
            label=each.label, standing=Standing.MOVE, placement=each.placement, vm=each.move.vm,
            vm_id=each.move.vm.id, move=each.move,
        )
        for each in moves
    }  # fmt: skip
    return Plan(steps=(*steps.values(), *others), findings=findings, schedule=Schedule(moves=moves))


def left_out(label: str, standing: Standing, *findings: Finding, name: str = "VM") -> Step:
    """Return how a machine stands that the run leaves alone."""
    vm = machine(99, name=name)
    return Step(label=label, standing=standing, placement=Placement(), vm=vm, vm_id=vm.id, findings=findings)
