"""Msvm_VirtualSystemMigrationService.GetSystemCompatibilityVectors: what a machine needs of a processor, a host has."""

from __future__ import annotations

from hyperv_placement.wsman import Instance
from lab.wmi.view import instance
from lab.world.compatibility import Vector, host_vectors, vm_vectors
from lab.world.jobs import INVALID_PARAMETER

from .call import Call, Outputs


def get_vectors(call: Call) -> Outputs:
    """Return the vectors of a machine or of the host itself, as objects (win32 GetSystemCompatibilityVectors)."""
    call.expect("ComputerSystem")
    reference, host = call.reference("ComputerSystem"), call.reader.host
    name = "" if reference is None else (reference.selector("Name") or "").upper()
    vm = host.realized.get(name)
    if vm is None and name != host.computer_name.upper():
        return {"CompatibilityVectors": None, "ReturnValue": INVALID_PARAMETER}
    vectors = host_vectors(host) if vm is None else vm_vectors(vm)
    return {"CompatibilityVectors": tuple(map(_object, vectors)), "ReturnValue": 0}


def _object(vector: Vector) -> Instance:
    return instance(
        "Msvm_CompatibilityVector",
        {"CompareOperation": vector.operation, "CompatibilityInfo": vector.value, "VectorId": vector.id},
    )
