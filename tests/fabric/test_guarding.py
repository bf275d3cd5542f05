"""The guard while moves run: a freeze that begins meanwhile, and a cause that makes one move after the other fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from hyperv_placement.errors import MigrationFailedError, MigrationStartError, MoveRefusedError
from hyperv_placement.migration.failure_guard import FailureGuard
from hyperv_placement.model.guard import Guard, OneOff
from hyperv_placement.model.options import MigrationOptions
from lab.world import LabJob, MigrationRequest, vmms
from lab.world.jobs import MOVE, STAGE
from tests.fabric.conftest import Fabric, FastClock, Maker, until
from tests.unit.lab.conftest import AT_THE_HOST, estate, machine

pytestmark = pytest.mark.lab
NOON = datetime(2026, 12, 24, 12, tzinfo=UTC)
FREEZE = Guard(freeze=(OneOff(begins=NOON, ends=NOON.replace(hour=18), reason="holiday"),))
NAMES = ("WEB01", "WEB02", "WEB03")


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Three machines on hv1."""
    return make_fabric(estate(*map(machine, NAMES)))


class Calendar(FastClock):
    """A clock on which noon strikes when somebody has looked at the date often enough."""

    def __init__(self, looks: int) -> None:
        """`looks`: at the date before noon."""
        self.looks = looks

    def utc(self) -> datetime:
        """Return a date before noon, then noon."""
        self.looks -= 1
        return NOON.replace(hour=11) if self.looks >= 0 else NOON


LONG = 1000
"""Looks at the date: more than any run makes."""


class NoonAfterStaging(Calendar):
    """Noon strikes once the planned machine is made."""

    def __init__(self, fabric: Fabric) -> None:
        """Look at the lab's jobs."""
        super().__init__(LONG)
        self._fabric = fabric

    def utc(self) -> datetime:
        """Return a date before noon, then noon."""
        if any(job.purpose == STAGE for job in self._fabric.world.state.jobs):
            self.looks = 0
        return super().utc()


@pytest.mark.parametrize(
    ("looks", "check"),
    [*((looks, None) for looks in range(4)), (0, "staged"), (2, "staged"), (LONG, "staged")],
)
def test_nothing_starts_once_a_freeze_has_begun(fabric: Fabric, looks: int, check: str | None) -> None:
    """Not even where it begins during the last readings, or while the planned machine is made: that is removed."""
    move = replace(fabric.order("WEB01", "hv2"), options=MigrationOptions(check="staged" if check else None))
    failure_guard = FailureGuard(
        FREEZE, file="prod.yaml", clock=NoonAfterStaging(fabric) if looks == LONG else Calendar(looks)
    )
    with pytest.raises(
        MoveRefusedError, match=r"nothing start until 2026-12-24 18:00\+00:00 \(holiday\)"
    ) as caught:
        fabric.run(move, failure_guard=failure_guard)
    assert "PLACEMENT_ALLOW=freeze bin/pulumi up" in str(caught.value)
    assert fabric.lab_vm("WEB01").host == "hv1"
    assert not any(host.planned for host in fabric.world.hosts.values())
    purposes = {job.purpose for job in fabric.world.state.jobs}
    assert MOVE not in purposes
    assert (STAGE in purposes) == (looks == LONG)


def test_what_runs_goes_on_into_a_freeze(fabric: Fabric) -> None:
    """Ours to its end, and that of somebody else is followed; the third machine stays."""
    calendar = Calendar(looks=LONG)
    failure_guard = FailureGuard(FREEZE, file="prod.yaml", clock=calendar)
    ours = fabric.behind(lambda: fabric.run(fabric.order("WEB01", "hv2"), failure_guard=failure_guard))
    until(lambda: len(fabric.log("start")) == 1)
    vm = fabric.lab_vm("WEB02")
    order = fabric.order("WEB02", "hv2")
    theirs = vmms.migrate(fabric.world, "hv1", MigrationRequest(
        vm_id=vm.id, type=32771, destination="hv2.lab.example", roots=vm.roots,
        disks={disk.slot: disk.path for disk in vm.disks}, caller=AT_THE_HOST,
    ))  # fmt: skip
    assert isinstance(theirs, LabJob)
    calendar.looks = 0
    assert fabric.run(order, failure_guard=failure_guard).host == "hv2"
    with pytest.raises(MoveRefusedError, match=r"guard\.freeze of prod\.yaml"):
        fabric.run(fabric.order("WEB03", "hv2"), failure_guard=failure_guard)
    ours.join()
    assert [fabric.lab_vm(name).host for name in NAMES] == ["hv2", "hv2", "hv1"]
    assert not fabric.world.state.violations


def test_after_so_many_failures_of_one_cause_nothing_starts(fabric: Fabric) -> None:
    """Who waits for the slot of the last that fails is not started; each has one clear line."""
    for host in fabric.world.hosts.values():
        host.max_live = host.max_storage = 1
    for name in NAMES:
        fabric.fault("migration-fails", vm=name)
    failure_guard = FailureGuard(Guard(max_failures=1), file="prod.yaml", clock=fabric.clock)
    orders = [fabric.order(name, "hv2") for name in NAMES]
    runs = [fabric.behind(partial(fabric.run, order, failure_guard=failure_guard)) for order in orders]
    errors = []
    for run in runs:
        with pytest.raises((MigrationFailedError, MoveRefusedError)) as caught:
            run.join()
        errors.append(caught.value)
    assert len(fabric.log("start")) == 1
    reported = [str(error) for error in errors if isinstance(error, MoveRefusedError)]
    assert len(reported) == 2
    assert all("1 move has failed with 0x8009030E (first: WEB0" in line for line in reported)
    assert all("guard.max_failures of prod.yaml" in line for line in reported)


def test_a_refused_start_counts_before_its_room_is_free(fabric: Fabric) -> None:
    """Three are at the door at once: the second refusal ends it, and none slips in between."""
    for name in NAMES:
        fabric.fault("refuse-start", vm=name, code=32769)
    failure_guard = FailureGuard(Guard(max_failures=2), file="prod.yaml", clock=fabric.clock)
    orders = [fabric.order(name, "hv2") for name in NAMES]
    runs = [fabric.behind(partial(fabric.run, order, failure_guard=failure_guard)) for order in orders]
    errors = []
    for run in runs:
        with pytest.raises((MigrationStartError, MoveRefusedError)) as caught:
            run.join()
        errors.append(type(caught.value))
    assert sorted(errors, key=str) == sorted(
        [MigrationStartError, MigrationStartError, MoveRefusedError], key=str
    )
    assert fabric.audited().count("start") == 2
