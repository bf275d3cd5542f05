r"""Where a drive hangs: its controller and slot, by its InstanceID `Microsoft:<VM>\<controller>\<number>\<slot>\L`.

Hyper-V Manager numbers a machine's SCSI controllers, and hosts do not report those numbers: only a single controller is
surely number 0. Of several each goes by its own GUID, which no restart and no further controller changes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .names import is_guid

IDE_CONTROLLER = "83F8638B-8DCA-4152-9EDA-2CA8B33039B4"
"""The IDE controllers' GUID, the same in every machine (openstack/os-win vmutils)."""
FLOPPY_CONTROLLER = "8F0D2762-0B00-4E04-AF4F-19010527CB93"
"""The floppy controller's GUID, the same in every machine of generation 1 (published rows of Msvm_DisketteDrive)."""
ONLY = "0"
"""What a machine's single SCSI controller is called."""
_SHORT = 8
"""As many digits of a GUID as people compare at a glance: its first group."""
_PARTS = 4
"""Machine, controller, number, slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Controller and slot of a drive."""

    controller: str
    """The controller's GUID, upper case."""
    number: str
    """Which of the two, of an IDE controller."""
    slot: str

    @property
    def on_scsi(self) -> bool:
        """Whether it hangs on a SCSI controller: else it is IDE, or the floppy drive."""
        return self.controller not in {IDE_CONTROLLER, FLOPPY_CONTROLLER}


def place_of(instance_id: str) -> Place | None:
    """Return where a drive or medium hangs, None where its InstanceID says none."""
    parts = instance_id.split("\\")
    if len(parts) < _PARTS or not is_guid(parts[1]):
        return None
    return Place(controller=parts[1].upper(), number=parts[2], slot=parts[3])


def slot_name(place: Place, controllers: Collection[str]) -> str:
    """Return `ide-1-0`, `floppy-0-0`, `scsi-0-1`, or where there are several SCSI controllers `scsi-3f2a1b2c-1`.

    `controllers`: GUIDs of all SCSI controllers of the machine, upper case. Two that begin alike go by their whole GUIDs.
    That a controller keeps its GUID when its machine moves is unverified.
    """
    if not place.on_scsi:
        kind = "ide" if place.controller == IDE_CONTROLLER else "floppy"
        return f"{kind}-{place.number}-{place.slot}"
    others = [guid for guid in controllers if guid != place.controller]
    if not others:
        return f"scsi-{ONLY}-{place.slot}"
    start = place.controller[:_SHORT]
    named = place.controller if any(guid.startswith(start) for guid in others) else start
    return f"scsi-{named.lower()}-{place.slot}"


def slot_parts(slot: str) -> tuple[str, str, str]:
    """Return kind, controller and slot of `scsi-0-1`; a controller may be a GUID. Raises ValueError where it is none."""
    kind, rest = slot.split("-", 1)
    controller, number = rest.rsplit("-", 1)
    return kind, controller, number
