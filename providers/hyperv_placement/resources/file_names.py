"""The names of a machine's files right before its start: what hosts show at that moment counts."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.planning.checks.file_names import refuse, taken_now

from .fleet import Fleet


def names_are_free(fleet: Fleet, step: Step, inventory: Inventory) -> Step:
    """Return `step`, refused where another machine has the name of one of its files: by a look that is made anew.

    Those that it waits for have gone by now, and an older look may still show them.
    """
    if step.move is None or step.standing != Standing.MOVE or step.under_way:
        return step
    if not any(taken_now(step.move, _with_newcomers(fleet, inventory, step.move.destination))):
        return step
    anew = fleet.readings.sweep(after=fleet.clock.now()).inventory
    for finding in taken_now(step.move, anew):
        step = refuse(step, finding)
    return step


def _with_newcomers(fleet: Fleet, inventory: Inventory, name: HostName) -> Inventory:
    """Return `inventory` with that host read anew, where its facts tell of machines that the sweep does not show there."""
    host = inventory.hosts[name]
    if host.facts is None or {vm.id for vm in host.vms} >= set(host.facts.realized):
        return inventory
    return replace(inventory, hosts={**inventory.hosts, name: fleet.estate.read_host(name, Detail.PLACEMENT)})
