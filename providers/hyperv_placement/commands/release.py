"""`bin/placement release`: take a hold out of the shared state, so that runs act by the stack file again."""

from __future__ import annotations

import argparse

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import (
    subject_and_stack,
    ticket_of,
)
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.commands.holds_shown import print_holds
from hyperv_placement.operations.hold import release, shared_of
from hyperv_placement.workspace.declaring import stack_that_has
from hyperv_placement.workspace.stacks import PROJECT


def run(options: argparse.Namespace) -> int:
    """Release it, and show what is held still. Raises PlacementError."""
    ticket = ticket_of(options)
    subject, word = subject_and_stack(options)
    stack = stack_that_has(subject, word, PROJECT, command="bin/placement release NAME STACK")
    done = release(stack, shared_of(stack), subject)
    note(stack, SystemClock(), ticket, "release", done=True, subject=subject)
    print_holds(done, stack, as_json=options.json, released=True)
    return DONE
