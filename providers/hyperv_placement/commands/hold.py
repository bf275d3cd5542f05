"""`bin/placement hold`: nothing comes to a host, or a machine does not move, for every run that shares the state, from now on."""

from __future__ import annotations

import argparse

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import (
    Parser,
    add_json,
    add_subject,
    add_ticket,
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

EXIT_CODES = {
    0: "held",
    1: "an error, and nothing is held by it",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_subject(
        parser, "NAME", "a key under hosts: or vms: of the stack file; host:NAME or vm:NAME where it is both"
    )
    parser.add_argument(
        "--until",
        required=True,
        metavar="DATE",
        help="the last day, by the stack's timezone, such as 2026-12-01",
    )
    parser.add_argument(
        "--reason", required=True, metavar="TEXT", help="why, in a few words; every report shows it"
    )
    add_ticket(parser)
    add_json(parser)
    parser.set_defaults(run=run)


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
