"""The Pulumi program, which a project's `__main__.py` calls: stack NAME declares what `stacks/NAME.yaml` says."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.config import get_config_env

from hyperv_placement.clock import SystemClock
from hyperv_placement.directory.delegation_of_moves import warn_missing_delegation
from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.model import unreachable
from hyperv_placement.operations.delegation import plan_delegation
from hyperv_placement.operations.logging_setup import LogSettingsError, logged, read_settings
from hyperv_placement.operations.plan import compare
from hyperv_placement.planning.machine.keys import keys_of
from hyperv_placement.resources import program_log
from hyperv_placement.resources.declare import declare, outputs
from hyperv_placement.resources.engine_settings import few_hands, ignored_config
from hyperv_placement.resources.held import FREE
from hyperv_placement.resources.managed_twice import check_managed_once
from hyperv_placement.resources.preview_diff import (
    agree,
    hand_over,
    keep,
    keep_homes,
    keep_names,
    keep_places,
)
from hyperv_placement.resources.reviewed import held_to
from hyperv_placement.resources.run_audit import audit_of, open_audit
from hyperv_placement.resources.targets import taken_by_run
from hyperv_placement.resources.vm_placement import TYPE
from hyperv_placement.resources.within import ALONE, Within
from hyperv_placement.system import keep_private
from hyperv_placement.system.collecting import collected_rarely
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.engine import engine_of, engine_started, hands_of, run_of
from hyperv_placement.workspace.handoff import Handoff
from hyperv_placement.workspace.holds import SharedHolds
from hyperv_placement.workspace.identities import Identities, identities_path, known_to_state, siblings_of
from hyperv_placement.workspace.renamed import load_stack
from hyperv_placement.workspace.stacks import stack_path


def main() -> None:
    """Declare, with a log where `PLACEMENT_LOG` asks for one. Leaves with one line where no engine has started the program."""
    # An older language host starts it in the place of a policy pack that is a folder, without a stack.
    if settings.SETTINGS.monitor is None:
        sys.exit(
            "This program runs in a run of the engine alone: bin/pulumi preview. If a policy pack was to start: as a folder with"
            " `runtime: python` it needs a current Pulumi, and as a program it does not (docs/policy-pack.md)"
        )
    keep_private()
    try:
        with collected_rarely(), logged(read_settings(os.environ), program_log.debug_lines()):
            for line in ignored_config(
                get_config_env(), pulumi.get_project(), stack_path(pulumi.get_stack())
            ):
                program_log.warn(line)
            for name, value in read_and_declare(pulumi.get_stack()).items():
                pulumi.export(name, value)
    except LogSettingsError as error:
        raise program_log.stopped(error) from error
    except PlacementError as error:
        raise program_log.stopped(error) from error
    finally:
        gc.freeze()  # else the interpreter looks for circles in all modules before it ends


def read_and_declare(name: str, within: Within = ALONE) -> dict[str, Any]:
    """Read, compare, plan, declare what `stacks/NAME.yaml` says, and return the outputs; the engine and our plugin do the rest.

    Raises pulumi.RunError, which the engine shows in one line.
    """
    try:
        stack = load_stack(name)
        estate = Estate(stack.hosts, clock=SystemClock())
        try:
            handoff = Handoff(
                project=Path(), engine=engine_of(sys.orig_argv), stack=stack, since=engine_started(), run=run_of(os.environ)
            )  # fmt: skip
            agree(handoff, estate.clock.utc())
            identities = Identities(identities_path(Path(), stack.path.stem), estate.clock)
            reported, homes = handoff.take_identities(estate.clock.utc())
            check_managed_once(stack, reported, partial(within.urn, TYPE))
            known = known_to_state(identities.kept(), reported, homes)
            # What somebody holds is read anew in every run, and where that cannot be, nothing starts.
            known = replace(known, holds=SharedHolds(Path().absolute(), stack.path.stem, in_run=True).read())
            known = replace(known, siblings=siblings_of(stack, Path()))
            inventory, plan = compare(
                stack,
                estate,
                handoff,
                allowances(os.environ),
                known=known,
                in_run=taken_by_run(stack, within),
            )
            delegation = plan_delegation(stack, estate, inventory, estate.clock)
            plan = warn_missing_delegation(stack, estate, plan, delegation, estate.clock)
            # Where the engine has read nothing before (`--refresh=false`), the last run says what the state has.
            keys = keys_of(plan, reported or identities.kept().machines)
            held = held_to(stack, plan, keys) if within == ALONE else FREE
            log = audit_of(stack, audit_path(Path(), name), estate.clock)
            open_audit(log, inventory, plan.schedule)
            keep_places(identities, plan)
            keep_homes(identities, plan)
            hand_over(handoff, plan.schedule, estate.clock.utc())
            keep(identities, known, inventory, estate)
            keep_names(identities, keys)
        finally:
            estate.close()
    except StackFileError as error:
        raise program_log.stopped(error.reported) from error
    except PlacementError as error:
        raise program_log.stopped(error) from error
    if not inventory.hosts:
        reasons = "\n".join(unreachable.reported(inventory.unreachable.values()))
        raise program_log.stopped(f"No host could be read:\n{reasons}")
    resources = declare(stack, plan, inventory, keys, delegation, within=within, held=held)
    for line in few_hands(plan.schedule, hands_of(sys.orig_argv)):
        program_log.warn(line)
    return outputs(resources, plan, held)
