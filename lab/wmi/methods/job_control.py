"""Methods of a job: what went wrong, and stopping it."""

from __future__ import annotations

from lab.wmi import embedded
from lab.wmi.texts import spoken
from lab.wmi.view import instance
from lab.world import LabJob, vmms
from lab.world.jobs import INVALID_PARAMETER, INVALID_STATE, NOT_SUPPORTED, STATE

from .call import Call, Outputs

_MIGRATION_FAILED = "21024"
_TERMINATE, _KILL = 4, 5  # RequestedState (CIM_ConcreteJob.RequestStateChange)


def get_error(call: Call) -> Outputs:
    """Return the outermost error (nova recorded one); NULL where the job has no error is a guess."""
    call.expect()
    errors = _errors(call)
    return {"Error": errors[0] if errors else None, "ReturnValue": 0}


def get_error_ex(call: Call) -> Outputs:
    """Return all errors, outermost first (Msvm_MigrationJob page); an error for each line is a guess."""
    call.expect()
    return {"Errors": tuple(_errors(call)), "ReturnValue": 0}


def request_state_change(call: Call) -> Outputs:
    """Cancel a job: 4 (terminate) or 5 (kill, which os-win sends); for other states 32773 is a guess."""
    call.expect("RequestedState", "TimeoutPeriod")
    wanted = call.text("RequestedState")
    if wanted not in {str(_TERMINATE), str(_KILL)}:
        return {"ReturnValue": INVALID_PARAMETER}
    job = _job(call)
    if job is None:
        return {"ReturnValue": INVALID_STATE}
    return {"ReturnValue": vmms.cancel(call.reader.world, job.id, killed=wanted == str(_KILL))}


def kill_job(call: Call) -> Outputs:
    """Not supported (Msvm_ConcreteJob page)."""
    call.expect("DeleteOnKill")
    return {"ReturnValue": NOT_SUPPORTED}


def _job(call: Call) -> LabJob | None:
    return call.reader.world.job(call.target.text("InstanceID"))


def _errors(call: Call) -> list[str]:
    """Return an embedded Msvm_Error for each line, with the fields that nova recorded."""
    job = _job(call)
    if job is None or not job.errors:
        return []
    arguments = (job.vm_name, job.vm, call.reader.host.computer_name)
    return [
        embedded.write(
            instance(
                "Msvm_Error",
                {
                    "CIMStatusCode": 1,
                    "ErrorSourceFormat": 0,
                    "ErrorType": 4,
                    "Message": spoken(line, call.reader.host.locale),
                    "MessageArguments": arguments if number == 0 else None,
                    "MessageID": None if job.purpose == STATE else _MIGRATION_FAILED,
                    "OwningEntity": "Microsoft-Windows-Hyper-V-VMMS",
                    "PerceivedSeverity": 5,
                    "ProbableCause": 0,
                },
            )
        )
        for number, line in enumerate(job.errors)
    ]
