"""Somebody logged on at a host who moves, renames, turns off or deletes a machine behind everybody's back."""

from __future__ import annotations

from hyperv_placement.model.move import Moves
from lab.world.callers import SecondHopCaller
from lab.world.jobs import TYPES
from lab.world.objects import FILELESS
from lab.world.plan_files import configuration_files

from . import LabHost, LabJob, LabVm, MigrationRequest, World, power, vmms


class CommandError(Exception):
    """A command cannot be carried out; the text is one line for the terminal."""


def find_vm(world: World, text: str) -> LabVm:
    """Return the machine with this name or GUID. Raises CommandError."""
    wanted = text.casefold().strip("{}")
    found = [vm for vm in world.vms() if wanted in (vm.name.casefold(), vm.id.casefold())]
    if not found:
        raise CommandError(f"there is no virtual machine '{text}'; bin/lab status lists them")
    if len(found) > 1:
        raise CommandError(f"there are {len(found)} virtual machines '{text}'; give the GUID")
    return found[0]


def find_host(world: World, text: str) -> LabHost:
    """Return the host with this label or name. Raises CommandError."""
    host = world.hosts.get(text) or world.host_named(text)
    if host is None:
        raise CommandError(f"there is no host '{text}'; there are {', '.join(world.hosts)}")
    return host


def move(world: World, vm_text: str, host_text: str) -> LabJob:
    """Start a move of a machine to another host, its paths unchanged. Raises CommandError."""
    with world.lock:
        vm, destination = find_vm(world, vm_text), find_host(world, host_text)
        if vm.host == destination.name:
            raise CommandError(f"{vm.name} is on {destination.name} already")
        shared = _shared(world, vm, destination)
        answer = vmms.migrate(
            world,
            vm.host,
            MigrationRequest(
                vm_id=vm.id,
                type=TYPES[Moves.HOST if shared else Moves.HOST_AND_STORAGE],
                destination=destination.full_name,
                roots=None if shared else vm.roots,
                disks={} if shared else {d.slot: d.path for d in vm.disks if d.kind not in FILELESS},
                caller=_console(world),
            ),
        )
    if not isinstance(answer, LabJob):
        raise CommandError(f"{vm.host} refuses to move {vm.name}: {answer.reason} ({answer.return_value})")
    return answer


def rename(world: World, vm_text: str, name: str) -> None:
    """Give a machine another name. Raises CommandError."""
    with world.lock:
        vm = find_vm(world, vm_text)
        vm.name = name
        _meddled(world, "renamed", vm)


def turn_off(world: World, vm_text: str) -> None:
    """Turn a machine off, which a host also does while it moves. Raises CommandError."""
    with world.lock:
        vm = find_vm(world, vm_text)
        answer = vmms.request_state(world, vm.host, vm.id, power.DISABLE, _console(world).name)
        if not isinstance(answer, LabJob):
            raise CommandError(f"{vm.host} refuses to turn {vm.name} off ({answer})")
        _meddled(world, "turned off", vm)


def delete(world: World, vm_text: str) -> None:
    """Delete a machine; its files stay. Raises CommandError, also while it moves."""
    with world.lock:
        vm = find_vm(world, vm_text)
        if world.running_job(vm.id) is not None:
            raise CommandError(f"{vm.host} refuses to delete {vm.name}: it is in use")
        del world.hosts[vm.host].realized[vm.id]
        for job in world.state.jobs:
            job.vm_deleted |= job.vm == vm.id
        _meddled(world, "deleted", vm)


def _meddled(world: World, what: str, vm: LabVm) -> None:
    world.log.write("person", what=what, vm=vm.name, id=vm.id, host=vm.host)
    world.save()


def _console(world: World) -> SecondHopCaller:
    return SecondHopCaller(name=f"{world.settings.netbios}\\operator", scheme="console")


def _shared(world: World, vm: LabVm, destination: LabHost) -> bool:
    """Say whether both hosts see every file of the machine as the same file."""
    paths = [disk.path for disk in vm.disks if disk.kind not in FILELESS] + configuration_files(vm, vm.roots)
    return all(world.files.real(vm.host, path) == world.files.real(destination.name, path) for path in paths)
