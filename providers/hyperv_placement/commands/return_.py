"""`bin/placement return`: take a host out of maintenance, and show who would come back, and at what price."""

from __future__ import annotations

import argparse
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import (
    RECORDED,
    add_json,
    add_subject,
    add_ticket,
    subject_and_stack,
    ticket_of,
)
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.edited import print_edited
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.drain import take_back
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.stacks import PROJECT


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.epilog = (
        "Nothing is moved: look at the change, commit it, and run up. exit codes are those of plan: 0 written, 1 written and a host or a"
        " machine stays out of it, 3 written and it must not run as a whole; 1 as well for an error, and then the file is as it was"
    )
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
    print_edited(done, stack, f"{host} takes machines again", as_json=options.json)
    return of_plan(infeasible=bool(done.plan.refusals), complete=complete(done.plan))
