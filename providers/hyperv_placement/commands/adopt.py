"""`bin/placement adopt`: say by a line of the stack file which machine a key means."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import is_guid, vm_id
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.adopt import Adopted, adopt_now
from hyperv_placement.visible import visible
from hyperv_placement.workspace.declaring import stack_with_vm
from hyperv_placement.workspace.stacks import PROJECT


def run(options: argparse.Namespace) -> int:
    """Write the line, and show it. Raises PlacementError."""
    if not is_guid(options.id):
        raise PlacementError(f"{options.id!r} is not a GUID", remedy="See bin/placement inventory STACK")
    ticket = ticket_of(options)
    stack = stack_with_vm(options.label, options.stack, PROJECT)
    done = adopt_now(stack, options.label, vm_id(options.id))
    if done.diff:
        reported: dict[str, Any] = {"key": done.label, "machine": done.vm.id, "named": done.vm.name}
        # Noted once it is written: where the file could not be, nothing has happened.
        note(stack, SystemClock(), ticket, "adopt", done=True, **reported)
    if options.json:
        record = {
            "stack": str(stack.path), "label": done.label, "id": done.vm.id, "name": done.vm.name,
            "host": done.vm.host, "written": bool(done.diff), "diff": done.diff, "notes": list(done.notes),
        }  # fmt: skip
        sys.stdout.write(f"{json_text(record)}\n")
    else:
        sys.stdout.write(_reported(done, stack))
    return DONE


def _reported(done: Adopted, stack: Stack) -> str:
    vm = done.vm
    which = f"{done.label} is {vm.id}, {vm.name!r} on {vm.host}"
    if not done.diff:
        return f"{visible(f'{stack.path}: {which}, and the file said so before')}\n"
    lines = [
        f"{stack.path}: {which}; look at the change and commit it, the next run takes it over",
        *done.notes,
        *done.diff.splitlines(),
    ]
    return "".join(f"{visible(line)}\n" for line in lines)
