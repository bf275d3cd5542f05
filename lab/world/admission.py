"""What VMMS does with a request to migrate: refuse it at once, or make a job of it, doomed or not."""

from __future__ import annotations

import ipaddress
import uuid

from hyperv_placement.model import winpath
from hyperv_placement.model.move import Moves

from . import outages, texts
from .compatibility import incompatibility
from .jobs import (
    CHECK,
    IN_USE,
    INVALID_PARAMETER,
    INVALID_STATE,
    MOVE,
    NOT_SUPPORTED,
    STAGE,
    STAGED,
    TYPES,
    Failure,
    LabJob,
    MigrationRequest,
    Refusal,
    Work,
)
from .objects import FLOPPY, ISO, LabHost, LabVm
from .plan_files import RefusedMoveError, plan_files
from .room import numa_place
from .second_hop import services_of
from .world import World

_DEGRADED, _WELL = 3, 5  # OperationalStatus[0] and HealthState (Msvm_ComputerSystem page)
EARLY = 4
"""Percent at which a doomed job ends; seen below 10 % (SupportArticles)."""


def admit(world: World, source: LabHost, request: MigrationRequest) -> LabJob | Refusal:
    """Return a job, whose `work.failure` is set where it is bound to fail, or a refusal."""
    vm = source.realized.get(request.vm_id.upper())
    refusal = _refusal(world, source, vm, request)
    if refusal is not None or vm is None:
        refusal = refusal or Refusal(return_value=INVALID_PARAMETER, reason="no such virtual machine here")
        world.log.write(
            "refusal",
            vm=vm.name if vm else request.vm_id,
            host=source.name,
            by=request.owner,
            return_value=refusal.return_value,
            reason=refusal.reason,
        )
        return refusal
    destination = world.host_named(request.destination) if request.destination else None
    job = _job(world, source, vm, request, destination)
    job.work = _work(world, source, vm, request, destination)
    return job


def _refusal(world: World, source: LabHost, vm: LabVm | None, request: MigrationRequest) -> Refusal | None:
    """Return what VMMS sees at once; that a running migration, or whatever else goes on, shows here as 32775 is a guess."""
    if vm is None:
        return Refusal(return_value=INVALID_PARAMETER, reason="no such virtual machine here")
    fault = world.faults.take("refuse-start", host=source.name, vm=vm.id)
    if fault is not None:
        return Refusal(
            return_value=fault.code or IN_USE, reason=fault.text or "a fault of the lab refuses it"
        )
    if request.whole_settings and world.faults.take("refuse-whole-settings", host=source.name, vm=vm.id):
        return Refusal(return_value=INVALID_PARAMETER, reason="a fault of the lab refuses its whole settings")
    refusal = _bad_parameter(vm, request)
    running = world.running_job(vm.id)
    if refusal is None and running is not None:
        refusal = Refusal(return_value=INVALID_STATE, reason=f"job {running.id} is at work on it")
    if refusal is None and (reason := _unable(world, vm)):
        refusal = Refusal(return_value=INVALID_STATE, reason=reason)
    if refusal is not None:
        world.violation(
            f"start refused for {vm.name} on {source.name}: {refusal.reason} ({refusal.return_value})",
            request.owner,
        )
    return refusal


def _unable(world: World, vm: LabVm) -> str:
    """Return why a machine takes no request now, empty where it does (Msvm_ComputerSystem page, OperationalStatus)."""
    if (busy := vm.busy_at(world.clock.now())) is not None:
        return f"something else goes on: OperationalStatus[1] is {busy}"
    if vm.folders_lost or vm.status == _DEGRADED:
        return "its configuration cannot be reached"
    return "" if vm.health == _WELL else f"its HealthState is {vm.health}"


def _bad_parameter(vm: LabVm, request: MigrationRequest) -> Refusal | None:
    """Return why this lab (NOT_SUPPORTED) or VMMS (INVALID_PARAMETER) does not accept these arguments."""
    moves = request.moves
    isos = {disk.slot: disk.path for disk in vm.disks if disk.kind in (ISO, FLOPPY)}
    findings = (
        (
            moves is None and request.type != STAGED,
            NOT_SUPPORTED,
            f"the lab has no MigrationType {request.type}",
        ),
        (
            (moves == Moves.STORAGE) == (request.destination is not None),
            INVALID_PARAMETER,
            "DestinationHost does not fit the MigrationType",
        ),
        (  # guess: documented is only that it is NULL there
            moves == Moves.STORAGE and bool(request.addresses),
            INVALID_PARAMETER,
            "DestinationIPAddressList has no place in a storage migration",
        ),
        (
            moves == Moves.HOST and bool(request.roots or request.disks),
            NOT_SUPPORTED,
            f"the lab moves no files with MigrationType {TYPES[Moves.HOST]}",
        ),
        (
            moves == Moves.STORAGE and not request.roots and not request.disks,
            INVALID_PARAMETER,
            "neither roots nor disks are to move",
        ),
        (
            not all(request.disks.values()) or any(vm.disk_at(slot) is None for slot in request.disks),
            INVALID_PARAMETER,
            "a disk or its new path is unknown",
        ),
        (
            any(not winpath.same(request.disks.get(slot, path), path) for slot, path in isos.items()),
            INVALID_PARAMETER,
            "an ISO or a floppy disk is not moved with its machine",
        ),
    )
    return next((Refusal(return_value=code, reason=why) for wrong, code, why in findings if wrong), None)


