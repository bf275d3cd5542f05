"""What of a machine must be as its move was planned for, right before the order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.migration.last_reading import changed
from hyperv_placement.model.estate import DiskKind, Roots
from tests.estates import disk, machine

OS, DATA = disk(1, "D:\\a\\os.vhdx", slot="scsi-0-0"), disk(1, "D:\\a\\data.vhdx", slot="scsi-0-1")
ISO = disk(1, "D:\\x.iso", slot="scsi-0-2", kind=DiskKind.ISO)
VM = machine(1, disks=(OS, DATA, ISO), roots=Roots(config="D:\\a", checkpoints="D:\\s", paging="D:\\p"))


@pytest.mark.parametrize(
    ("now", "reported"),
    [
        ({}, None),
        ({"disks": (replace(OS, path="d:/A/os.vhdx"), DATA, ISO)}, None),
        ({"enabled_state": 3, "name": "renamed"}, None),
        ({"disks": (replace(OS, path="D:\\a\\os_1.avhdx"), DATA, ISO)}, r"it has D:\a\os_1.avhdx"),
        ({"disks": (OS, ISO)}, r"it no longer has D:\a\data.vhdx"),
        ({"disks": (OS, replace(DATA, shared=True), ISO)}, r"it has D:\a\data.vhdx"),
        ({"frozen": (replace(DATA, instance_id="Microsoft:C"),)}, r"it has D:\a\data.vhdx"),
        (
            {"roots": Roots(config="D:\\a", checkpoints="E:\\s", paging="D:\\p")},
            r"a folder is E:\s, not D:\s",
        ),
        ({"checkpoints": 1}, "it has 1 checkpoints, not 0"),
        ({"disks": (OS, DATA)}, r"disk scsi-0-2 is gone, not D:\x.iso"),
        ({"disks": (OS, DATA, replace(ISO, path="E:\\y.iso"))}, r"disk scsi-0-2 is E:\y.iso, not D:\x.iso"),
    ],
)
def test_what_has_changed_since_the_plan_is_noticed(now: dict[str, Any], reported: str | None) -> None:
    """An order by stale paths would move what nobody meant; names and states are judged by the rules of the plan."""
    assert changed(VM, replace(VM, **now)) == reported
