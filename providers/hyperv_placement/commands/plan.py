"""`bin/placement plan`: the plan of a stack, from its hosts or from a recorded inventory."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.plan import compare, compare_recorded
from hyperv_placement.planning.counting import complete
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.report.plan_text import render_plan
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.inventory_file import read
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

FAILED = 1
INFEASIBLE = 3
_COLUMNS = 100
"""Of what is no terminal."""


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
    return INFEASIBLE if plan.refusals else verdict(plan)


def verdict(plan: Plan) -> int:
    """Return 1 where a host did not answer, or a machine is neither in place nor moved, and that counts; else 0."""
    return 0 if complete(plan) else FAILED


def recorded_plan(stack: Stack, file: Path) -> tuple[Inventory, Plan]:
    """Return the plan by a recorded inventory; nothing but the file is read. Raises PlacementError."""
    recorded = read(file)
    return compare_recorded(
        stack, recorded.inventory, allowances(os.environ), kept_of(stack, PROJECT), read=recorded.day
    )


def live_plan(stack: Stack) -> tuple[Inventory, Plan]:
    """Return the plan by what the hosts say now."""
    estate = Estate(stack.hosts, clock=SystemClock())
    try:
        return compare(stack, estate, allowed=allowances(os.environ), known=kept_of(stack, PROJECT))
    finally:
        estate.close()
