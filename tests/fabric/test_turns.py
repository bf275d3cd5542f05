"""Turns and windows while moves run: one after the other whatever the hosts have room for, and nothing outside a window."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from hyperv_placement.errors import MoveRefusedError
from hyperv_placement.migration.admission import Admission
from hyperv_placement.migration.migrate import migrate
from hyperv_placement.migration.needs import Seat
from hyperv_placement.migration.start_window import StartWindow
from hyperv_placement.model.guard import OneOff
from hyperv_placement.model.opening import Scope
from hyperv_placement.planning.checks.windows import Windows
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hosts that have nothing to do with each other's moves."""
    return make_fabric(estate(machine("DC01"), machine("DC02", "hv3")))


def test_machines_that_take_turns_are_never_on_their_way_together(fabric: Fabric) -> None:
    """Both are asked for at once and no host is short: the second one is started when the first one is verified."""
    turn = Seat(key="turn", name="DC01 and DC02 move one at a time")
    shared = fabric.collaborators(
        admission=Admission(fabric.estate, clock=fabric.clock, most=lambda: {"turn": 1})
    )
    orders = [fabric.order("DC01", "hv2"), fabric.order("DC02", "hv1")]
    go = partial(
        migrate, shared=shared, report=fabric.progress.append, cancelled=fabric.cancelled, seats=(turn,)
    )
    runs = [fabric.behind(partial(go, each)) for each in orders]
    for run in runs:
        run.join()
    assert [fabric.lab_vm(name).host for name in ("DC01", "DC02")] == ["hv2", "hv1"]
    assert [each for each in fabric.audited() if each in {"start", "end"}] == ["start", "end"] * 2


def test_nothing_starts_outside_its_window(fabric: Fabric) -> None:
    """One line, and no order at any host."""
    over = OneOff(begins=datetime(2020, 1, 1, tzinfo=UTC), ends=datetime(2020, 1, 2, tzinfo=UTC))
    windows = Windows(file="prod.yaml", scopes=(Scope(key="hosts.hv2.window", windows=(over,)),))
    with pytest.raises(
        MoveRefusedError, match=r"^DC01 was not started: hosts\.hv2\.window of prod\.yaml is closed"
    ):
        migrate(
            fabric.order("DC01", "hv2"), fabric.collaborators(), report=fabric.progress.append,
            cancelled=fabric.cancelled, start_window=StartWindow(windows=windows),
        )  # fmt: skip
    assert not fabric.world.state.jobs
