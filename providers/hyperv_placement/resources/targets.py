"""Which declared machines this run of the engine takes."""

from __future__ import annotations

from hyperv_placement.model.stack import Stack
from hyperv_placement.model.targets import EVERYTHING, targets_in
from hyperv_placement.workspace.engine import engine_command

from .vm_placement import TYPE
from .within import ALONE, Within


def taken_by_run(stack: Stack, within: Within = ALONE) -> frozenset[str] | None:
    """Return the labels of the machines that `--target` and `--exclude` leave in the run; None where they name nothing.

    The engine does not pass them to its program: they are read from its command line.
    """
    targets = targets_in(engine_command())
    if targets == EVERYTHING or within.nested:  # too much is safe here, too little is not
        return None
    # Targets are whole URNs or patterns of them, so that they are compared as the engine writes a machine's.
    return frozenset(label for label in stack.vms if targets.takes(within.urn(TYPE, label)))
