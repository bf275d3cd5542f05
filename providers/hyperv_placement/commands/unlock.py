"""`bin/placement unlock`: remove the locks whose holder is gone, and what torn writes have left among them."""

from __future__ import annotations

import argparse
import os
import sys

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import add_ticket, ticket_of
from hyperv_placement.commands.audit_notes import note_of
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.model.names import stack_name
from hyperv_placement.operations.unlock import Judged, judge_locks
from hyperv_placement.visible import visible
from hyperv_placement.workspace.locks import backend_folder, stacks_of
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.epilog = "exit codes: 0 done, also where there was none, unless a stack was named; 1 an error, or some lock stays"
    parser.add_argument("stack", nargs="?", help="default: every stack of the local backend")
    add_ticket(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Remove what is stale, and say of each what was done. 0; 1 where a lock stays, or the stack that was named has none."""
    ticket = ticket_of(options)
    backend = backend_folder(os.environ.get("PULUMI_BACKEND_URL"), PROJECT)
    stack = None if options.stack is None else stack_name(resolve_stack(options.stack, PROJECT).stem)
    judged = judge_locks(backend, stack)
    if not judged:
        if stack is None:
            sys.stdout.write(f"There is no lock in {backend}\n")
            return DONE
        # Who names a stack expects a lock there: the name, or the backend, may be another one.
        known = stacks_of(backend)
        remedy = "" if stack in known else f". Stacks there: {', '.join(map(visible, known)) or 'none'}"
        sys.stderr.write(f"{visible(stack)} has no lock in {backend}{remedy}\n")
        return FAILED
    gone = [_remove(each, ticket) for each in judged]
    return DONE if all(gone) else FAILED


def _remove(judged: Judged, ticket: str) -> bool:
    """Remove it where nobody holds it, once the audit log says so; return whether it is gone."""
    found = judged.found
    if not judged.removable:
        sys.stderr.write(f"{found.stack}: {judged.why}\n")
        return False
    # Noted first: a lock that is gone leaves no trace of itself.
    note_of(found.stack, SystemClock(), ticket, "unlock", lock=found.path.name, why=judged.why)
    try:
        found.remove()
    except OSError as error:
        sys.stderr.write(f"{found.stack}: a lock cannot be removed: {error.strerror}: {error.filename}\n")
        return False
    sys.stdout.write(f"{found.stack}: {judged.why}\n")
    return True
