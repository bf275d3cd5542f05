"""What `hold` and `release` print: what has changed, and every hold that there is now."""

from __future__ import annotations

import sys
from typing import Any

from hyperv_placement.commands.answers import json_text
from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.stack import Hold, Stack
from hyperv_placement.operations.hold import Holds
from hyperv_placement.planning.machine.held import named
from hyperv_placement.visible import visible


def print_holds(done: Holds, stack: Stack, *, as_json: bool, released: bool = False) -> None:
    """Print it for people or, `as_json`, for scripts."""
    if as_json:
        record = {
            "stack": str(stack.path),
            "timezone": zone_name(stack.zone),
            "released" if released else "held": None if done.changed is None else _record(done.changed),
            "shared": [_record(each) for each in done.shared],
            "declared": [_record(each) for each in done.declared],
        }
        sys.stdout.write(f"{json_text(record)}\n")
        return
    lines = []
    if done.changed is not None:
        lines.append(
            f"{done.changed.host or done.changed.label} is released; the next run acts by the stack file"
            if released
            else named(done.changed)
        )
    others = [each for each in done.shared if each != done.changed]
    lines += [f"  held in the shared state: {named(each)}" for each in others]
    lines += [f"  held by the stack file: {named(each)}" for each in done.declared]
    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))


def _record(hold: Hold) -> dict[str, Any]:
    return {
        "host": hold.host,
        "vm": hold.label,
        "until": hold.until.isoformat(),
        "reason": hold.reason,
        "by": hold.by,
        "since": hold.since,
    }
