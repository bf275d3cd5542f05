"""`bin/placement return`: take a host out of maintenance, and show who would come back, and at what price."""

from __future__ import annotations

import argparse
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import (
    RECORDED,
    Parser,
    add_json,
    add_subject,
    add_ticket,
    subject_and_stack,
    ticket_of,
)
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.edited import EXIT_CODES, NEXT, print_edited
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.drain import take_back
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.stacks import PROJECT


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.epilog = NEXT
    parser.end_with(EXIT_CODES)
    add_subject(parser, "HOST", "a host that is in maintenance")
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    add_ticket(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Take the line out, and show the plan without it. Raises PlacementError."""
    ticket = ticket_of(options)
    host, word = subject_and_stack(options)
    stack = stack_with_host(
        host, word, PROJECT, command=str(quoting.own("bin/placement return {} STACK", host))
    )
    done = take_back(stack, HostName(host), options.inventory)
    note(stack, SystemClock(), ticket, "return", done=True, host=host)
    return print_edited(done, stack, f"{host} takes machines again", as_json=options.json)
