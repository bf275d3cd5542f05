"""What a person does where a run reports what it leaves to people, as docs/when-something-goes-wrong.md has it."""

from __future__ import annotations

from typing import Any

from .invariants import deleted, named
from .scene import Scene


def answer(scene: Scene) -> list[str]:
    """Do what is left to people before the next run; return what that was, a line each."""
    said = scene.runs[-1].text() if scene.runs else ""
    return [
        *_forget_deleted(scene),
        *_name_renamed(scene, said),
        *_remove_copies(scene),
        *_remove_planned(scene),
    ]


def _forget_deleted(scene: Scene) -> list[str]:
    gone = {scene.machines[vm].label for vm in deleted(scene)} & set(scene.declared["vms"])
    if gone:
        _declare(scene, {name: entry for name, entry in scene.declared["vms"].items() if name not in gone})
    return [f"removed the entry of {name}, which was deleted" for name in sorted(gone)]


def _name_renamed(scene: Scene, said: str) -> list[str]:
    now = {vm.id: vm.name for vm in scene.lab.vms()}
    renamed = {}
    for label, entry in scene.declared["vms"].items():
        name = now.get(scene.label(label), label)
        if name != entry.get("name", label) and f"{label} is missing" in said:
            renamed[label] = {**entry, "name": name}
    if renamed:
        _declare(scene, {**scene.declared["vms"], **renamed})
    return [f"wrote the new name of {label}" for label in renamed]


def _declare(scene: Scene, vms: dict[str, Any]) -> None:
    scene.declare({**scene.declared, "vms": vms})


def _remove_copies(scene: Scene) -> list[str]:
    """Remove the older of two copies, the one that a migration has left at its source, where it was reported."""
    done = []
    arrived = {
        fields["id"]: fields["to"]
        for event, fields in scene.lab.events
        if event == "end" and fields["arrived"]
    }
    with scene.lab.world.lock:
        for vm in scene.lab.vms():
            twice = [each for each in scene.lab.vms() if each.id == vm.id]
            reported = named(scene, vm.id, vm.host, "still on", "exists more than once", "on two hosts")
            if len(twice) > 1 and vm.host != arrived.get(vm.id) and reported:
                del scene.lab.world.hosts[vm.host].realized[vm.id]
                done.append(f"removed the copy of {vm.name} on {vm.host}")
    return done


def _remove_planned(scene: Scene) -> list[str]:
    """Remove planned machines that were reported and that no job needs."""
    done = []
    with scene.lab.world.lock:
        for host in scene.lab.world.hosts.values():
            for vm in list(host.planned.values()):
                reported = named(scene, vm.id, host.name, "planned")
                if reported and scene.lab.world.running_job(vm.id) is None:
                    del host.planned[vm.id]
                    done.append(f"removed the planned {vm.name} on {host.name}")
    return done
