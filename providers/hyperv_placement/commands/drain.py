"""`bin/placement drain`: write that a host must be empty, and show what that would move, and at what price."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import (
    RECORDED,
    Parser,
    add_json,
    add_subject,
    add_ticket,
    day_of,
    subject_and_stack,
    ticket_of,
)
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.edited import EXIT_CODES, NEXT, print_edited
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Maintenance
from hyperv_placement.operations.drain import drain, rolled
from hyperv_placement.report.rolling_text import render_rolling, rolling_record
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.stacks import PROJECT


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.epilog = NEXT
    parser.end_with(EXIT_CODES)
    add_subject(parser, "HOST", "a key under hosts: of the stack file; not with --rolling", optional=True)
    parser.add_argument(
        "--rolling",
        metavar="HOSTS",
        help="propose a sequence in which each of these hosts is emptied once, with its price; nothing is written",
    )
    parser.add_argument(
        "--until",
        metavar="DATE",
        help="the last day, by the stack's timezone, such as 2026-12-01; default: until `return`",
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, in a few words")
    parser.add_argument(
        "--to",
        metavar="HOSTS",
        default="",
        help="where machines go whose entries leave no other host, with commas; default: wherever they fit",
    )
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    add_ticket(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the line, and show the plan by it. Raises PlacementError."""
    if options.rolling is not None:
        return _roll(options)
    if options.subject is None:
        raise PlacementError("drain of what?", remedy="Name a host, or several with --rolling")
    ticket = ticket_of(options)
    host, word = subject_and_stack(options)
    stack = stack_with_host(
        host, word, PROJECT, command=str(quoting.own("bin/placement drain {} STACK", host))
    )
    # What is not said again stays as it stands there.
    before = stack.maintenance.get(HostName(host), Maintenance())
    to = tuple(HostName(name.strip()) for name in options.to.split(",") if name.strip())
    wanted = Maintenance(
        until=before.until if options.until is None else day_of(options.until),
        reason=options.reason or before.reason,
        to=to or before.to,
    )
    done = drain(stack, HostName(host), wanted, options.inventory)
    if done.diff:
        day = None if wanted.until is None else wanted.until.isoformat()
        note(
            stack, SystemClock(), ticket, "drain", done=True,
            host=host, until=day, reason=wanted.reason, to=list(wanted.to),
        )  # fmt: skip
    return print_edited(done, stack, f"{host} is to be empty", as_json=options.json)


def _roll(options: argparse.Namespace) -> int:
    """Show a sequence for several hosts: 0 each gets empty, 1 one does not, 3 a step has no order."""
    group = [HostName(name.strip()) for name in options.rolling.split(",") if name.strip()]
    if not group:
        raise PlacementError("--rolling names no host", remedy="Name keys under hosts:, with commas")
    word = options.stack or options.subject
    command = str(quoting.own("bin/placement drain --rolling {} STACK", options.rolling))
    stack = stack_with_host(group[0], word, PROJECT, command=command)
    found = rolled(stack, group, options.inventory)
    shown = json_text(rolling_record(found)) if options.json else render_rolling(found, str(stack.path))
    sys.stdout.write(f"{shown}\n")
    return of_plan(infeasible=not found.feasible, complete=found.complete)
