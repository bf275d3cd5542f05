"""States of machines as a host of the lab shows them: every value of the table, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hyperv_placement.wsman import Instance
from lab.estate.spec import EstateSpec
from lab.wmi.texts import ACTIVITIES, BEATS, STATUSES, texts_of
from lab.wmi.view import View
from lab.wmi.views import settings, systems
from lab.world import Refusal
from tests.unit.lab.conftest import Stage, estate, machine
from tools.docs import enumerations
from tools.workspace import PROJECT

Make = Callable[[EstateSpec], Stage]
PUBLISHED = {row.id: {value.value for value in row.values} for row in enumerations.read(PROJECT).enumerations}


def seen(stage: Make, locale: str = "en-US", **vm: Any) -> tuple[Stage, View]:
    """Return a world with one machine, and what looks at its host."""
    here = stage(estate(machine("A", **vm), locale=locale))
    return here, View(here.world, here.world.hosts["hv1"], texts_of(locale), lambda *_: ())


def system(view: View) -> Instance:
    """Return the machine's own row."""
    return next(row for row in systems.computer_systems(view) if row.text("ElementName") == "A")


def test_the_lab_knows_every_published_value() -> None:
    """What product and lab read on their own is one page."""
    assert ACTIVITIES.keys() == PUBLISHED["machine-activity"]
    assert STATUSES.keys() == PUBLISHED["machine-status"]
    assert BEATS.keys() == PUBLISHED["heartbeat"]


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_each_activity_has_a_description(stage: Make, locale: str) -> None:
    """A host shows whatever goes on: no value ends its view."""
    here, view = seen(stage, locale)
    for activity in ACTIVITIES:
        here.vm("A").busy = activity
        row = system(view)
        assert row.many("OperationalStatus") == (11, activity)
        assert all(row.many("StatusDescriptions")), activity
        assert len(row.many("StatusDescriptions")) == 2


def test_each_heartbeat_has_a_description(stage: Make) -> None:
    """Those of the class page."""
    here, view = seen(stage)
    for status in BEATS:
        here.vm("A").heartbeat_status = status
        (row,) = systems.heartbeats(view)
        assert row.many("OperationalStatus") == (status,)
        assert all(row.many("StatusDescriptions"))


def test_a_guest_may_be_older_than_its_host(stage: Make) -> None:
    """Those that answer show Degraded there; one that does not shows what it shows everywhere."""
    here, view = seen(stage)
    view.host.heartbeat_status = 3
    assert next(systems.heartbeats(view)).many("OperationalStatus") == (3,)
    here.vm("A").heartbeat = False
    assert next(systems.heartbeats(view)).many("OperationalStatus") == (12,)


def test_a_backup_ends_by_the_clock_of_the_lab(stage: Make) -> None:
    """Until then orders are refused, and whoever sends one has not looked; afterwards the machine moves."""
    here, view = seen(stage, busy=32776, busy_seconds=60)
    given: dict[str, Any] = {"type": 32768, "destination": "HV2"}
    refused = here.ask("A", **given)
    assert isinstance(refused, Refusal)
    assert refused.return_value == 32775
    assert here.world.state.violations
    here.clock.time += timedelta(seconds=60)
    assert system(view).many("OperationalStatus") == (2,)
    here.start("A", **given)


@pytest.mark.parametrize("vm", [{"status": 3}, {"health": 25}, {"folders_lost": True}])
def test_a_machine_whose_storage_is_gone_takes_no_order(stage: Make, vm: dict[str, Any]) -> None:
    """As its class page says of Degraded and of Critical failure; its folders are empty where they are lost."""
    here, view = seen(stage, **vm)
    refused = here.ask("A", type=32768, destination="HV2")
    assert isinstance(refused, Refusal)
    assert refused.return_value == 32775
    (row,) = (each for each in settings.system_settings(view) if each.text("ElementName") == "A")
    assert (row.text("ConfigurationDataRoot") == "") == ("folders_lost" in vm)
    assert system(view)["HealthState"] == vm.get("health", 5)
