"""However a job ends, both hosts are read, and what they show decides; the job's words stand beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hyperv_placement.errors import MigrationFailedError, PlacementError, VerificationError
from lab.estate.spec import DiskSpec
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_failures import Watching
from tests.fabric.test_moves import moved
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
GONE = "Lost the other end. (0x80070040)"
SHORT = 25_000
"""Milliseconds that a move waits in all at the most where both hosts agree on how it ended."""


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """One machine on hv1."""
    disks = tuple(DiskSpec(path=f"D:\\Hyper-V\\WEB01\\{name}.vhdx") for name in ("os", "data"))
    return make_fabric(estate(machine("WEB01", disks=disks)))


def under(fabric: Fabric, *kinds: str, **more: Any) -> list[str]:
    """Move WEB01 to hv2 under these rules; return the warnings of a move that has succeeded."""
    for kind in kinds:
        fabric.fault(kind, vm="WEB01", **more)
    done = fabric.timed(fabric.order("WEB01", "hv2"))
    assert done.vm.host == "hv2"
    assert len(fabric.log("start")) == 1
    lasting = [str(progress) for progress in fabric.progress if progress.warns]
    assert lasting == list(done.warnings)
    assert all(line.startswith("WEB01 (hv1 -> hv2): ") for line in lasting)
    assert last_line(fabric).get("warnings", []) == lasting
    return [line.removeprefix("WEB01 (hv1 -> hv2): ") for line in lasting]


def failed(fabric: Fabric, *kinds: str, error: type[PlacementError] = VerificationError, **more: Any) -> str:
    """Move WEB01 to hv2 under these rules; return what the move says that has failed."""
    for kind in kinds:
        fabric.fault(kind, vm="WEB01", **more)
    with pytest.raises(error) as caught:
        fabric.run(fabric.order("WEB01", "hv2"))
    assert len(fabric.log("start")) == 1
    assert last_line(fabric)["result"] == str(caught.value)
    return caught.value.message


def last_line(fabric: Fabric) -> dict[str, Any]:
    """Return the last line of the audit log: the end."""
    line: dict[str, Any] = json.loads(fabric.audit.path.read_text(encoding="utf-8").splitlines()[-1])
    assert line["event"] == "end"
    return line


@pytest.mark.outcome
def test_a_job_that_completes_with_warnings_has_moved_its_machine(fabric: Fabric) -> None:
    """JobState 32768 with ErrorCode 0 is success, and each of its words is reported."""
    assert under(fabric, "migration-warns", text="A folder stays. | A lease stays.") == [
        "its host warns: A folder stays. | A lease stays."
    ]
    assert fabric.log("end")[0]["state"] == "CompletedWithWarnings"


def test_a_move_without_trouble_warns_of_nothing(fabric: Fabric) -> None:
    """Nothing is left, and the line in the log says no more than before."""
    assert under(fabric) == []
    assert not {"warnings", "left"} & last_line(fabric).keys()


@pytest.mark.outcome
@pytest.mark.parametrize(
    ("kind", "words"),
    [("fails-moved", GONE), ("completes-with-code", f"Completed with ErrorCode 32768: {GONE}")],
)
def test_a_job_that_denies_what_it_has_done_is_a_success_with_its_words(
    fabric: Fabric, kind: str, words: str
) -> None:
    """Both hosts show the machine as ordered: nothing is ordered again, nothing is called failed."""
    (reported,) = under(fabric, kind, text=GONE)
    assert words in reported
    assert reported.endswith(", and both hosts show the machine as ordered")


@pytest.mark.outcome
def test_a_failed_job_says_where_its_machine_is(fabric: Fabric) -> None:
    """In words, and with what the host says of it."""
    said = failed(fabric, "migration-fails", error=MigrationFailedError, after=30, text=GONE)
    assert said.startswith("WEB01 (hv1 -> hv2) failed: ")
    assert said.endswith(f"{GONE}; it is on hv1, running")


@pytest.mark.outcome
def test_a_job_that_completes_and_moves_nothing_is_seen_at_once(fabric: Fabric) -> None:
    """Both hosts agree and nobody is at work on it: there is nothing to wait a minute for."""
    said = failed(fabric, "completes-unmoved")
    assert said == "WEB01 (hv1 -> hv2) is not as ordered: it is not on hv2; it is on hv1, running"
    assert max(fabric.clock.waits().values()) < SHORT
    fabric.world.faults.clear()
    assert fabric.run(fabric.order("WEB01", "hv2")).host == "hv2"


@pytest.mark.outcome
def test_a_job_that_vanishes_and_has_moved_nothing_is_a_failure(fabric: Fabric) -> None:
    """The machine is asked, and it says that it has not moved."""
    said = failed(fabric, "job-vanishes", "completes-unmoved", error=MigrationFailedError)
    assert said.endswith("the job is gone and the machine did not move: it is on hv1, running")


def test_a_machine_on_both_hosts_is_no_success(fabric: Fabric) -> None:
    """Each place is named, with what the machine does there."""
    assert failed(fabric, "source-stays") == (
        "WEB01 (hv1 -> hv2) is not as ordered: it is still on hv1 as well; it is on hv1, running and on hv2, running"
    )


@pytest.mark.parametrize("kind", ["completes-unmoved", "fails-moved"])
def test_a_machine_that_has_gone_on_is_looked_for(fabric: Fabric, kind: str) -> None:
    """At neither end: every host of the estate is asked."""
    error = MigrationFailedError if kind == "fails-moved" else VerificationError
    fabric.fault("vm-moved-on", vm="WEB01")
    said = failed(fabric, kind, error=error)
    assert "it is on hv3, running" in said


def test_a_machine_that_is_nowhere_is_said_to_be_nowhere(fabric: Fabric) -> None:
    """Every host has answered."""
    said = failed(fabric, "vm-deleted")
    assert said == "WEB01 (hv1 -> hv2) is not as ordered: it is not on hv2; it is on none of 3 hosts"


@pytest.mark.outcome
def test_a_machine_that_is_at_neither_end_while_a_host_is_silent(fabric: Fabric) -> None:
    """Silence is named, and never taken for an answer."""
    move = fabric.order("WEB01", "hv2")
    fabric.fault("vm-deleted", vm="WEB01")
    fabric.fault("host-down", host="hv3")
    with pytest.raises(VerificationError, match="it is on no host that answers; hv3 did not"):
        fabric.run(move)


@pytest.mark.outcome
def test_a_guest_that_was_shut_down_on_the_way_is_a_warning(fabric: Fabric) -> None:
    """The machine is proven to be there; that it does not run is said in words, and at once."""
    assert under(fabric, "vm-turned-off") == ["it is off, was running"]
    assert max(fabric.clock.waits().values()) < SHORT


@pytest.mark.outcome
def test_a_guest_that_does_not_answer_is_a_warning(fabric: Fabric) -> None:
    """It is waited for a minute, for it can come back."""
    assert under(fabric, "heartbeat-lost") == ["its guest's heartbeat has not come back"]


def test_a_machine_that_was_renamed_on_the_way_is_there(fabric: Fabric) -> None:
    """Its GUID counts; the name is a label."""
    assert under(fabric, "vm-renamed", text="OLD") == ["it is now named OLD"]


@pytest.mark.outcome
def test_a_planned_copy_that_stays_is_reported(fabric: Fabric) -> None:
    """It is no part of the machine: its rows are not mixed into it."""
    assert under(fabric, "planned-left") == ["a planned copy of it is left on hv2"]
    assert last_line(fabric)["left"] == {"files": [], "planned": True}


@pytest.mark.outcome
def test_a_planned_copy_that_a_failure_leaves_is_named(fabric: Fabric) -> None:
    """The failure is the job's, and what it has left stands beside it."""
    said = failed(fabric, "planned-left", "migration-fails", error=MigrationFailedError, text=GONE)
    assert said.endswith(f"{GONE}; it is on hv1, running; a planned copy of it is left on hv2")


@pytest.mark.outcome
def test_disks_that_stay_at_the_source_are_reported(fabric: Fabric) -> None:
    """Each by its path: nobody else will remove them."""
    files = ["D:\\Hyper-V\\WEB01\\data.vhdx", "D:\\Hyper-V\\WEB01\\os.vhdx"]
    (reported,) = under(fabric, "disks-left")
    assert reported.startswith("hv1 still holds ")
    assert sorted(last_line(fabric)["left"]["files"]) == files
    assert all(file in reported for file in files)


@pytest.mark.outcome
def test_a_source_that_does_not_let_us_look_for_files_has_not_been_looked_at(fabric: Fabric) -> None:
    """Whether it still holds them nobody knows: that is no word of their being gone."""
    fabric.audit = Watching(fabric.audit, fabric.clock, {
        "start": lambda: fabric.fault("right-lost", host="hv1", operation="GetVirtualHardDiskState"),
    })  # fmt: skip
    (reported,) = fabric.timed(fabric.order("WEB01", "hv2")).warnings
    assert "whether files of it are left on hv1 was not read (hv1 refused" in reported


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