def _job(
    world: World, source: LabHost, vm: LabVm, request: MigrationRequest, destination: LabHost | None
) -> LabJob:
    now = world.clock.now()
    return LabJob(
        id=str(uuid.uuid4()).upper(),
        host=source.name,
        vm=vm.id,
        vm_name=vm.name,
        type=request.type,
        target=destination.name if destination else None,
        destination=request.destination,
        owner=request.owner,
        submitted=now,
        changed=now,
        system_text=request.system_text,
        resource_texts=list(request.resource_texts),
        options=request.options.reported(),
        addresses=list(request.addresses),
        purpose=_purpose(request),
    )


def _purpose(request: MigrationRequest) -> str:
    if request.only_check:
        return CHECK
    return STAGE if request.type == STAGED else MOVE


def _work(
    world: World, source: LabHost, vm: LabVm, request: MigrationRequest, destination: LabHost | None
) -> Work:
    """Return what the job will hold and do; a job over the limit holds nothing and fails."""
    purpose = _purpose(request)
    planned = destination.planned.get(vm.id) if destination is not None and request.planned_id else None
    roots = request.roots or (vm.roots if planned is None else planned.roots)
    work = Work(roots=roots, advanced=world.clock.now())
    try:
        if purpose == MOVE:  # that the others take no slots is a guess
            _take_slots(world, source, vm, request, destination, work)
        if request.destination is not None:
            _check_destination(world, source, vm, request, destination)
        work.connecting = _hops(world, source, vm, request, destination)
        if destination is not None:
            _check_room(world, vm, request, destination)
        if purpose == STAGE:
            work.disks, work.frozen = dict(request.disks), dict(request.frozen)
        else:
            plan_files(world, source, vm, request, destination or source, work)
    except RefusedMoveError as refused:
        work.failure = Failure(
            lines=[texts.headline(vm, source, request.moves), *refused.lines], percent=EARLY
        )
        work.moves, work.memory_mib = [], 0
        if not refused.injected and purpose != CHECK:
            world.violation(
                f"start of {vm.name} on {source.name} had to fail: {refused.lines[-1]}", request.owner
            )
        return work
    if purpose == MOVE:
        _arm_faults(world, source, vm, request, work)
    else:
        work.moves, work.memory_mib = [], 0
        _arm_check(world, source, vm, request, work)
    if (stall := world.faults.take("stall", host=source.name, vm=vm.id)) is not None:
        work.stall, work.stall_at = stall.id, stall.after
    return work


def _arm_check(world: World, source: LabHost, vm: LabVm, request: MigrationRequest, work: Work) -> None:
    fails = world.faults.take("check-fails", host=source.name, vm=vm.id) if request.only_check else None
    if fails is not None:
        line = fails.text or f"The operation failed. (0x{(fails.code or 0x80004005) & 0xFFFFFFFF:08X})"
        work.failure = Failure(lines=[texts.headline(vm, source, request.moves), line], percent=fails.after)


def _take_slots(
    world: World,
    source: LabHost,
    vm: LabVm,
    request: MigrationRequest,
    destination: LabHost | None,
    work: Work,
) -> None:
    """Take the slots at both ends, or fail: VMMS does not queue."""
    ends = [source] if destination is None or destination is source else [source, destination]
    live = request.moves != Moves.STORAGE
    storage = request.moves == Moves.STORAGE or (
        request.moves == Moves.HOST_AND_STORAGE and world.settings.combined_move_takes == "both"
    )
    for host in ends:
        if live and world.active_live(host.name) >= host.max_live:
            raise RefusedMoveError(texts.live_limit(vm, host.max_live))
        if storage and world.active_storage(host.name) >= host.max_storage:
            raise RefusedMoveError(texts.storage_limit(vm, host.max_storage))
    names = [end.name for end in ends]
    work.live_at = names if live else []
    work.storage_at = list(names) if storage else []


def _check_destination(
    world: World, source: LabHost, vm: LabVm, request: MigrationRequest, destination: LabHost | None
) -> None:
    """Fail as VMMS does where the other host cannot be reached."""
    given = request.destination or ""
    if destination is None:
        cause = texts.WRONG_PRINCIPAL if _is_address(given) else texts.UNKNOWN_NAME
        raise RefusedMoveError(texts.connection(given, cause))
    if destination is source:
        raise RefusedMoveError(texts.SAME_HOST.format(host=source.computer_name))
    if vm.clustered:
        raise RefusedMoveError(texts.CLUSTERED.format(vm=vm.name))
    if vm.replication_mode:
        raise RefusedMoveError(texts.REPLICATED.format(vm=vm.name))
    for host in (source, destination):
        if not host.migration_enabled:
            raise RefusedMoveError(texts.DISABLED.format(host=host.computer_name))
    _check_connection(world, source, request, destination)


