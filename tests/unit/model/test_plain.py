"""Values of the model come back from JSON as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hyperv_placement.model.estate import DiskKind, Host, Inventory, VmState
from hyperv_placement.model.plain import from_plain, to_plain
from hyperv_placement.model.plan import Schedule
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, job, machine
from tests.scenarios.estate import estate_of
from tests.scenarios.test_scenarios import declared
from tests.unit.report.schedules import scheduled

STORIES = Path(__file__).parents[2] / "scenarios"


def test_an_inventory_comes_back_equal() -> None:
    """Enums, tuples, None, nested values and hosts that were silent."""
    iso = disk(2, "D:\\ISO\\a.iso", "scsi-0-1", kind=DiskKind.ISO)
    saved = machine(2, state=VmState.SAVED, enabled_state=6, disks=(iso,), clustered=None, memory_mib=None)
    running = job(1, "hv2", "D:\\VMs")
    seen = inventory(host("hv1", machine(1), saved, jobs=(running,)), host("hv2"), silent=("hv3",))
    back = from_plain(json.loads(json.dumps(to_plain(seen))), Inventory)
    assert back == seen
    assert back.with_id(saved.id) == (saved,)
    assert isinstance(back.named("vm002")[0].state, VmState)


@pytest.mark.parametrize("story", sorted(STORIES.glob("*/*.yaml")), ids=lambda path: path.stem)
def test_a_schedule_comes_back_equal(story: Path, tmp_path: Path) -> None:
    """Of every story: the plugin carries out what the program has planned, or it knows no order."""
    reported = yaml.safe_load(story.read_text(encoding="utf-8"))
    schedule = plan(declared(reported, tmp_path), estate_of(reported)).schedule
    assert from_plain(json.loads(json.dumps(to_plain(schedule))), Schedule) == schedule


def test_what_may_be_overwritten_comes_back_as_a_set() -> None:
    """Written in an order of its own, whatever that of the set is."""
    move = scheduled(1, 0, 1)
    slots = frozenset({"scsi-0-1", "ide-0-0", "scsi-0-0"})
    move = replace(move, move=replace(move.move, overwrite=slots))
    plain = to_plain(Schedule(moves=(move,)))
    assert plain["moves"][0]["move"]["overwrite"] == sorted(slots)
    assert from_plain(json.loads(json.dumps(plain)), Schedule).moves[0] == move


def test_what_has_its_default_is_left_out() -> None:
    """A thousand machines are mostly alike."""
    assert "replication_mode" not in to_plain(machine(1))
    assert to_plain(replace(machine(1), replication_mode=1))["replication_mode"] == 1


@pytest.mark.parametrize(
    "plain",
    [
        [],
        "text",
        {"name": "hv1", "no_such_field": 1},
        {"name": {"a": 1}},
        {"name": "hv1", "vms": [1]},
        {"name": 1},
        {"name": "hv1", "vms": "text"},
    ],
)
def test_what_is_none_is_an_error(plain: object) -> None:
    """A file that somebody else wrote is refused, not guessed at."""
    with pytest.raises((TypeError, ValueError)):
        from_plain(plain, Host)


@pytest.mark.parametrize(
    "damage", [{"no_such_field": 1}, {"size_bytes": "1"}, {"size_bytes": True}, {"size_bytes": 1.0}, {"kind": "tape"}, {"slot": None}]
)  # fmt: skip
def test_what_is_wrong_deep_inside_is_an_error(damage: dict[str, object]) -> None:
    """In a disk of a machine of a host of an inventory as at its top: a name that no disk has is not passed over."""
    plain = json.loads(
        json.dumps(to_plain(inventory(host("hv1", machine(1, disks=(disk(1, "D:\\a.vhdx"),))))))
    )
    assert from_plain(plain, Inventory).hosts
    plain["hosts"]["hv1"]["vms"][0]["disks"][0] |= damage
    with pytest.raises((TypeError, ValueError)):
        from_plain(plain, Inventory)
