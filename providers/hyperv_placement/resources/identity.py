"""Which machine a resource is: state's GUID decides, and the stack file alone may put another one in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hyperv_placement.errors import NotDeclaredError, PlacementError, VmAmbiguousError
from hyperv_placement.hyperv.inventory import has_vm
from hyperv_placement.migration.mover import START_MAX_AGE_S
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import VmId, same, vm_id
from hyperv_placement.model.plan import Placement
from hyperv_placement.model.stack import VmSpec
from hyperv_placement.model.way_back import WayBack
from hyperv_placement.planning.machine.declared import undeclared
from hyperv_placement.planning.machine.difference import differences, observed
from hyperv_placement.planning.machine.takeover import takeover

from .call import Call
from .fleet import Fleet
from .readings import Sweep


def spec_of(fleet: Fleet, label: str) -> VmSpec:
    """Return the entry of a key; of one that is not in the stack file any more, its name alone."""
    return fleet.stack.vms.get(label) or VmSpec(label=label, name=label)


def managed_spec(fleet: Fleet, label: str) -> VmSpec:
    """Return the entry of a machine that is managed already: state's GUID decides, whatever `id:` says by now."""
    return replace(spec_of(fleet, label), id=None)


def managed_id(id_: str, outputs: Mapping[str, Any]) -> VmId:
    """Return which machine state has under a key: after a takeover its outputs know, and the next reading corrects its id."""
    # An update cannot change the engine's id of a resource; a read can.
    return vm_id(outputs.get("vmId") or id_)


def means_another(managed: VmId, inputs: Mapping[str, Any]) -> bool:
    """Say whether the program means another machine by a key than state has."""
    wanted = inputs.get("vmId")
    return wanted is not None and vm_id(wanted) != managed


def meant_by(spec: VmSpec, managed: VmId, inputs: Mapping[str, Any]) -> VmId:
    """Return which machine the program means by a key that state has `managed` under.

    Where the program has found none, an `id:` in the entry may still mean another one.
    """
    wanted = inputs.get("vmId")
    return vm_id(wanted) if wanted is not None else spec.id or managed


def check_takeover(fleet: Fleet, label: str, managed: VmId | None, wanted: VmId) -> None:
    """Raise VmAmbiguousError where the machine `wanted` must not take the place of `managed` under a key.

    Gone needs two full sweeps, as for every machine.
    """
    if managed is None or managed == wanted:
        return
    first = fleet.readings.sweep(max_age=START_MAX_AGE_S)
    # A sweep is not atomic: a single one may miss, at both ends, a machine that is on its way.
    _stop_where_refused(fleet, label, managed, wanted, first)
    _stop_where_refused(fleet, label, managed, wanted, fleet.readings.sweep(after=first.begun))


def _stop_where_refused(fleet: Fleet, label: str, managed: VmId, wanted: VmId, sweep: Sweep) -> None:
    for found in takeover(label, managed, wanted, fleet.stack, sweep.inventory):
        if found.refuses:
            raise VmAmbiguousError(found.text, remedy=found.remedy)


def check_in_file(fleet: Fleet, label: str) -> None:
    """Raise NotDeclaredError where a key is not in the stack file: of what is not, nothing is adopted or moved."""
    if label not in fleet.stack.vms:
        raise NotDeclaredError(f"{label} is not in {fleet.stack.path.name}")


def check_named(fleet: Fleet, label: str, vm: VirtualMachine, kept: VmId | None) -> None:
    """Raise NotDeclaredError where a machine is to be adopted under a key that does not mean it.

    `kept`: the machine of the last run.
    """
    spec = spec_of(fleet, label)
    if vm.id not in {kept, spec.id} and not (spec.id is None and same(vm.name, spec.name)):
        raise NotDeclaredError(f"{label} does not mean {vm.name} ({vm.id}) in {fleet.stack.path.name}")


def check_declared(fleet: Fleet, label: str, vm: VirtualMachine, wanted: Placement) -> None:
    """Raise NotDeclaredError where the stack file does not say what is wanted of a machine.

    The program says it by the stack file; whoever else speaks to the engine does not.
    """
    if found := undeclared(fleet.with_homes(label, vm), label, vm, wanted):
        raise NotDeclaredError("; ".join(found))


def keep(fleet: Fleet, call: Call, machine: VmId) -> None:
    """Keep, for the runs and reports that follow, which machine is managed."""
    if trouble := fleet.identities.keep({call.label: machine}):
        call.say("warning", trouble)


def keep_place(fleet: Fleet, call: Call, vm: VirtualMachine) -> None:
    """Keep, for the runs and reports that follow, to which host a machine was brought."""
    if trouble := fleet.identities.keep({call.label: vm.id}, places={vm.id: vm.host}):
        call.say("warning", trouble)


def keep_way_back(fleet: Fleet, call: Call, vm: VirtualMachine, way: WayBack | None) -> None:
    """Keep where the files of a machine go back to while it stands aside; None once it is where it belongs."""
    if trouble := fleet.identities.keep_way_back(vm.id, way):
        call.say("warning", trouble)


def brought_by_others(
    fleet: Fleet, label: str, vm: VirtualMachine, wanted: Placement
) -> VirtualMachine | None:
    """Return the machine where somebody has moved it to its place since it was looked at; None where it is not there.

    The destination is asked first. Raises VmAmbiguousError where both hosts show it, looked at anew.
    """
    if wanted.host is None or wanted.host == vm.host:
        return None
    try:
        if not has_vm(fleet.estate.client(wanted.host), vm.id):
            return None
        found = fleet.find(managed_spec(fleet, label), vm.id, max_age=0.0)
    except VmAmbiguousError:
        raise  # two machines of one GUID are for a person to look at, whatever else was refused
    except PlacementError:
        return None  # what was refused is reported, and not that a host was silent meanwhile
    return None if differences(wanted, observed(found)) else found
