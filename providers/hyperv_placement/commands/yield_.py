"""`bin/placement yield`: a run under way starts nothing more, leaves its moves to their hosts and gives its stack free."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.operations.hold import shared_of
from hyperv_placement.operations.yield_run import Yielded, yield_run
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Ask, and wait. Raises PlacementError."""
    ticket, clock = ticket_of(options), SystemClock()
    stack = load(resolve_stack(options.stack, PROJECT))
    shared_of(stack)  # a stack file that lies elsewhere has no state
    try:
        done = yield_run(
            stack.path.stem, PROJECT, clock, _say, options.reason.strip(), wait=not options.no_wait
        )
    except KeyboardInterrupt:
        _say("Interrupted: the run was asked to yield all the same")
        return exit_codes.INTERRUPTED
    note(stack, clock, ticket, "yield", done=True, reason=options.reason, result=done.text)
    if options.json:
        record = {"stack": stack.path.stem, "free": done.free, "holder": done.holder, "text": done.text}
        sys.stdout.write(f"{json_text(record)}\n")
    else:
        sys.stdout.write(f"{visible(done.text)}\n")
    return _code(done)


def _code(done: Yielded) -> int:
    return exit_codes.DONE if done.known else exit_codes.SILENT


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")
