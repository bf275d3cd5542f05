"""`bin/placement plan`: the plan of a stack, from its hosts or from a recorded inventory."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from hyperv_placement.commands.arguments import RECORDED, add_json, add_stack
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.operations.plan import live_plan, recorded_plan
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.report.plan_text import render_plan
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

_COLUMNS = 100
"""Width of an output that is not a terminal."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    add_stack(parser)
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show the plan. 0; 1 where a host or a machine stays out of it; 3 where it must not run as a whole."""
    stack = load(resolve_stack(options.stack, PROJECT))
    _, plan = recorded_plan(stack, options.inventory) if options.inventory else live_plan(stack)
    if options.json:
        shown = json.dumps(plan_record(plan), indent=2)
    else:
        columns = shutil.get_terminal_size((_COLUMNS, 0)).columns if sys.stdout.isatty() else _COLUMNS
        shown = f"{render_plan(plan, columns)}\n\n{plan.known.reported()}"
    sys.stdout.write(f"{shown}\n")
    return of_plan(infeasible=bool(plan.refusals), complete=complete(plan))
