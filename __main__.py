"""The Pulumi program: stack NAME declares what `stacks/NAME.yaml` says."""

import os
import sys
from pathlib import Path

import pulumi

from providers.actual import compare
from providers.allowances import allowances
from providers.clock import SystemClock
from providers.delegated import plan_delegation
from providers.errors import PlacementError, StackFileError
from providers.handover import Handover, engine_of, engine_started, run_of
from providers.hyperv.audit import audit_path
from providers.hyperv.estate import Estate
from providers.identities import Identities, identities_path, known_to_state
from providers.planning import silence
from providers.resources import saying
from providers.resources.audited import audit_of, open_audit
from providers.resources.declare import declare, export
from providers.resources.hand_over import agree, hand_over, keep, keep_places
from providers.resources.second_hop import forewarned
from providers.resources.targets import taken_by_run
from providers.stackfile import load
from providers.stacks import stack_path
from providers.system import keep_private


def main() -> None:
    """Read, compare, plan, declare; the engine and our plugin do the rest."""
    keep_private()
    try:
        stack = load(stack_path(pulumi.get_stack()))
        estate = Estate(stack.hosts, clock=SystemClock())
        try:
            handover = Handover(
                project=Path(), engine=engine_of(sys.orig_argv), stack=stack, since=engine_started(), run=run_of(os.environ)
            )  # fmt: skip
            agree(handover, estate.clock.utc())
            identities = Identities(identities_path(Path(), stack.path.stem), estate.clock)
            known = known_to_state(identities.kept(), handover.take_identities(estate.clock.utc()))
            inventory, plan = compare(
                stack, estate, handover, allowances(os.environ), known=known, in_run=taken_by_run(stack)
            )
            delegation = plan_delegation(stack, estate, inventory, estate.clock)
            plan = forewarned(stack, estate, plan, delegation, estate.clock)
            log = audit_of(stack, audit_path(Path(), pulumi.get_stack()), estate.clock)
            open_audit(log, inventory, plan.schedule)
            keep_places(identities, plan)
            hand_over(handover, plan.schedule, estate.clock.utc())
            keep(identities, known, inventory, estate)
        finally:
            estate.close()
    except StackFileError as error:
        raise saying.stopped(error.told) from error
    except PlacementError as error:
        raise saying.stopped(error) from error
    if not inventory.hosts:
        reasons = "\n".join(silence.told(inventory.unreachable.values()))
        raise saying.stopped(f"No host could be read:\n{reasons}")
    export(declare(stack, plan, delegation), plan)


main()
