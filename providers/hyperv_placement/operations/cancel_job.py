"""Ends one migration: asks its host, waits until both ends have settled, and says where the machine is proven to be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hyperv_placement.clock import Clock
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.cancelling import ask_to_end
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.images import has_disk
from hyperv_placement.hyperv.jobs import Follower, Outcome
from hyperv_placement.hyperv.rows import ENDED
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.settled import Shown, settled
from hyperv_placement.model import winpath
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import HostName, VmId, is_guid, vm_id
from hyperv_placement.model.running_job import RunningJob
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.states import in_words
from hyperv_placement.model.units import counted
from hyperv_placement.model.unreachable import who
from hyperv_placement.winrm.faults import AbsentFaultError
from hyperv_placement.workspace.identities import identities_path, is_of_project, read_kept
from hyperv_placement.workspace.stacks import PROJECT
from hyperv_placement.wsman import EndpointReference

from .jobs import read_jobs


class CancelError(PlacementError):
    """A migration is not cancelled, or what became of it is not proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What became of a migration that was to be cancelled."""

    text: str
    """Where the machine is, in words."""
    proven: bool
    """Whether it is seen on one host alone, with no job and no planned copy at either end."""
    host: HostName | None
    """Where it is proven to be."""
    moved: bool | None
    """Whether the migration was done all the same; None where that is not known."""
    left: tuple[str, ...] = ()
    """Files of it that are still at the destination."""


def job_to_cancel(stack: Stack, subject: str, estate: Estate, log: AuditLog) -> RunningJob | Cancelled:
    """Return the running migration of a machine: by a key of the stack file, the name that its host shows, or its GUID.

    Where none runs, return where the machine is. Raises CancelError where neither is known, and where the word means several.
    """
    names, known = _meant(stack, subject)
    read = read_jobs(estate, log)
    found = [job for job in read.jobs if (job.vm_id == known if known else job.name in names)]
    _check_one(subject, {job.vm_id: job.source for job in found})
    if found:
        return found[0]
    if read.silent:
        raise CancelError(
            f"No migration of {subject} is seen, and {who(read.silent)}: what runs there is unknown",
            remedy="Run again when every host answers",
        )
    sweep = estate.read(Detail.PLACEMENT)
    machines = [vm for vm in sweep.vms() if (vm.id == known if known else vm.name in names)]
    _check_one(subject, {vm.id: vm.host for vm in machines})
    if len(machines) != 1 or sweep.unreachable:
        raise CancelError(
            f"No migration of {subject} runs on {counted(read.hosts, 'host')}, and it is not seen on one host alone",
            remedy="See what the hosts report: bin/placement inventory STACK",
        )
    [vm] = machines
    text = f"No migration of {vm.name} runs: there is nothing to cancel; it is on {vm.host}, {in_words(vm.enabled_state)}"
    return Cancelled(text=text, proven=True, host=vm.host, moved=None)


def _meant(stack: Stack, subject: str) -> tuple[set[str], VmId | None]:
    """Return the names that the machine may have, and its GUID where that is known: it decides."""
    spec = stack.vms.get(subject)
    if spec is None:
        return {subject}, vm_id(subject) if is_guid(subject) else None
    kept = read_kept(identities_path(PROJECT, stack.path.stem)) if is_of_project(stack, PROJECT) else None
    return {spec.name}, spec.id or (kept.machines.get(subject) if kept else None)


def _check_one(subject: str, found: Mapping[VmId, HostName]) -> None:
    if len(found) > 1:
        machines = ", ".join(f"{vm} on {host}" for vm, host in found.items())
        raise CancelError(f"{subject} means several machines: {machines}", remedy="Name the GUID of the one")


def check_whose(job: RunningJob, *, others: bool) -> None:
    """Raise CancelError where nothing proves that a run of ours began it, and others' are not to be cancelled."""
    if job.ours is None and not others:
        by = job.owner or "somebody"
        raise CancelError(
            f"{job.name}: no audit log here says that a run of this project began its migration, which {by} ordered",
            remedy="Ask them first, then add --others",
        )


