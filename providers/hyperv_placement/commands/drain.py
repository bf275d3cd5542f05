"""`bin/placement drain`: write that a host must be empty, and show what that would move, and at what price."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import (
    day_of,
    subject_and_stack,
    ticket_of,
)
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.edited import print_edited
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Maintenance
from hyperv_placement.operations.drain import drain, rolled
from hyperv_placement.report.rolling_text import render_rolling, rolling_record
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.stacks import PROJECT


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
    return print_edited(done, stack, f"{host} is in maintenance", as_json=options.json)


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
