"""`bin/placement recover`: whatever a run has left half done is found and put in order, so far as nothing has to be moved for it."""

from __future__ import annotations

import argparse
import os
import sys

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note_of
from hyperv_placement.commands.recovery_shown import code_of, recovery_record, render_recovery
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import stack_name
from hyperv_placement.operations.recover.recover import Asked, recover
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.identities import is_of_project
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Recover a stack of the project, and say what became of each machine. Raises PlacementError."""
    ticket, clock = ticket_of(options), SystemClock()
    path = resolve_stack(options.stack, PROJECT)
    if path.absolute().parent != (PROJECT / "stacks").absolute() and not is_of_project(load(path), PROJECT):
        raise PlacementError(
            f"{path} is not a stack of this project: no run of it is known here", remedy="Name one of stacks/"
        )
    name = stack_name(path.stem)
    asked = Asked(
        stack=name, project=PROJECT, environ=os.environ, clock=clock, taken_of=options.take_lock_of,
        note=lambda lock, why: note_of(name, clock, ticket, "unlock", lock=lock, why=why),
        wait=_say if options.wait else None,
    )  # fmt: skip
    found = recover(asked)
    code = code_of(found)
    shown = json_text(recovery_record(found, code)) if options.json else render_recovery(found)
    sys.stdout.write(f"{shown}\n")
    return code


def _say(line: str) -> None:
    sys.stderr.write(f"{visible(line)}\n")
