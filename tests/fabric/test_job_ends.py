"""Jobs that end in other ways than well or badly, and what VMMS logs of each end."""

from __future__ import annotations

import pytest

from providers.errors import PlacementError
from tests.fabric.conftest import Maker
from tests.fabric.test_moves import moved
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


def test_a_job_that_completes_with_warnings_has_moved_its_machine(make_fabric: Maker) -> None:
    """JobState 32768 with ErrorCode 0 is success: the hosts are read, and what they show counts."""
    fabric = make_fabric(estate(machine("WEB01")))
    fabric.fault("migration-warns", vm="WEB01")
    moved(fabric, fabric.order("WEB01", "hv2"))
    (end,) = fabric.log("end")
    assert (end["state"], end["percent"]) == ("CompletedWithWarnings", 100)
    assert "0x80070091" in end["errors"][0]


def test_a_live_migration_logs_its_blackout(make_fabric: Maker) -> None:
    """20418 for every machine that changed hosts, 20415 with the seconds for one that runs, nothing for storage."""
    fabric = make_fabric(estate(machine("WEB01"), machine("OFF01", enabled_state=3)))
    moved(fabric, fabric.order("WEB01", disks={"scsi-0-0": "E:\\os.vhdx"}))
    assert fabric.log("vmms") == []
    fabric.run(fabric.order("WEB01", "hv2"))
    fabric.run(fabric.order("OFF01", "hv2"))
    assert [entry["event_id"] for entry in fabric.log("vmms")] == [20418, 20415, 20418]
    assert "blackout time of 0." in fabric.log("vmms")[1]["text"]


def test_a_failed_migration_is_logged_by_its_cause(make_fabric: Maker) -> None:
    """21024 always, 20306 before it where the credentials did not reach the other host."""
    fabric = make_fabric(estate(machine("WEB01")))
    for code, ids in ((0x8009030E, [20306, 21024]), (0x8007000E, [21024])):
        before = len(fabric.log("vmms"))
        fabric.fault("migration-fails", vm="WEB01", code=code)
        with pytest.raises(PlacementError):
            fabric.run(fabric.order("WEB01", "hv2"))
        assert [entry["event_id"] for entry in fabric.log("vmms")[before:]] == ids
