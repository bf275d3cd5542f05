"""`bin/placement accept-host`: say that a host is another computer by now, on purpose."""

from __future__ import annotations

import argparse
import json
import sys

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import add_json, add_ticket, ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.host_facts import read_uuid
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.visible import visible
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.identities import Identities, identities_path, is_of_project
from hyperv_placement.workspace.stacks import PROJECT, STACKS


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.epilog = "exit codes: 0 accepted, or it is the computer of the last run; 1 an error"
    parser.add_argument("host", metavar="HOST", help="a key under hosts: of the stack file")
    parser.add_argument(
        "stack", nargs="?", help=f"a stack ({STACKS}/NAME.yaml); needed where several have HOST"
    )
    add_ticket(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Keep the host's computer as the one that is meant. Raises PlacementError."""
    host, ticket = HostName(options.host), ticket_of(options)
    which = str(quoting.own("bin/placement accept-host {} STACK", host))
    stack = stack_with_host(host, options.stack, PROJECT, command=which)
    clock = SystemClock()
    if not is_of_project(stack, PROJECT):
        raise PlacementError(
            f"{stack.path} is no stack of this project: nothing is kept of it",
            remedy=f"Name one of {STACKS}/",
        )
    now = _uuid(stack, host, clock)
    identities = Identities(identities_path(PROJECT, stack.path.stem), clock)
    before = identities.kept().hosts.get(host)
    if before != now:
        note(stack, clock, ticket, "accept-host", host=host, uuid=now, before=before)
    if before != now and (trouble := identities.keep_hosts({host: now})):
        raise PlacementError(trouble, remedy="Make that writable, then run again")
    if options.json:
        reported = {
            "stack": str(stack.path),
            "host": host,
            "uuid": now,
            "before": before,
            "accepted": before != now,
        }
        sys.stdout.write(f"{json.dumps(reported, indent=2)}\n")
    elif before == now:
        sys.stdout.write(
            f"{visible(host)} is the computer of the last run ({now}); there is nothing to accept\n"
        )
    else:
        was = f", it was {before}" if before else ", none was known"
        sys.stdout.write(f"{visible(host)} is the computer {now} from now on{was}\n")
    return DONE


def _uuid(stack: Stack, host: HostName, clock: SystemClock) -> str:
    estate = Estate({host: stack.hosts[host]}, clock=clock)
    try:
        found = read_uuid(estate.client(host))
    finally:
        estate.close()
    if found is None:
        raise PlacementError(
            f"{host} tells no UUID of its computer",
            remedy="Nothing is to be accepted then: it is not held against another",
        )
    return found
