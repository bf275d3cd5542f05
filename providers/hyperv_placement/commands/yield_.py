"""`bin/placement yield`: a run under way starts nothing more, leaves its moves to their hosts and gives its stack free."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import Parser, add_json, add_stack, add_ticket, ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.operations.hold import shared_of
from hyperv_placement.operations.yield_run import Yielded, yield_run
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

EXIT_CODES = {
    0: "the stack is free, or with --no-wait its run was asked",
    1: "it is not free; or an error",
    4: "no run has answered, on a backend whose locks only the engine sees",
    130: "Ctrl-C: the run was asked all the same",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, in a few words, for who runs it")
    parser.add_argument("--no-wait", action="store_true", help="ask, and do not wait until it has")
    add_ticket(parser)
    add_json(parser)
    parser.set_defaults(run=run)


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
