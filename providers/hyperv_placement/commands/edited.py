"""What a command that has changed the stack file prints: the change, and the plan by it."""

from __future__ import annotations

import sys

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.commands.output import WIDE, columns
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.drain import Edited
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.report.plan_text import render_plan
from hyperv_placement.visible import visible


def print_edited(done: Edited, stack: Stack, what: str, *, as_json: bool) -> int:
    """Print what was written and the plan, for people or, `as_json`, for scripts; return the exit code. `what`: the meaning of the line."""
    code = of_plan(infeasible=bool(done.plan.refusals), complete=complete(done.plan))
    if as_json:
        record = {
            "stack": str(stack.path),
            "host": done.host,
            "written": bool(done.diff),
            "diff": done.diff,
            "plan": plan_record(done.plan),
        }
        sys.stdout.write(f"{json_text(record)}\n")
        return code
    now = (
        "review the change and commit it; the next run carries it out"
        if done.diff
        else "the file said so before"
    )
    lines = [visible(f"{stack.path}: {what}; {now}"), *map(visible, done.diff.splitlines()), ""]
    sys.stdout.write("\n".join([*lines, render_plan(done.plan, columns() or WIDE)]) + "\n")
    return code
