"""`bin/placement unlock`: remove the locks whose holder is gone, and what torn writes have left among them."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict, dataclass

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note_of
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.model.names import stack_name
from hyperv_placement.operations.unlock import Judged, judge_locks
from hyperv_placement.visible import visible
from hyperv_placement.workspace.locks import backend_folder, stacks_of
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Remove what is stale, and say of each what was done. 0; 1 where a lock stays, or the stack that was named has none."""
    ticket = ticket_of(options)
    backend = backend_folder(os.environ.get("PULUMI_BACKEND_URL"), PROJECT)
    stack = None if options.stack is None else stack_name(resolve_stack(options.stack, PROJECT).stem)
    judged = judge_locks(backend, stack)
    done = list[_Done]()
    for lock in judged:
        done.append(_removed(lock, ticket))
        if not options.json:  # at once: the next one may end in an error
            (sys.stdout if done[-1].removed else sys.stderr).write(f"{done[-1].stack}: {done[-1].text}\n")
    if options.json:
        locks = [asdict(each) for each in done]
        sys.stdout.write(f"{json_text({'backend': str(backend), 'locks': locks})}\n")
    if not judged and stack is not None:
        # Who names a stack expects a lock there: the name, or the backend, may be another one.
        known = stacks_of(backend)
        remedy = "" if stack in known else f". Stacks there: {', '.join(map(visible, known)) or 'none'}"
        sys.stderr.write(f"{visible(stack)} has no lock in {backend}{remedy}\n")
        return FAILED
    if not judged and not options.json:
        sys.stdout.write(f"There is no lock in {backend}\n")
    return DONE if all(each.removed for each in done) else FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What has become of one lock, or of what a torn write has left."""

    stack: str
    file: str
    removed: bool
    text: str


def _removed(judged: Judged, ticket: str) -> _Done:
    """Remove it where nobody holds it, once the audit log says so; return what has become of it."""
    found = judged.found
    if not judged.removable:
        return _Done(stack=found.stack, file=found.path.name, removed=False, text=judged.why)
    # Noted first: a lock that is gone leaves no trace of itself.
    note_of(found.stack, SystemClock(), ticket, "unlock", lock=found.path.name, why=judged.why)
    try:
        found.remove()
    except OSError as error:
        why = f"a lock cannot be removed: {error.strerror}: {error.filename}"
        return _Done(stack=found.stack, file=found.path.name, removed=False, text=why)
    return _Done(stack=found.stack, file=found.path.name, removed=True, text=judged.why)
