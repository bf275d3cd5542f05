"""`bin/placement return`: take a host out of maintenance, and show who would come back, and at what price."""

from __future__ import annotations

import argparse

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import (
    subject_and_stack,
    ticket_of,
)
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.edited import print_edited
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.drain import take_back
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.stacks import PROJECT


def run(options: argparse.Namespace) -> int:
    """Take the line out, and show the plan without it. Raises PlacementError."""
    ticket = ticket_of(options)
    host, word = subject_and_stack(options)
    stack = stack_with_host(
        host, word, PROJECT, command=str(quoting.own("bin/placement return {} STACK", host))
    )
    done = take_back(stack, HostName(host), options.inventory)
    note(stack, SystemClock(), ticket, "return", done=True, host=host)
    return print_edited(done, stack, f"{host} is out of maintenance", as_json=options.json)
