"""What the hosts of a stack report now, for a person or for plans that are made later."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.others import OthersSeen
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.others import of_others
from hyperv_placement.workspace.inventory_file import Recorded, write


def read_inventory(stack: Stack) -> Inventory:
    """Return what the hosts report, as far as a person looks at it. A host that does not respond is in `unreachable`."""
    with closing(Estate(stack.hosts, clock=SystemClock())) as estate:
        return estate.read(Detail.MOVE)


def record_inventory(stack: Stack, path: Path) -> Inventory:
    """Save all that a plan may ask of the hosts, and return it. Raises PlacementError where the file cannot be written."""
    with closing(Estate(stack.hosts, clock=SystemClock())) as estate:
        read = estate.clock.utc()
        inventory = estate.read(Detail.FULL)
    write(path, Recorded(read=read, inventory=inventory))
    return inventory


def others_on(stack: Stack, inventory: Inventory, known: Kept) -> OthersSeen | None:
    """Return the machines there that are somebody else's today; None where the stack file does not say of any."""
    return of_others(stack.at(SystemClock().utc()), inventory, known)
