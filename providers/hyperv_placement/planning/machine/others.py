"""Which machines on the hosts no entry means, and which of those the stack file calls somebody else's."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import VmId, folded
from hyperv_placement.model.others import OtherMachine, Others, OthersSeen
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Stack

from .computers import REPLICAS
from .identify import NotFound, identify


def undeclared(stack: Stack, inventory: Inventory, known: Kept) -> Iterator[VirtualMachine]:
    """Yield machines that no entry means. Replicas are copies, which no entry can mean."""
    meant, unclear = set[VmId](), set[str]()
    for label, spec in stack.vms.items():
        found = identify(spec, inventory, known.machines.get(label))
        if isinstance(found, VirtualMachine):
            meant.add(found.id)
        elif (wanted := spec.id or known.machines.get(label)) is not None:
            meant.add(wanted)
        # Of an ambiguous entry each candidate may be the one that is meant: none of them is undeclared.
        if isinstance(found, NotFound) and found.standing == Standing.AMBIGUOUS:
            unclear.add(folded(spec.name))
    for vm in inventory.vms():
        if vm.id not in meant and folded(vm.name) not in unclear and vm.replication_mode not in REPLICAS:
            yield vm


def of_others(stack: Stack, inventory: Inventory, known: Kept) -> OthersSeen | None:
    """Return the machines that no entry means and that `others:` is about; None where the stack file lacks the key.

    `stack`: as it counts that day (`Stack.on`). A machine with the GUID or the name of an entry is never one of them: somebody
    has to look at it, whatever else is said.
    """
    if not stack.has_others:
        return None
    names = {folded(spec.name) for spec in stack.vms.values()}
    found = (
        _whose(vm, stack, known) for vm in undeclared(stack, inventory, known) if folded(vm.name) not in names
    )
    unread = known.siblings.unread if any(each.siblings for each in stack.others) else {}
    return OthersSeen(
        machines=tuple(each for each in found if each is not None),
        unread=tuple(f"{stack}: {why}" for stack, why in unread.items()),
    )


def _whose(vm: VirtualMachine, stack: Stack, known: Kept) -> OtherMachine | None:
    for entry in stack.others:
        if (whose := _of(entry, vm, known)) is not None:
            return OtherMachine(vm_id=vm.id, name=vm.name, host=vm.host, whose=whose, reason=entry.reason)
    return None


def _of(entry: Others, vm: VirtualMachine, known: Kept) -> str | None:
    if not entry.siblings:
        return entry.named(vm.name)
    declared = known.siblings.declaring(vm)
    return f"stack {declared[0].stack}" if declared else None
