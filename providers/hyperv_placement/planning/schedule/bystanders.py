"""Machines in their places that may step aside for others, where the stack file allows it."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.estate import DiskKind, VirtualMachine
from hyperv_placement.model.plan import Plan, Standing, Step
from hyperv_placement.model.stack import Stack


def bystanders(stack: Stack, plan: Plan) -> Iterator[Step]:
    """Yield the machines in their places that may be moved for others: declared, neither protected, snoozed nor held, not refused.

    Who left a held host would have to come back to it.
    """
    for step in plan.steps if stack.bystanders else ():
        held_back = step.label in stack.guard.protected or stack.vms[step.label].snooze is not None
        in_place = step.standing == Standing.IN_PLACE and step.vm is not None
        held_back |= stack.holds_machine(step.label)
        held_back |= step.vm is not None and stack.holds_host(step.vm.host)
        if in_place and not held_back and not any(finding.refuses for finding in step.findings):
            yield step


def is_read(vm: VirtualMachine) -> bool:
    """Say whether all that a move asks is known of a machine for which none was planned: its switches, the sizes of its disks."""
    disks = (disk for disk in (*vm.disks, *vm.frozen) if disk.kind == DiskKind.VIRTUAL_HARD_DISK)
    return vm.switches is not None and all(disk.size_bytes is not None for disk in disks)
