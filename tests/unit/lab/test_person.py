"""What a person logged on at a host does to machines, and how whoever listens gets to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from lab.estate.building import build
from lab.estate.spec import EstateSpec
from lab.world import vmms
from lab.world.clock import DrivenClock
from lab.world.objects import OFF, STOPPING
from lab.world.person import CommandError, delete, move, rename, turn_off

from .conftest import Stage, estate, machine

Make = Callable[[EstateSpec], Stage]
HOSTS = "hv1", "hv2", "hv3"


@pytest.fixture
def here(stage: Make) -> Stage:
    """Two hosts, and machines on the first."""
    return stage(estate(machine("WEB"), machine("DB")))


def test_a_renamed_machine_keeps_its_guid_and_is_found_by_its_new_name(here: Stage) -> None:
    """Whoever listens hears which machine it was."""
    heard: list[tuple[str, object]] = []
    here.world.log.listeners.append(lambda event, fields: heard.append((event, fields["id"])))
    guid = here.vm("WEB").id
    rename(here.world, "WEB", "WEB-old")
    assert here.vm("WEB-old").id == guid
    assert heard == [("person", guid)]


def test_a_machine_that_is_turned_off_is_off_after_a_while(here: Stage) -> None:
    """As with the button in Hyper-V Manager; one that is off cannot be turned off."""
    turn_off(here.world, "WEB")
    assert here.vm("WEB").enabled_state == STOPPING
    here.pass_time(2)
    assert here.vm("WEB").enabled_state == OFF
    with pytest.raises(CommandError, match="refuses to turn WEB off"):
        turn_off(here.world, "WEB")


def test_a_machine_that_moves_cannot_be_deleted(here: Stage) -> None:
    """Afterwards it can, and its disks stay."""
    disks = [here.world.files.real(here.vm("DB").host, disk.path) for disk in here.vm("DB").disks]
    move(here.world, "WEB", "hv2")
    with pytest.raises(CommandError, match="in use"):
        delete(here.world, "WEB")
    delete(here.world, "DB")
    assert [vm.name for vm in here.world.vms()] == ["WEB"]
    assert all(path.exists() for path in disks)


def test_a_driven_clock_moves_when_told_and_a_listener_acts_before_anything_follows(tmp_path: Path) -> None:
    """So an instant can be an event: a job that a listener ends at its start has not moved at all."""
    clock = DrivenClock()
    begun = clock.now()
    world = build(estate(machine("WEB")), tmp_path / "lab", clock, ports=dict.fromkeys(HOSTS, 0))

    def cancel_at_its_start(event: str, fields: Mapping[str, object]) -> None:
        if event == "start":
            vmms.cancel(world, str(fields["job"]))

    world.log.listeners.append(cancel_at_its_start)
    job = move(world, "WEB", "hv2")
    assert (job.percent, job.running, clock.now()) == (0, False, begun)
    clock.advance(10)
    assert clock.now() == begun + timedelta(seconds=10)
    vmms.advance(world)
    assert [vm.host for vm in world.vms()] == ["hv1"]
