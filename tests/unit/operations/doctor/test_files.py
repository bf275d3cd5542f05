"""What the doctor says of files whose names other machines have."""

from __future__ import annotations

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.stack import Stack, StorageSpec
from hyperv_placement.operations.doctor.files import file_diagnoses
from tests.estates import disk, host, inventory, machine, spec, stack

VHD = "C:\\VHD"
"""A folder without the machine's name, as Hyper-V's own default is: the same for all machines."""


def said(declared: Stack, found: Inventory) -> list[tuple[str, str]]:
    """Return where and the beginning of what is said."""
    reported = list(file_diagnoses(declared, found))
    assert all(each.refuses and each.remedy for each in reported)
    return [(str(each.subject), each.text.partition(",")[0]) for each in reported]


def test_a_file_of_a_machine_that_stays_is_an_error() -> None:
    """On the declared host, and on each other one that the machine may be on; declared or not."""
    found = inventory(
        host("hv1", machine(1, folder=VHD), machine(4, folder="D:\\x")),
        host("hv2", machine(2, "hv2", folder="c:/vhd")),
        host("hv3", machine(3, "hv3", folder=VHD)),
    )
    declared = {**spec(1, "hv2", "hv3"), **spec(2, "hv2"), **spec(4, "hv2")}
    what = "VM001 would get the file C:\\VHD\\Virtual Hard Disks\\os.vhdx on"
    assert said(stack(declared), found) == [("VM001 to hv2", f"{what} hv2"), ("VM001 to hv3", f"{what} hv3")]


def test_who_shall_leave_is_in_nobodys_way() -> None:
    """Neither in a chain nor in a swap: the order of the run sees to it."""
    found = inventory(
        host("hv1", machine(1, folder=VHD)), host("hv2", machine(2, "hv2", folder=VHD)), host("hv3")
    )
    assert said(stack({**spec(1, "hv2"), **spec(2, "hv3")}), found) == []
    assert said(stack({**spec(1, "hv2"), **spec(2, "hv1")}), found) == []


def test_a_name_that_two_machines_shall_get_is_an_error_of_both() -> None:
    """Whichever came first, the other one would find its file there."""
    found = inventory(
        host("hv1", machine(1, folder=VHD)), host("hv2", machine(2, "hv2", folder=VHD)), host("hv3")
    )
    assert [where for where, _ in said(stack({**spec(1, "hv3"), **spec(2, "hv3")}), found)] == [
        "VM001 to hv3", "VM002 to hv3",
    ]  # fmt: skip


def test_files_that_move_on_their_host_meet_others_too() -> None:
    """A machine that stays on its host and whose disk shall lie where another one has its own."""
    found = inventory(host("hv1", machine(1), machine(2, disks=(disk(2, "E:\\New\\os.vhdx"),))))
    storage = StorageSpec(disks={"os.vhdx": "E:\\New\\OS.vhdx"})
    assert said(stack(spec(1, "hv1", storage=storage)), found) == [
        ("VM001", "VM001 would get the file E:\\New\\OS.vhdx on hv1")
    ]
