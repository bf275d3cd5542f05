"""What `bin/lab` may ask of the running lab."""

from __future__ import annotations

import threading
from dataclasses import asdict, replace
from typing import Any

from lab.directory.directory import Directory
from lab.home.credentials import Account
from lab.storage.checksums import Checksums
from lab.world import World, person
from lab.world.faults import KINDS, Fault
from lab.world.jobs import COMPLETED, WARNED
from lab.world.person import CommandError

from . import status
from .control import Verbs


def verbs(world: World, account: Account, stop: threading.Event, directory: Directory | None = None) -> Verbs:
    """Return the verbs by name; `stop` is set when the lab is to end."""
    checksums = Checksums()

    def job(*, job_id: str) -> dict[str, Any] | None:
        found = world.job(job_id)
        if found is None:
            return None
        return {"running": found.running, "moved": found.state in (COMPLETED, WARNED), "errors": found.errors}

    return {
        "ping": lambda: True,
        "status": lambda *, sums=True: {
            **status.status(world, account, checksums if sums else None),
            **_directory(directory),
        },
        "directory": lambda: _directory(directory).get("directory"),
        "move": lambda *, vm, host: person.move(world, vm, host).id,
        "job": job,
        "settings": lambda: {**world.settings.built_from, "speed": world.settings.speed},
        "fault-add": lambda **given: _shown(_add_fault(world, given)),
        "fault-list": lambda: [_shown(rule) for rule in world.faults.rules],
        "fault-clear": lambda *, fault_id: _clear(world, fault_id),
        "purge": lambda *, host: _purge(world, host),
        "stop": stop.set,
    }


def _directory(directory: Directory | None) -> dict[str, Any]:
    return {} if directory is None else {"directory": directory.status()}


def _add_fault(world: World, given: dict[str, Any]) -> Fault:
    """Add a rule; machine and host may be given by any of their names."""
    with world.lock:
        host, vm = given.pop("host"), given.pop("vm")
        fault = Fault(
            id=0,
            left=KINDS[given["kind"]].times,
            host=person.find_host(world, host).name if host else None,
            vm=person.find_vm(world, vm).id if vm else None,
            **{name: value for name, value in given.items() if value is not None and name != "times"},
        )
        if (unfit := fault.unfit()) is not None:
            raise CommandError(unfit)
        if fault.kind == "vm-moved-on" and fault.text:
            fault = replace(fault, text=person.find_host(world, fault.text).name)
        times = given["times"]
        fault = fault if times is None else replace(fault, left=None if times == "always" else int(times))
        world.log.write("fault", kind=fault.kind, host=fault.host, vm=fault.vm)
        return world.faults.add(fault)


def _shown(rule: Fault) -> dict[str, Any]:
    return {**asdict(rule), "since": rule.since and rule.since.isoformat()}


def _purge(world: World, host: str) -> int:
    if world.second_hop is None:
        raise CommandError("the lab has no directory, so its hosts keep no tickets; bin/lab up --directory")
    return world.second_hop.purge(person.find_host(world, host).name)


def _clear(world: World, fault_id: int | None) -> int:
    with world.lock:
        return world.faults.clear(fault_id)
