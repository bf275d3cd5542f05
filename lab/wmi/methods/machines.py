"""A machine started, stopped, saved or paused by RequestStateChange, or shut down by its integration service."""

from __future__ import annotations

from hyperv_placement.wsman import CimType, EndpointReference, resource_uri
from lab.world import JOB_STARTED, LabJob, vmms
from lab.world.jobs import INVALID_PARAMETER, NOT_SUPPORTED
from lab.world.objects import STOPPING
from lab.world.power import GUEST_SHUTDOWN

from .call import Call, Outputs

_NOT_READY, _IN_PROGRESS = 32780, 32782  # ReturnValue (same page)


def request_state_change(call: Call) -> Outputs:
    """Start a change of state; TimeoutPeriod is not used (page of the method).

    Which ReturnValue a host gives for its own row, and for a state that is no number, is a guess.
    """
    call.expect("RequestedState", "TimeoutPeriod")
    wanted, host = call.text("RequestedState") or "", call.reader.host
    vm_id = call.target.text("Name")
    if (
        vm_id.upper() not in host.realized
    ):  # the host itself: "instances that represent a virtual machine" alone
        return {"Job": None, "ReturnValue": NOT_SUPPORTED}
    state = call.number(wanted, CimType.UINT16)
    if state is None:
        return {"Job": None, "ReturnValue": INVALID_PARAMETER}
    return started(vmms.request_state(call.reader.world, host.name, vm_id, state, call.caller.name))


def initiate_shutdown(call: Call) -> Outputs:
    """Have the guest shut down, with 0 at once (page of Msvm_ShutdownComponent.InitiateShutdown, which has no Job).

    That a guest which nobody answers for is 32780 (not ready) is a guess.
    """
    call.expect("Force", "Reason")
    host, vm_id = call.reader.host, call.target.text("SystemName")
    vm = host.realized.get(vm_id.upper())
    if vm is None or not vm.heartbeat:
        return {"ReturnValue": _NOT_READY}
    if vm.enabled_state == STOPPING:
        return {"ReturnValue": _IN_PROGRESS}
    answer = vmms.request_state(call.reader.world, host.name, vm.id, GUEST_SHUTDOWN, call.caller.name)
    return {"ReturnValue": answer if isinstance(answer, int) else 0}


def started(answer: LabJob | int) -> Outputs:
    """Return the outputs of a method that starts a job, or refuses with a ReturnValue."""
    if isinstance(answer, int):
        return {"Job": None, "ReturnValue": answer}
    job = EndpointReference(resource_uri(answer.class_name), {"InstanceID": answer.id})
    return {"Job": job, "ReturnValue": JOB_STARTED}
