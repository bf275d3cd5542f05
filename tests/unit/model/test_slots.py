"""Controllers and slots by InstanceIDs: no number of ours stands for a controller of Hyper-V's."""

from __future__ import annotations

import pytest

from hyperv_placement.model.slots import IDE_CONTROLLER, place_of, slot_name, slot_parts

VM = "Microsoft:00000000-0000-4000-8000-000000000001"
ONE = "3F2A1B2C-0000-4000-8000-00000000000A"
OTHER = "9C1E0F2B-0000-4000-8000-00000000000B"
TWIN = "3F2A1B2C-0000-4000-8000-00000000000C"


@pytest.mark.parametrize(
    ("controller", "controllers", "name"),
    [
        (ONE, {ONE}, "scsi-0-4"),
        (ONE, {ONE, OTHER}, "scsi-3f2a1b2c-4"),
        (OTHER, {ONE, OTHER}, "scsi-9c1e0f2b-4"),
        (ONE, {ONE, TWIN}, "scsi-3f2a1b2c-0000-4000-8000-00000000000a-4"),
        (OTHER, {ONE}, "scsi-9c1e0f2b-4"),  # of a checkpoint that was made before the controller went
        (IDE_CONTROLLER, {ONE, OTHER}, "ide-1-4"),
    ],
)
def test_the_name_of_a_slot(controller: str, controllers: set[str], name: str) -> None:
    """A single SCSI controller is number 0; of several each goes by its id, which another one does not change."""
    place = place_of(f"{VM}\\{controller.lower()}\\1\\4\\L")
    assert place is not None
    assert slot_name(place, controllers) == name
    assert slot_parts(name)[2] == "4"


@pytest.mark.parametrize("text", ["", VM, f"{VM}\\{ONE}", f"{VM}\\{ONE}\\0", f"{VM}\\scsi-0-1\\0\\0\\L"])
def test_an_instance_id_without_a_place(text: str) -> None:
    """A controller's own row has none."""
    assert place_of(text) is None


def test_the_parts_of_a_name() -> None:
    """A controller's whole GUID has dashes of its own."""
    assert slot_parts("scsi-0-63") == ("scsi", "0", "63")
    assert slot_parts(f"scsi-{ONE.lower()}-4") == ("scsi", ONE.lower(), "4")
    with pytest.raises(ValueError, match="unpack"):
        slot_parts("scsi")