def _hops(
    world: World, source: LabHost, vm: LabVm, request: MigrationRequest, destination: LabHost | None
) -> bool:
    """Say whether tickets of a directory decide: nobody needs one who is logged on at the source itself.

    Storage alone reaches the file server of a share, whatever the setting for live migrations says (a guess); a local
    account, which the file server does not know, cannot.
    """
    if world.second_hop is None or request.caller.scheme == "console":
        return False
    needed = services_of(vm, request, source, destination)
    if needed and request.caller.local:
        raise RefusedMoveError(texts.no_access(needed[0].server))
    return bool(needed)


def _check_room(world: World, vm: LabVm, request: MigrationRequest, destination: LabHost) -> None:
    """Fail where the destination, once it is reached, cannot take the machine."""
    _check_planned(vm, request, destination)
    if request.type != STAGED:  # a planned machine is made whatever it lacks there: Compare-VM reports what
        _check_compatible(world, vm, destination)


def _check_planned(vm: LabVm, request: MigrationRequest, destination: LabHost) -> None:
    """Fail where the destination has a machine of that id already, or lacks the planned one that was named."""
    if vm.id in destination.realized:
        raise RefusedMoveError(texts.planned_exists(destination))
    if request.planned_id is None and vm.id in destination.planned:
        raise RefusedMoveError(texts.planned_exists(destination))
    if request.planned_id is not None and request.planned_id.upper() not in destination.planned:
        raise RefusedMoveError(texts.no_planned(request.planned_id))


def _check_compatible(world: World, vm: LabVm, destination: LabHost) -> None:
    """Fail where the destination lacks what this machine needs."""
    present = {switch.name for switch in destination.switches}
    for nic in vm.nics:
        if nic.switch is not None and nic.switch not in present:
            raise RefusedMoveError(texts.incompatible(vm, destination), texts.missing_switch(nic.switch))
    for san in vm.fibre_channel:
        if san not in destination.fibre_channel:
            raise RefusedMoveError(texts.incompatible(vm, destination), texts.missing_san(san))
    if reason := incompatibility(vm, world.hosts[vm.host], destination):
        raise RefusedMoveError(texts.incompatible(vm, destination), reason)
    if vm.vtpm and vm.guardian != destination.name and vm.guardian not in destination.guardians:
        raise RefusedMoveError(texts.vtpm(vm))
    if world.memory_wanted_mib(vm) > world.memory_free_mib(destination.name):
        raise RefusedMoveError(texts.no_memory(vm))
    if vm.memory_in_use_mib and numa_place(destination, world.state.jobs, vm) is None:
        raise RefusedMoveError(texts.no_memory(vm))


def _check_connection(world: World, source: LabHost, request: MigrationRequest, destination: LabHost) -> None:
    """Fail where the source's VMMS cannot reach or cannot authenticate to the destination's.

    CredSSP mode wants the caller's credentials on the source (Set-up-hosts-for-live-migration page). A local
    account has none that count elsewhere. That hosts of different authentication types fail in this way is a guess.
    """
    given = request.destination or ""
    down = outages.is_away(world, destination)
    if down or not destination.listening or not _reachable(request, destination):
        raise RefusedMoveError(texts.connection(given, texts.TIMED_OUT), injected=down)
    second_hop = not request.caller.local and (source.authentication == 1 or request.caller.logged_on)
    if not second_hop or source.authentication != destination.authentication:
        raise RefusedMoveError(*no_credentials(given))


def no_credentials(destination: str) -> list[str]:
    """Return what the field report has below the headline: nobody who may act for the caller there."""
    return [texts.connection(destination, texts.NO_CREDENTIALS), texts.NO_CREDENTIALS_LOCUS]


def _reachable(request: MigrationRequest, destination: LabHost) -> bool:
    """Say whether an address given in DestinationIPAddressList is one of the destination's."""
    return not request.addresses or any(address in destination.listening for address in request.addresses)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _arm_faults(world: World, source: LabHost, vm: LabVm, request: MigrationRequest, work: Work) -> None:
    """Give the job the faults that wait for it."""
    fails = world.faults.take("migration-fails", host=source.name, vm=vm.id)
    if fails is not None:
        given = request.destination or source.computer_name
        lines = [fails.text] if fails.text else []
        if not lines and fails.code is not None:
            lines = [f"The operation failed. (0x{fails.code & 0xFFFFFFFF:08X})"]
        work.failure = Failure(
            lines=[
                texts.headline(vm, source, request.moves),
                *(lines or no_credentials(given)),
            ],
            percent=fails.after,
        )
    warned = world.faults.take("migration-warns", host=source.name, vm=vm.id)
    if warned is not None:
        work.warning = warned.text or texts.LEFT_BEHIND.format(path=vm.roots.config)
