"""Msvm_VirtualSystemManagementService.DestroySystem: of planned machines alone."""

from __future__ import annotations

from lab.world import vmms
from lab.world.jobs import INVALID_PARAMETER, NOT_SUPPORTED

from .call import Call, Outputs


def destroy(call: Call) -> Outputs:
    """Remove a planned machine, done at once (a guess: a host may start a job).

    A realized machine is never removed here: who asks for that has gone astray, and the lab says so.
    """
    call.expect("AffectedSystem")
    reference, world, host = call.reference("AffectedSystem"), call.reader.world, call.reader.host
    name = "" if reference is None else (reference.selector("Name") or "").upper()
    if reference is None or reference.class_name.casefold() != "msvm_plannedcomputersystem":
        if name in host.realized:
            world.violation(f"DestroySystem was ordered for {host.realized[name].name}", call.caller.name)
            return {"Job": None, "ReturnValue": NOT_SUPPORTED}
        return {"Job": None, "ReturnValue": INVALID_PARAMETER}
    return {"Job": None, "ReturnValue": vmms.destroy_planned(world, host.name, name, call.caller.name)}
