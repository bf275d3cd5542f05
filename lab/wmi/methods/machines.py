"""Msvm_ComputerSystem.RequestStateChange: a machine started, stopped, saved or paused, as a job."""

from __future__ import annotations

from hyperv_placement.wsman import EndpointReference, resource_uri
from lab.world import JOB_STARTED, LabJob, vmms
from lab.world.jobs import INVALID_PARAMETER, NOT_SUPPORTED

from .call import Call, Outputs


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
    if not wanted.isascii() or not wanted.isdigit():
        return {"Job": None, "ReturnValue": INVALID_PARAMETER}
    return started(vmms.request_state(call.reader.world, host.name, vm_id, int(wanted), call.caller.name))


def started(answer: LabJob | int) -> Outputs:
    """Return the outputs of a method that starts a job, or refuses with a ReturnValue."""
    if isinstance(answer, int):
        return {"Job": None, "ReturnValue": answer}
    job = EndpointReference(resource_uri(answer.class_name), {"InstanceID": answer.id})
    return {"Job": job, "ReturnValue": JOB_STARTED}
