"""`bin/placement hold`: nothing comes to a host, or a machine does not move, for every run that shares the state, from now on."""

from __future__ import annotations

import argparse

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import (
    day_of,
    subject_and_stack,
    ticket_of,
)
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.commands.holds_shown import print_holds
from hyperv_placement.operations.hold import hold, shared_of
from hyperv_placement.workspace.declaring import stack_that_has
from hyperv_placement.workspace.stacks import PROJECT


def run(options: argparse.Namespace) -> int:
    """Set the hold, and show what is held. Raises PlacementError."""
    ticket, until, clock = ticket_of(options), day_of(options.until), SystemClock()
    subject, word = subject_and_stack(options)
    stack = stack_that_has(subject, word, PROJECT, command="bin/placement hold NAME STACK")
    done = hold(stack, shared_of(stack), subject, until, options.reason, clock.utc())
    said = {"subject": subject, "until": options.until, "reason": options.reason}
    note(stack, clock, ticket, "hold", done=True, **said)
    print_holds(done, stack, as_json=options.json)
    return DONE
