"""`bin/placement report`: what a stack has done in a period, for those who ask afterwards."""

from __future__ import annotations

import argparse
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import Parser, add_json, add_stack, since_of
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.commands.sheet_shown import show_sheet
from hyperv_placement.operations.period import stack_period
from hyperv_placement.report.period_sheet import period_record, period_sheet
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

EXIT_CODES = {
    0: "shown, also where nothing is recorded",
    1: "an error, as where there is neither such a stack nor a log of it",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument(
        "--since",
        default="30d",
        metavar="SPAN",
        help="30d, 4w, 12h, or a day such as 2026-11-01 (UTC); default: 30d",
    )
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
        help="a copy of its audit log, as pipelines keep it",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show it. Raises PlacementError."""
    now = SystemClock().utc()
    since = since_of(options.since, now)
    period = stack_period(resolve_stack(options.stack, PROJECT), PROJECT, since, now, options.log)
    show_sheet(options, period_sheet(period), period_record(period))
    return DONE