def cancel(job: RunningJob, estate: Estate, clock: Clock, say: Callable[[str], None]) -> Cancelled:
    """Have the host end it, wait until both ends have settled, and return where the machine is. Raises PlacementError."""
    client = estate.client(job.source)
    reference = EndpointReference(job.resource_uri, {"InstanceID": job.id})
    before = _before(job, estate)
    if job.cancellable is False and _still_runs(job, estate):
        raise CancelError(
            f"{job.source} does not let the migration of {job.name} be cancelled now ({_far(job)}): it goes on",
            remedy="See how it ends: bin/placement jobs --watch",
        )
    refused = ask_to_end(client, reference)
    if refused is not None and _still_runs(job, estate):
        raise CancelError(
            f"{job.source} refuses to cancel the migration of {job.name}: {refused}. It goes on",
            remedy="See how it ends: bin/placement jobs --watch",
        )
    say(
        f"{job.source} was asked to cancel the migration of {job.name} ({_far(job)}); waiting until both ends have settled"
    )
    outcome = Follower(
        client=client, job=reference, name=job.name, activity=lambda: None, report=lambda _progress: None,
        cancelled=threading.Event(), clock=clock,
    ).follow()  # fmt: skip
    ends = (job.source, *([job.to] if job.to is not None else []))
    return _proven(job, before, outcome, settled(estate, job.vm_id, ends, clock), estate)


def _before(job: RunningJob, estate: Estate) -> VirtualMachine | None:
    try:
        return estate.read_vm(job.source, job.vm_id)
    except PlacementError:  # then it is only not said whether its files are where they were
        return None


def _still_runs(job: RunningJob, estate: Estate) -> bool:
    """Say whether a job that its host does not cancel runs yet: its end may have come first."""
    try:
        row = estate.client(job.source).get(EndpointReference(job.resource_uri, {"InstanceID": job.id}))
    except AbsentFaultError:
        return False
    return (row.number("JobState") or 0) not in ENDED


def _far(job: RunningJob) -> str:
    return "its progress is not reported" if job.percent is None else f"{job.percent} %"


def _proven(
    job: RunningJob, before: VirtualMachine | None, outcome: Outcome, shown: Shown, estate: Estate
) -> Cancelled:
    vm, ended = shown.proven, outcome.texts[-1] if outcome.texts else outcome.words
    if job.destination and job.to is None:
        return Cancelled(
            text=f"{_where(job, shown)}; {job.destination} is no host of the stack, and was not asked for it",
            proven=False, host=None, moved=None,
        )  # fmt: skip
    if vm is None:
        return Cancelled(text=f"{_where(job, shown)}; {ended}", proven=False, host=None, moved=None)
    moved = _has_moved(job, before, vm)
    state = f"{job.name} is on {vm.host}, {in_words(vm.enabled_state)}"
    if moved:
        return Cancelled(
            text=f"{state}: its migration was done before it could be cancelled",
            proven=True, host=vm.host, moved=True,
        )  # fmt: skip
    left = () if moved is None else _left(job, vm, estate)
    same = "" if before is None else ", its files where they were"
    rest = f"; {job.to or job.source} still holds {', '.join(left)}" if left else ""
    return Cancelled(
        text=f"{state}{same}: its migration was cancelled ({ended}){rest}",
        proven=True, host=vm.host, moved=moved, left=left,
    )  # fmt: skip


def _has_moved(job: RunningJob, before: VirtualMachine | None, vm: VirtualMachine) -> bool | None:
    if vm.host != job.source:
        return True
    return None if before is None else _files(before) != _files(vm)


def _files(vm: VirtualMachine) -> tuple[list[str], object]:
    return sorted(winpath.comparable(disk.path) for disk in (*vm.disks, *vm.frozen)), vm.roots


def _left(job: RunningJob, vm: VirtualMachine, estate: Estate) -> tuple[str, ...]:
    """Return which of the files that it was to make are there, of a machine that uses others; what was not read is not named."""
    used = set(_files(vm)[0])
    client = estate.client(job.to or job.source)
    try:
        return tuple(
            path for path in job.paths if winpath.comparable(path) not in used and has_disk(client, path)
        )
    except PlacementError:
        return ()


def _where(job: RunningJob, shown: Shown) -> str:
    places = [f"on {host}, {in_words(vm.enabled_state)}" for host, vm in shown.machines.items()]
    parts = [f"{job.name} is {' and '.join(places)}" if places else f"{job.name} is at neither end"]
    parts += [f"a planned copy of it is on {host}" for host in shown.planned]
    parts += ["a job of it runs"] if shown.busy else []
    parts += [f"what an end shows is not known ({shown.unread})"] if shown.unread else []
    return "; ".join(parts)
