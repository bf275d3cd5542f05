"""`bin/placement unlock`: remove the locks whose holder is gone, and what torn writes have left among them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import add_ticket, ticket_of
from hyperv_placement.commands.audit_notes import note_of
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import stack_name
from hyperv_placement.visible import visible
from hyperv_placement.workspace.locks import (
    Fragment,
    Lock,
    backend_folder,
    engines,
    is_stale,
    locks,
    stacks_of,
    writers,
)
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.epilog = "exit codes: 0 done, also where there was none, unless a stack was named; 1 an error, or some lock stays"
    parser.add_argument("stack", nargs="?", help="default: every stack of the local backend")
    add_ticket(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Remove what is stale, and say of each what was done. Raises PlacementError where locks cannot be read."""
    ticket = ticket_of(options)
    backend = backend_folder(os.environ.get("PULUMI_BACKEND_URL"), PROJECT)
    stack = None if options.stack is None else stack_name(resolve_stack(options.stack, PROJECT).stem)
    try:
        found = list(locks(backend, stack))
    except OSError as error:
        raise PlacementError(
            f"The locks in {backend} cannot be read: {error.filename or backend}: {error.strerror or error}",
            remedy="Make them readable, or remove what is no lock",
        ) from error
    if not found:
        return _nothing(backend, stack)
    holders = {each.pid for each in found if isinstance(each, Lock) and not is_stale(each)}
    gone = [_judged(each, backend, holders, ticket) for each in found]
    return DONE if all(gone) else FAILED


def _nothing(backend: Path, stack: str | None) -> int:
    if stack is None:
        sys.stdout.write(f"There is no lock in {backend}\n")
        return DONE
    known = stacks_of(backend)
    remedy = "" if stack in known else f". Stacks there: {', '.join(map(visible, known)) or 'none'}"
    sys.stderr.write(f"{visible(stack)} has no lock in {backend}{remedy}\n")
    return FAILED


def _judged(found: Lock | Fragment, backend: Path, holders: set[int], ticket: str) -> bool:
    """Remove it where nobody holds it; say whether it is gone."""
    if isinstance(found, Lock):
        if is_stale(found):
            done = f"lock removed; its holder is gone ({visible(found.holder)})"
            return _removed(found, done, ticket)
        sys.stderr.write(
            f"{found.stack}: still locked by {visible(found.holder)}; if that is not so: {_cancel(found.stack)}\n"
        )
        return False
    at_it = writers(found, engines(), holders, backend)
    if at_it:
        named = " and ".join(f"process {engine.pid}" for engine in at_it)
        sys.stderr.write(
            f"{found.stack}: {found.path.name} is torn and names no holder, and a pulumi that may be it runs here ({named});"
            f" run again when that has ended, or, where it is not at {found.stack}: {_cancel(found.stack)}\n"
        )
        return False
    done = f"{found.path.name} removed; a full disk or a power cut has torn it, and no pulumi that may hold it runs here"
    return _removed(found, done, ticket)


def _cancel(stack: str) -> quoting.Command:
    return quoting.own("bin/pulumi cancel --yes --stack {}", stack)


def _removed(found: Lock | Fragment, done: str, ticket: str) -> bool:
    note_of(found.stack, SystemClock(), ticket, "unlock", lock=found.path.name, why=done)
    try:
        found.remove()
    except OSError as error:
        sys.stderr.write(f"{found.stack}: a lock cannot be removed: {error.strerror}: {error.filename}\n")
        return False
    sys.stdout.write(f"{found.stack}: {done}\n")
    return True
