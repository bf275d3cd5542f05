"""Jobs of a host that run, or ended in the last five minutes: migrations, and changes of a machine's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from hyperv_placement.model.move import Moves
from hyperv_placement.wsman import Instance, Value
from lab.wmi.texts import JOB_STATES, JOB_TITLES, STATE_TITLES, spoken
from lab.wmi.view import NEVER, View, instance
from lab.world import LabJob
from lab.world.jobs import COMPLETED, MOVE, STAGE, STATE, WARNED

_RETENTION = timedelta(minutes=5)  # TimeBeforeRemoval (Msvm_ConcreteJob page)
_JOB_TYPES: Mapping[Moves | None, int] = {Moves.HOST: 305, Moves.HOST_AND_STORAGE: 306, Moves.STORAGE: 307}
_CHECK_TYPES: Mapping[Moves | None, int] = {Moves.HOST: 301, Moves.HOST_AND_STORAGE: 302}
_CREATING = 300
"""JobType (Msvm_MigrationJob page)."""
_OK, _DEGRADED, _FAILED, _ENDED = 2, 3, 6, 17
_FIXED: dict[str, Value] = {
    "DeleteOnCompletion": False,
    "HealthState": 5,
    "InstallDate": NEVER,
    "JobRunTimes": 1,
    "LocalOrUtcTime": 2,
    "Notify": "",
    "OtherRecoveryAction": "",
    "Priority": 0,
    "RecoveryAction": 2,
    "Status": "OK",
    "TimeBeforeRemoval": _RETENTION,
}
"""As r4sd/go-wsman recorded a storage job; a migration job over WS-Man was never recorded."""


def migration_jobs(view: View) -> Iterator[Instance]:
    """Yield the jobs that run, or ran, with this host as source; a mirror at the destination is unverified."""
    for job in view.world.jobs(view.host.name):
        if job.purpose != STATE:
            yield _migration_job(view, job)


def concrete_jobs(view: View) -> Iterator[Instance]:
    """Yield the jobs that change a machine's state or its settings."""
    for job in view.world.jobs(view.host.name):
        if job.purpose == STATE:
            yield _job(view, job, view.texts[STATE_TITLES[job.type]], {"JobType": job.type})


def _migration_job(view: View, job: LabJob) -> Instance:
    title = view.texts[JOB_TITLES.get(job.moves, "moving-vm-and-storage")]
    own: dict[str, Value] = {
        "DestinationHost": job.destination,
        "JobType": _job_type(job),
        "MigrationType": job.type,
        "NewResourceSettingData": tuple(job.resource_texts) or None,
        "NewSystemSettingData": job.system_text,
        "VirtualSystemName": job.vm,
    }
    return _job(view, job, title, own)


def _job(view: View, job: LabJob, title: str, own: Mapping[str, Value]) -> Instance:
    errors = [spoken(line, view.host.locale) for line in job.errors]
    return instance(
        job.class_name,
        {
            **_FIXED,
            **own,
            "Cancellable": job.cancellable,
            "Caption": title,
            "Description": title,
            "ElapsedTime": _elapsed(view, job),
            "ElementName": title,
            "ErrorCode": job.error_code,
            "ErrorDescription": errors[0] if errors else "",
            "ErrorSummaryDescription": "\n".join(errors),
            "InstanceID": job.id,
            "JobState": job.state,
            "JobStatus": view.texts[JOB_STATES[job.state]],
            "Name": title,
            "OperationalStatus": _status(job),
            "Owner": job.owner,
            "PercentComplete": job.percent,
            "ScheduledStartTime": view.shown_time(job.submitted).replace(microsecond=0),
            "StartTime": (view.shown_time(job.started) if job.started else NEVER).replace(microsecond=0),
            "StatusDescriptions": _descriptions(view, job),
            "TimeOfLastStateChange": view.shown_time(job.changed).replace(microsecond=0),
            "TimeSubmitted": view.shown_time(job.submitted).replace(microsecond=0),
        },
    )


def _job_type(job: LabJob) -> int:
    """Return JobType (Msvm_MigrationJob page); which check names which of its types is a guess."""
    if job.purpose == STAGE:
        return _CREATING
    types = _JOB_TYPES if job.purpose == MOVE else _CHECK_TYPES
    return types.get(job.moves, max(types.values()))


def _elapsed(view: View, job: LabJob) -> timedelta:
    if job.started is None:
        return timedelta(0)
    return (job.ended or view.world.clock.now()) - job.started


def _status(job: LabJob) -> tuple[int, ...]:
    """OK while it runs, then Completed and how it went; 3 after warnings and 6 after a failure are guesses."""
    if job.running:
        return (_OK,)
    return (_ENDED, {COMPLETED: _OK, WARNED: _DEGRADED}.get(job.state, _FAILED))


def _descriptions(view: View, job: LabJob) -> tuple[str, ...]:
    state = view.texts[JOB_STATES[job.state]]
    if job.running:
        return (state,)
    return (view.texts["job-completed"], view.texts["job-succeeded"] if job.state == COMPLETED else state)
