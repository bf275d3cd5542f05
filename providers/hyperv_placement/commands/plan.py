"""`bin/placement plan`: the plan of a stack, from its hosts or from a recorded inventory."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import RECORDED, Parser, add_json, add_stack
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.commands.output import WIDE, columns
from hyperv_placement.operations.plan import live_plan, past_moves, recorded_plan
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.report.plan_text import render_plan, times_line
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

EXIT_CODES = {
    0: "every declared machine is in place or moves",
    1: "a host or a machine stays out of the plan; or an error",
    3: "nothing may be moved at all",
}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    add_stack(parser)
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    parser.add_argument(
        "--at",
        type=_moment,
        metavar="MOMENT",
        help="plan as a run at that moment would: 2026-12-05T22:00+01:00",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def _moment(text: str) -> datetime:
    """Return a moment with its offset from UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"'{text}' has no offset from UTC; write such as 2026-12-05T22:00+01:00"
        )
    return moment


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
        shown = f"{render_plan(plan, columns() or WIDE)}\n\n{plan.known.reported()}{times}"
    sys.stdout.write(f"{shown}\n")
    return of_plan(infeasible=bool(plan.refusals), complete=complete(plan))
