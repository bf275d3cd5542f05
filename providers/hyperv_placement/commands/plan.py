"""`bin/placement plan`: the plan of a stack, from its hosts or from a recorded inventory."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.commands.output import WIDE, columns
from hyperv_placement.operations.plan import live_plan, past_moves, recorded_plan
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.report.plan_text import render_plan, times_line
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Show the plan. 0; 1 where a host or a machine stays out of it; 3 where it must not run as a whole."""
    stack = load(resolve_stack(options.stack, PROJECT))
    at = options.at
    past = () if options.inventory else past_moves(stack)
    if options.inventory:
        _, plan = recorded_plan(stack, options.inventory, at=at)
    else:
        _, plan = live_plan(stack, at=at, past=past)
    if options.json:
        shown = json_text(plan_record(plan))
    else:
        times = f"\n{times_line(len(past))}" if plan.schedule.moves else ""
        shown = f"{render_plan(plan, columns() or WIDE)}\n\n{plan.known.reported(plan.zone)}{times}"
    sys.stdout.write(f"{shown}\n")
    return of_plan(infeasible=bool(plan.refusals), complete=complete(plan))
