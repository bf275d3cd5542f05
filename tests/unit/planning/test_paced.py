"""Limits and turns in a plan: never more at once than they let, slower by less bandwidth, the stricter one for a run over a border."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.guard import Daily, Occasion
from hyperv_placement.model.names import HostName
from hyperv_placement.model.pace import Pace
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Stack, Turns
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from tests.estates import disk, host, inventory, job, machine, spec, stack

DAY = Daily(begins=time(8), ends=time(18), zone=ZoneInfo("UTC"))
NOON, LATE = datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2026, 11, 30, 22, tzinfo=UTC)
HOSTS = ("hv1", "hv2", "hv3", "hv4")


def two_pairs() -> tuple[Stack, Inventory]:
    """Return two machines that go between hosts that share nothing, each with 20 GiB."""
    vms = [
        machine(n, at, disks=(disk(n, f"D:\\VM00{n}\\os.vhdx", size_bytes=20 * GIB),)) for n, at in ((1, "hv1"), (2, "hv3"))
    ]  # fmt: skip
    seen = inventory(host("hv1", vms[0]), host("hv2"), host("hv3", vms[1]), host("hv4"))
    return stack({**spec(1, "hv2"), **spec(2, "hv4")}, hosts=HOSTS), seen


def at_once(found: Plan) -> int:
    """Return the most moves that are on their way together."""
    moves = found.schedule.moves
    return max(sum(other.start <= each.start < other.end for other in moves) for each in moves)


@pytest.mark.parametrize(
    ("limits", "now", "most"),
    [
        ((), NOON, 2), ((Pace(copies=1),), NOON, 1), ((Pace(copies=1),), None, 1),
        ((Pace(window=DAY, copies=1),), NOON, 1), ((Pace(window=DAY, copies=1),), LATE, 2),
        ((Pace(window=DAY, copies=1),), None, 2),
    ],
)  # fmt: skip
def test_so_many_are_on_their_way_at_once(limits: tuple[Pace, ...], now: datetime | None, most: int) -> None:
    """By the limits that hold then; without a clock by those that hold always. The bound knows them."""
    there, seen = two_pairs()
    found = plan(replace(there, limits=limits), seen, occasion=Occasion(now=now))
    assert at_once(found) == most
    assert found.schedule.bound == pytest.approx(found.schedule.seconds)


@pytest.mark.parametrize(
    ("now", "where", "said"),
    [(None, "all", "limits"), (None, "hv1", "hosts.hv1.limits"), (None, "hv9", ""), (LATE, "all", "")],
)
def test_limits_of_some_times_are_named_where_there_is_no_clock(
    now: datetime | None, where: str, said: str
) -> None:
    """A plan of a recorded inventory says which limits it does not know; those of a host that no move touches are no matter."""
    there, seen = two_pairs()
    pace = (Pace(window=DAY, copies=1),)
    hosts = {name: replace(each, limits=pace if name == where else ()) for name, each in there.hosts.items()}
    found = plan(replace(there, hosts=hosts, limits=pace if where == "all" else ()), seen, occasion=Occasion(now=now))  # fmt: skip
    texts = [each.text for each in found.findings if each.id == "limits-unjudged"]
    assert [text.startswith(f"What {said} of ") for text in texts] == ([True] if said else [])


def test_limits_of_a_host_bind_there_alone() -> None:
    """Three that leave hv1 go one by one, and the one elsewhere beside them."""
    vms = [machine(n) for n in (1, 2, 3)]
    seen = inventory(host("hv1", *vms), host("hv2"), host("hv3", machine(4, "hv3")), host("hv4"))
    there = stack({**spec(1, "hv2"), **spec(2, "hv2"), **spec(3, "hv2"), **spec(4, "hv4")}, hosts=HOSTS)
    limited = replace(there.hosts[HostName("hv1")], limits=(Pace(copies=1),))
    found = plan(replace(there, hosts={**there.hosts, limited.name: limited}), seen)
    assert at_once(found) == 2
    leaving = sorted((each.start, each.end) for each in found.schedule.moves if each.label != "VM004")
    assert all(before[1] <= after[0] for before, after in pairwise(leaving))


def test_less_bandwidth_takes_longer() -> None:
    """20 GiB and 2 GiB of memory at 1 Gbit/s; where a host declares less, that counts."""
    there, seen = two_pairs()
    found = plan(replace(there, limits=(Pace(bandwidth=1.25e8),)), seen)
    assert found.schedule.seconds == pytest.approx(22 * GIB / 1.25e8, rel=0.01)
    slow = replace(there.hosts[HostName("hv1")], bandwidth=1e8)
    there = replace(there, hosts={**there.hosts, slow.name: slow}, limits=(Pace(bandwidth=1.25e8),))
    assert plan(there, seen).schedule.seconds == pytest.approx(22 * GIB / 1e8, rel=0.01)


def test_a_run_into_another_time_keeps_the_stricter_limit() -> None:
    """It begins five seconds before the day and lasts longer: from its beginning no two are on their way."""
    there, seen = two_pairs()
    limited = replace(there, limits=(Pace(window=DAY, copies=1),))
    before = datetime(2026, 11, 30, 7, 59, 55, tzinfo=UTC)
    assert at_once(plan(limited, seen, occasion=Occasion(now=before))) == 1
    early = datetime(2026, 11, 30, 7, 50, tzinfo=UTC)
    assert at_once(plan(limited, seen, occasion=Occasion(now=early))) == 2


def test_machines_that_take_turns_are_never_on_their_way_together() -> None:
    """Whatever hosts they go between."""
    there, seen = two_pairs()
    found = plan(replace(there, one_at_a_time=(Turns(labels=("VM001", "VM002")),)), seen)
    assert [each.label for each in found.schedule.moves] == ["VM001", "VM002"]
    assert at_once(found) == 1
    assert found.schedule.bound == pytest.approx(found.schedule.seconds)


def test_nobody_starts_beside_one_that_somebody_else_moves() -> None:
    """One that we follow ourselves is waited for; one that goes elsewhere is nobody's to wait for."""
    there, seen = two_pairs()
    turns = replace(there, one_at_a_time=(Turns(labels=("VM001", "VM002")),))
    taken = replace(seen.hosts[HostName("hv1")], jobs=(job(1, "hv3.lab.example"),))
    found = plan(turns, replace(seen, hosts={**seen.hosts, taken.name: taken}))
    assert [step.standing for step in found.steps] == [Standing.MOVED_BY_OTHERS, Standing.REFUSED]
    assert str(found.steps[1].findings[0]) == (
        "VM002 is not moved while VM001 is on its way on hv1: of VM001 and VM002 one moves at a time. Run again when that"
        " migration has ended"
    )
    ours = replace(seen.hosts[HostName("hv1")], jobs=(job(1, "hv2.lab.example"),))
    found = plan(turns, replace(seen, hosts={**seen.hosts, ours.name: ours}))
    assert [step.standing for step in found.steps] == [Standing.MOVE, Standing.MOVE]
    assert at_once(found) == 1
