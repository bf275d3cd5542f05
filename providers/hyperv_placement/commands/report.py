"""`bin/placement report`: what a stack has done in a period, for those who ask afterwards."""

from __future__ import annotations

import argparse

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import since_of
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.commands.sheet_shown import show_sheet
from hyperv_placement.operations.period import stack_period, zone_of_stack
from hyperv_placement.report.period_sheet import period_record, period_sheet
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Show it. Raises PlacementError."""
    now = SystemClock().utc()
    stack = resolve_stack(options.stack, PROJECT)
    zone = zone_of_stack(stack)
    since = since_of(options.since, now, zone)
    period = stack_period(stack, PROJECT, since, now, options.log, zone=zone)
    show_sheet(options, period_sheet(period), period_record(period))
    return DONE
