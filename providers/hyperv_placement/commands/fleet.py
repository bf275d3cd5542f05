"""`bin/placement fleet`: the drift of all stacks in one table, from the report of each."""

from __future__ import annotations

import argparse
from datetime import timedelta

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.sheet_shown import show_sheet
from hyperv_placement.errors import PlacementError
from hyperv_placement.operations.fleet import fleet_drift
from hyperv_placement.report.sites_sheet import sites_record, sites_sheet
from hyperv_placement.workspace.stacks import PROJECT


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
