"""`bin/placement accept-host`: say that a host is another computer by now, on purpose."""

from __future__ import annotations

import argparse
import json
import sys

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.audit_notes import add_ticket, checked, note
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.hyperv.host_facts import read_uuid
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.identities import Identities, identities_path, is_of_project
from hyperv_placement.workspace.stacks import PROJECT, STACKS, resolve_stack, stack_files


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `bin/placement`."""
    parser = commands.add_parser(
        "accept-host",
        help="say that a host was replaced on purpose, so that machines move to it and from it; the host is only read",
        epilog="exit codes: 0 accepted, or it is the computer of the last run; 1 an error",
    )
    parser.add_argument("host", metavar="HOST", help="a key under hosts: of the stack file")
    parser.add_argument(
        "stack", nargs="?", help=f"a stack ({STACKS}/NAME.yaml); needed where several have HOST"
    )
    add_ticket(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Keep the host's computer as the one that is meant. Raises PlacementError."""
    host, ticket = HostName(options.host), checked(options)
    stack = stack_with(host, options.stack, str(quoting.own("bin/placement accept-host {} STACK", host)))
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
    return 0


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


def stack_with(host: str, word: str | None, which: str) -> Stack:
    """Return the stack that declares `host`. Raises PlacementError where none does, or, with `which` to type, several do."""
    paths = stack_files(PROJECT) if word is None else [resolve_stack(word, PROJECT)]
    found = [load(path) for path in paths]
    having = [stack for stack in found if host in stack.hosts]
    if len(having) == 1:
        return having[0]
    if not having:
        known = ", ".join(sorted({str(each) for stack in found for each in stack.hosts})) or "none"
        raise PlacementError(f"No stack file declares the host {host}", remedy=f"Known hosts: {known}")
    raise PlacementError(
        f"{host} is declared by {', '.join(str(stack.path) for stack in having)}",
        remedy=f"Say which: {which}",
    )
