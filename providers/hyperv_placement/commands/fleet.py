"""`bin/placement fleet`: the drift of all stacks in one table, from the report of each."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.arguments import Parser, add_json
from hyperv_placement.commands.sheet_shown import show_sheet
from hyperv_placement.errors import PlacementError
from hyperv_placement.operations.fleet import fleet_drift
from hyperv_placement.report.sites_sheet import sites_record, sites_sheet
from hyperv_placement.workspace.stacks import PROJECT, STACKS

EXIT_CODES = {
    0: "every stack was read, and none has drift",
    1: "an error",
    2: "drift, also where some stack was not read",
    4: "no drift seen, and some stack was not read, or does not know all of itself",
}
_HOURS = 26
"""A night's reports, and two hours for a runner that was late."""


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="what `placement drift STACK --json` has written of each stack",
    )
    parser.add_argument(
        "--expect",
        nargs="*",
        metavar="STACK",
        help=f"stacks that should have reported; default: every file in {STACKS}/",
    )
    parser.add_argument(
        "--before",
        type=Path,
        metavar="FILE",
        help="yesterday's --json of this: since when each drift was seen",
    )
    parser.add_argument(
        "--max-age",
        type=int,
        default=_HOURS,
        metavar="HOURS",
        help=f"older reports are not read; default: {_HOURS}",
    )
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--markdown", action="store_true", help="for an issue or a chat")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page as well")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show it. Raises PlacementError where no stack is named by anything."""
    sites = fleet_drift(
        options.files, PROJECT, SystemClock().utc(), timedelta(hours=options.max_age),
        before=options.before, expected=options.expect,
    )  # fmt: skip
    if not sites.reports and not sites.not_read:
        raise PlacementError(
            "There is no report, and no stack that should have one",
            remedy="Write some: bin/placement drift STACK --json > drift-STACK.json",
        )
    silent = bool(sites.not_read or sites.silent)
    code = exit_codes.of_look(wrong=bool(sites.rows), silent=silent)
    show_sheet(options, sites_sheet(sites), sites_record(sites, code))
    return code
