"""The program's last word before it declares: the schedule goes to the plugin, and what has changed is said."""

from __future__ import annotations

from datetime import datetime

import pulumi

from hyperv_placement.errors import OrderMissingError, StackFileSavedError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.plan import Plan, Schedule
from hyperv_placement.planning.machine.computers import facts_in
from hyperv_placement.planning.machine.keys import Keys
from hyperv_placement.planning.review.staleness import changes
from hyperv_placement.workspace.handoff import Handoff
from hyperv_placement.workspace.identities import Identities

from . import program_log

_SHOWN = 20
"""Lines of differences that are said."""


def keep(identities: Identities, known: Kept, inventory: Inventory, estate: Estate) -> None:
    """Keep, in a run and not in a preview, which machines state was read to have, and which computers hosts are.

    A host that is known as another computer stays known as that until somebody accepts it.
    """
    if pulumi.runtime.is_dry_run():
        return
    fresh = [name for name in inventory.hosts if name not in known.hosts]
    reported = {
        name: facts.uuid for name, facts in facts_in(inventory).items() if facts.uuid and name in fresh
    }
    reported |= estate.uuids(name for name in fresh if name not in reported)
    trouble = identities.keep(known.machines, of_a_run=True) or identities.keep_hosts(reported)
    if trouble:
        program_log.warn(trouble)


def keep_names(identities: Identities, keys: Keys) -> None:
    """Keep, in a run and not in a preview, that a machine is managed under another key now, and no more under its old one."""
    if pulumi.runtime.is_dry_run():
        return
    for label, old in keys.renamed.items():
        if trouble := identities.rename(old, label):
            program_log.warn(trouble)


def keep_places(identities: Identities, plan: Plan) -> None:
    """Keep, in a run and not in a preview, on which hosts the machines are, before any of them moves."""
    if pulumi.runtime.is_dry_run():
        return
    seen = [step.vm for step in (*plan.steps, *plan.outside) if step.vm is not None]
    if trouble := identities.keep({}, places={vm.id: vm.host for vm in seen}):
        program_log.warn(trouble)


def keep_homes(identities: Identities, plan: Plan) -> None:
    """Keep, in a run and not in a preview, where machines go back to that maintenance drives away; who is back is forgotten."""
    if pulumi.runtime.is_dry_run():
        return
    homes = {step.vm.id: step.home for step in plan.steps if step.vm is not None}
    known = plan.known.homes
    changed = {machine: home for machine, home in homes.items() if home != known.get(machine)}
    if changed and (trouble := identities.keep_homes(changed)):
        program_log.warn(trouble)


def agree(handoff: Handoff, now: datetime) -> None:
    """Make sure that the plugin, which may have read the stack file before, has read the same one.

    Raises StackFileSavedError; not in a preview, where what the plugin has read decides nothing.
    """
    if not pulumi.runtime.is_dry_run() and handoff.read_otherwise(now):
        raise StackFileSavedError(
            f"{handoff.stack.path} was saved while this run was starting: nothing was started"
        )


def hand_over(handoff: Handoff, schedule: Schedule, now: datetime) -> None:
    """Leave the schedule for the plugin; in a preview only remember what is shown, for the run that follows.

    Where the estate has changed since the preview, the run goes by the new plan and says how it differs. Raises
    OrderMissingError where there are moves and their order cannot be left.
    """
    if pulumi.runtime.is_dry_run():
        handoff.leave_preview(schedule, now)
        return
    try:
        handoff.leave_schedule(schedule, now)
    except OSError as error:
        if schedule.moves:
            reason = error.strerror or str(error)
            raise OrderMissingError(
                f"The order of this run's moves cannot be written to {handoff.orders}: {reason}; nothing was started",
                remedy="Make room there, or let this account write to that folder, then run again",
            ) from error
    handoff.leave_run(schedule, now)
    # The engine runs the program twice, for the preview and for the run, and a person has seen only the first plan.
    shown = handoff.take_preview(now)
    lines = list(changes(shown, schedule)) if shown is not None else []
    if lines:
        more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        reported = "\n".join(
            ["The hosts have changed since the preview, so the plan has:", *lines[:_SHOWN], *more]
        )
        program_log.warn(reported)
