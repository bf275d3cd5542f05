"""`bin/placement history`: on which host a machine was, since when, and by whom it was brought there."""

from __future__ import annotations

import argparse
from pathlib import Path

from hyperv_placement.commands.arguments import Parser, add_json, add_subject, subject_and_stack
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.commands.sheet_shown import show_sheet
from hyperv_placement.operations.history import machine_history
from hyperv_placement.report.history_sheet import history_record, history_sheet
from hyperv_placement.workspace.stacks import PROJECT

EXIT_CODES = {
    0: "shown, also where nothing is recorded of it",
    1: "an error, or nothing knows such a machine",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_subject(parser, "VM", "a key under vms:, a name of the past, or a GUID")
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="for an issue or a chat")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page as well")
    parser.add_argument(
        "--log",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a copy of an audit log, as pipelines keep it",
    )
    parser.add_argument(
        "--no-state", action="store_true", help="do not ask the engine for what the state keeps"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show it. Raises PlacementError."""
    subject, word = subject_and_stack(options)
    history = machine_history(subject, word, PROJECT, copies=options.log, state=not options.no_state)
    show_sheet(options, history_sheet(history), history_record(history))
    return DONE
