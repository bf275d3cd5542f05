"""The product, asked for a plan as an operator asks it: two files in, the JSON of `bin/placement plan` out.

The only module of this folder that imports the product.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hyperv_placement.operations.plan import recorded_plan
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.stackfile import load

from .replay import Plan


def planned(stack_text: str, inventory_text: str) -> Plan:
    """Return the plan of a stack file and a recorded inventory, as its JSON reads."""
    with tempfile.TemporaryDirectory() as folder:
        stack, inventory = Path(folder) / "stack.yaml", Path(folder) / "inventory.json"
        stack.write_text(stack_text, encoding="utf-8")
        inventory.write_text(inventory_text, encoding="utf-8")
        _, plan = recorded_plan(load(stack), inventory)
        record = plan_record(plan)
    found: Plan = json.loads(json.dumps(record))
    return found
