"""`bin/placement accept-host`: say that a host is another computer by now, on purpose."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.accept_host import keep_computer, read_computer
from hyperv_placement.visible import visible
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.stacks import PROJECT


def run(options: argparse.Namespace) -> int:
    """Keep the host's computer as the one that is meant, once the audit log says so. Raises PlacementError."""
    host, ticket = HostName(options.host), ticket_of(options)
    which = str(quoting.own("bin/placement accept-host {} STACK", host))
    stack = stack_with_host(host, options.stack, PROJECT, command=which)
    found = read_computer(stack, host)
    if found.is_another:
        # Noted first: once it is accepted machines move to that computer, and somebody has to have said so.
        note(stack, SystemClock(), ticket, "accept-host", host=host, uuid=found.now, before=found.before)
        keep_computer(stack, host, found)
    if options.json:
        reported = {
            "stack": str(stack.path),
            "host": host,
            "uuid": found.now,
            "before": found.before,
            "accepted": found.is_another,
        }
        sys.stdout.write(f"{json_text(reported)}\n")
    elif found.is_another:
        was = f", it was {found.before}" if found.before else ", none was known"
        sys.stdout.write(f"{visible(host)} is the computer {found.now} from now on{was}\n")
    else:
        sys.stdout.write(
            f"{visible(host)} is the computer of the last run ({found.now}); there is nothing to accept\n"
        )
    return DONE
