"""A machine put under a key of the stack file by its GUID: one reviewable line, which the next run goes by."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import VmId
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import counted
from hyperv_placement.model.unreachable import reported
from hyperv_placement.planning.machine.adoption import adopting
from hyperv_placement.planning.machine.computers import REPLICAS
from hyperv_placement.planning.machine.takeover import takeover
from hyperv_placement.planning.steps import steps_of
from hyperv_placement.stackfile.rewriting import rewriting
from hyperv_placement.winrm.credentials import check_some
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.stacks import PROJECT


class AdoptError(PlacementError):
    """A machine cannot be put under a key; the stack file stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What was written."""

    label: str
    vm: VirtualMachine
    diff: str
    """Unified, of the stack file; empty where it said so before."""
    notes: tuple[str, ...] = ()
    """What the next run will say of it."""


def adopt_now(stack: Stack, label: str, machine: VmId) -> Adopted:
    """Adopt a machine as the hosts of a stack of the project show it now. Raises PlacementError, the file as it was."""
    check_some({name: host.connection for name, host in stack.hosts.items()})
    with closing(Estate(stack.hosts, clock=SystemClock())) as estate:
        inventory = estate.read(Detail.PLACEMENT)
    return adopt(stack, inventory, kept_of(stack, PROJECT), label, machine)


def adopt(stack: Stack, inventory: Inventory, kept: Kept, label: str, machine: VmId) -> Adopted:
    """Write `id: machine` under the key `label`; comments and everything else stay. Raises AdoptError, the file as it was.

    The file is replaced only where a machine of that GUID is seen, once, and no other key means it; where what the
    stack has managed under `label` is gone or declared elsewhere; and where the new file loads and means that machine.
    """
    if label not in stack.vms:
        near = NearNames(stack.vms).question(label)
        raise AdoptError(
            f"{label} is not declared in {stack.path}", remedy=f"{near}Write an entry for it first"
        )
    vm = _seen(inventory, machine)
    _check_free(stack, inventory, kept, label, vm)
    if stack.vms[label].id == machine:
        return Adopted(label=label, vm=vm, diff="")
    with rewriting(stack, AdoptError) as change:
        change.editor.put(str(machine), "vms", label, "id")
        notes = _proven(change.loaded(), inventory, kept, label, machine)
        change.keep()
    return Adopted(label=label, vm=vm, diff=change.difference(), notes=notes)


def _seen(inventory: Inventory, machine: VmId) -> VirtualMachine:
    found = inventory.with_id(machine)
    # A replica has the GUID of its primary (Hyper-V Replica): both are found, and one is meant.
    own = [vm for vm in found if vm.replication_mode not in REPLICAS]
    if len(own) == 1:
        return own[0]
    if own:
        where = ", ".join(str(vm.host) for vm in own)
        raise AdoptError(f"{machine} is seen on {where}", remedy="Run: bin/placement doctor")
    if found:
        raise AdoptError(
            f"{machine} on {found[0].host} is a replica (Hyper-V Replica), not a machine to be placed",
            remedy="Name the primary",
        )
    # A host that is silent may have it: "there is none" is not known.
    if inventory.unreachable:
        raise AdoptError(
            f"No machine with id {machine} on the hosts that answer; {' '.join(reported(inventory.unreachable.values()))}",
            remedy="Run again when every host answers",
        )
    raise AdoptError(
        f"No machine with id {machine} on any of {counted(len(inventory.hosts), 'host')}",
        remedy="See what there is: bin/placement inventory",
    )


def _check_free(stack: Stack, inventory: Inventory, kept: Kept, label: str, vm: VirtualMachine) -> None:
    """Raise AdoptError where another key means the machine already."""
    others = (step for step in steps_of(stack, inventory, kept) if step.label != label)
    other = next((step.label for step in others if step.vm_id == vm.id), None)
    if other is not None:
        raise AdoptError(
            f"{vm.id} ({vm.name!r} on {vm.host}) is the machine of {other}",
            remedy=f"Say first which machine {other} means: {adopting(other, 'GUID')}",
        )


def _proven(declared: Stack, inventory: Inventory, kept: Kept, label: str, machine: VmId) -> tuple[str, ...]:
    """Return what the next run will say. Raises AdoptError where it would refuse the new file."""
    # The same function as in a run, so that what is written here is not refused there.
    said = tuple(takeover(label, kept.machines.get(label), machine, declared, inventory))
    refused = [each for each in said if each.refuses]
    if refused:
        raise AdoptError(refused[0].text, remedy=refused[0].remedy)
    return tuple(str(each) for each in said)
