"""Windows: what a run takes, what waits for another one, and that nothing is under way when a window closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperv_placement.model.estate import Host
from hyperv_placement.model.guard import Daily, Guard, Limit, Occasion, OneOff, Window
from hyperv_placement.model.names import HostName
from hyperv_placement.model.opening import opening
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Rule, Stack, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.checks.windows import windows_of
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.what_counts import complete
from tests.estates import disk, host, inventory, job, machine, spec, stack

NOW = datetime(2026, 11, 30, 22, tzinfo=UTC)
NIGHT = Daily(begins=time(22), ends=time(6), zone=ZoneInfo("UTC"), reason="nightly")
DAY = Daily(begins=time(6), ends=time(22), zone=ZoneInfo("UTC"))
HOURS_OF_COPY = 3
SIZE = int(1.25e9 * 3600 * HOURS_OF_COPY)
"""A disk that takes three hours at 10 Gbit/s, as long as nothing is known of a link."""


def a_machine(number: int, at: str = "hv1", size: int = GIB, **more: Any) -> Any:
    """Return VM00N with a disk of `size` bytes."""
    folder = f"D:\\Hyper-V\\VM{number:03d}"
    return machine(number, at, disks=(disk(number, f"{folder}\\os.vhdx", size_bytes=size),), **more)


def roomy(name: str, *vms: Any, **more: Any) -> Host:
    """Return a host whose volumes hold anything."""
    made = host(name, *vms, **more)
    facts = made.facts
    assert facts is not None
    volumes = tuple(replace(each, capacity_bytes=1 << 50, free_bytes=1 << 49) for each in facts.volumes or ())
    return replace(made, facts=replace(facts, volumes=volumes))


def with_windows(
    there: Stack, *, all_: Window | None = None, vms: dict[str, Window] | None = None, hosts: dict[str, Window] | None = None
) -> Stack:  # fmt: skip
    """Return the stack with a window for all, for machines, for hosts."""
    return replace(
        there,
        windows=(all_,) if all_ else (),
        vms={k: replace(v, windows=(vms[k],) if vms and k in vms else ()) for k, v in there.vms.items()},
        hosts={
            k: replace(v, windows=(hosts[k],) if hosts and k in hosts else ()) for k, v in there.hosts.items()
        },
    )


def run(
    there: Stack, *hosts: Host, now: datetime | None = NOW, allow: frozenset[Limit] = frozenset()
) -> Plan:
    """Return the plan of a run that starts at `now`."""
    return plan(there, inventory(*hosts), occasion=Occasion(now=now, allowed=allow))


def standings(found: Plan) -> list[Standing]:
    """Return how the machines stand."""
    return [step.standing for step in found.steps]


def test_a_machine_outside_its_window_waits_and_that_is_no_error() -> None:
    """The other one moves; what waits is said with the moment at which it opens and how to allow it once."""
    there = with_windows(stack({**spec(1, "hv2"), **spec(2, "hv2")}), vms={"VM001": DAY})
    found = run(there, host("hv1", a_machine(1), a_machine(2)), host("hv2"))
    assert standings(found) == [Standing.WAITING, Standing.MOVE]
    assert [each.label for each in found.schedule.moves] == ["VM002"]
    assert complete(found)
    (said,) = found.steps[0].findings
    assert not said.refuses
    assert str(said) == (
        "VM001 waits for another run: vms.VM001.window of test.yaml is closed until 2026-12-01 06:00+00:00. Run again in its"
        " window, or allow it once: PLACEMENT_ALLOW=window bin/pulumi up (on Windows first: set PLACEMENT_ALLOW=window)"
    )


def leaving() -> tuple[Stack, Host]:
    """Return a stack whose machine has to leave hv1 for hv2 or hv3, and hv1."""
    entry = {"VM001": replace(spec(1)["VM001"], hosts=(HostName("hv2"), HostName("hv3")))}
    return stack(entry), host("hv1", a_machine(1))


@pytest.mark.parametrize("shut", ["hv2", "hv3"])
def test_a_machine_with_a_choice_goes_where_a_window_lets_it(shut: str) -> None:
    """Whichever host is chosen without windows: the other one takes it now."""
    declared, full = leaving()
    found = run(with_windows(declared, hosts={shut: DAY}), full, host("hv2"), host("hv3"))
    assert [(each.label, each.move.destination) for each in found.schedule.moves] == [
        ("VM001", "hv3" if shut == "hv2" else "hv2")
    ]


def test_a_machine_with_a_choice_waits_where_no_host_takes_it_now() -> None:
    """Both windows are shut: it stays with the host that was chosen, and waits."""
    declared, full = leaving()
    found = run(with_windows(declared, hosts={"hv2": DAY, "hv3": DAY}), full, host("hv2"), host("hv3"))
    assert standings(found) == [Standing.WAITING]


def test_windows_of_both_hosts_and_of_the_whole_stack_count() -> None:
    """One that is closed is enough, and each is named."""
    declared = stack(spec(1, "hv2"))
    hosts = host("hv1", a_machine(1)), host("hv2")
    for there, named in (
        (with_windows(declared, all_=DAY), "window of test.yaml is closed until"),
        (with_windows(declared, hosts={"hv1": DAY}), "hosts.hv1.window of test.yaml is closed until"),
        (with_windows(declared, hosts={"hv2": DAY}), "hosts.hv2.window of test.yaml is closed until"),
        (
            with_windows(declared, hosts={"hv1": DAY, "hv2": DAY}),
            "hosts.hv1.window and hosts.hv2.window of test.yaml are closed until",
        ),
    ):
        found = run(there, *hosts)
        assert standings(found) == [Standing.WAITING]
        assert named in str(found.steps[0].findings[0])
        assert standings(run(there, *hosts, allow=frozenset({"window"}))) == [Standing.MOVE]
        on_paper = run(there, *hosts, now=None)
        assert standings(on_paper) == [Standing.MOVE]
        assert [each.id for each in on_paper.findings] == ["windows-unjudged"]
    elsewhere = with_windows(declared, hosts={"hv3": DAY})
    assert standings(run(elsewhere, *hosts)) == [Standing.MOVE]


def test_what_cannot_end_before_its_window_closes_is_not_started() -> None:
    """By its estimate, which the line says; the small machine beside it goes."""
    window = OneOff(begins=NOW - timedelta(hours=1), ends=NOW + timedelta(hours=1))
    there = with_windows(stack({**spec(1, "hv2"), **spec(2, "hv2")}), all_=window)
    found = run(there, roomy("hv1", a_machine(1, size=SIZE), a_machine(2)), roomy("hv2"))
    assert standings(found) == [Standing.WAITING, Standing.MOVE]
    said = str(found.steps[0].findings[0])
    assert "by its estimate it takes about 3 h" in said
    assert "window of test.yaml closes in 60 min, at 2026-11-30 23:00+00:00" in said
    assert "in the next 35 days its windows are open for 60 min at most" in said


def test_what_would_begin_too_late_waits_too() -> None:
    """Each of them fits the window alone, and not after the other one."""
    window = OneOff(begins=NOW, ends=NOW + timedelta(hours=4))
    there = with_windows(stack({**spec(1, "hv2"), **spec(2, "hv2")}), all_=window)
    vms = [a_machine(n, size=SIZE) for n in (1, 2)]
    found = run(there, roomy("hv1", *vms, migration={"max_live": 1, "max_storage": 1}), roomy("hv2"))
    assert sorted(standings(found)) == [Standing.MOVE, Standing.WAITING]
    assert "would begin in" in str(next(s for s in found.steps if s.standing == Standing.WAITING).findings[0])


def test_who_needs_the_room_of_one_that_waits_waits_as_well() -> None:
    """It is no error that it finds no room now, for it will."""
    there = with_windows(stack({**spec(1, "hv2"), **spec(2, "hv1"), **spec(3, "hv2")}), vms={"VM001": DAY})
    hosts = (
        host("hv1", a_machine(1), a_machine(3, size=GIB), memory_free_mib=1024),
        host("hv2", a_machine(2, "hv2"), memory_free_mib=65536),
    )
    found = run(there, *hosts)
    # VM003 leaves hv1, too, so that VM002 may go by its room.
    assert standings(found) == [Standing.WAITING, Standing.MOVE, Standing.MOVE]
    pair = with_windows(stack({**spec(1, "hv2"), **spec(2, "hv1")}), vms={"VM001": DAY})
    found = run(pair, host("hv1", a_machine(1), memory_free_mib=1024), hosts[1])
    assert standings(found) == [Standing.WAITING, Standing.WAITING]
    assert found.refusals == ()
    assert "it needs the room that VM001 frees, which waits for another run" in str(found.steps[1].findings)


def test_who_is_together_with_one_that_waits_waits_with_it() -> None:
    """A rule that holds is not broken for a window."""
    declared = stack(
        {**spec(1, "hv2"), **spec(2, "hv2")},
        rules=(Rule(kind="together", labels=("VM001", "VM002"), line=7),),
    )
    found = run(
        with_windows(declared, vms={"VM001": DAY}), host("hv1", a_machine(1), a_machine(2)), host("hv2")
    )
    assert standings(found) == [Standing.WAITING, Standing.WAITING]
    assert "the rule in line 7 (together) keeps it with VM001, which waits" in str(found.steps[1].findings)


def test_what_runs_already_is_followed_whatever_the_hour() -> None:
    """Nothing is started for it."""
    there = with_windows(stack(spec(1, "hv2")), all_=DAY)
    moving = host("hv1", a_machine(1), jobs=(job(1, "hv2.lab.example"),))
    found = run(there, moving, host("hv2"))
    assert (standings(found), len(found.moves)) == ([Standing.MOVE], 1)


WINDOWS = st.builds(
    lambda begins, lasts: OneOff(
        begins=NOW + timedelta(minutes=begins), ends=NOW + timedelta(minutes=begins + lasts)
    ),
    st.integers(-120, 60),
    st.integers(1, 600),
)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3 * SIZE)), min_size=1, max_size=5),
    st.lists(st.tuples(st.sampled_from(["all", "hv1", "hv2", "hv3", "VM001", "VM002"]), WINDOWS), min_size=1, max_size=3),
)  # fmt: skip
def test_no_plan_has_a_move_that_would_be_under_way_when_its_window_closes(
    vms: list[tuple[int, int, int]], drawn: list[tuple[str, Window]]
) -> None:
    """Whatever the windows: each move begins in all of its windows and ends in them; nothing becomes an error by them."""
    declared: dict[str, VmSpec] = {}
    for number, (_, goal, _) in enumerate(vms, start=1):
        declared |= spec(number, f"hv{goal}")
    at = {f"hv{n}": [a_machine(k, f"hv{n}", size) for k, (s, _, size) in enumerate(vms, 1) if s == n] for n in (1, 2, 3)}  # fmt: skip
    hosts = [roomy(name, *there) for name, there in at.items()]
    windows = dict(drawn)
    there = with_windows(stack(declared), all_=windows.get("all"), vms=windows, hosts=windows)
    found = run(there, *hosts)
    for each in found.schedule.moves:
        bound = windows_of(there, each.label, HostName(each.move.source), HostName(each.move.destination))
        now = opening(bound.scopes, NOW)
        assert now.is_open
        assert now.closes is None or NOW + timedelta(seconds=each.end) <= now.closes
    free = run(stack(declared), *hosts)
    assert len(found.refusals) <= len(free.refusals)
    waiting = {step.label for step in found.steps if step.standing == Standing.WAITING}
    scheduled = {each.label for each in found.schedule.moves}
    if not free.refusals:
        assert waiting | scheduled == {each.label for each in free.schedule.moves}


@pytest.mark.parametrize(
    ("freeze_hours", "said"),
    [
        (0, "is closed until 2026-12-01 06:00+00:00"),
        (10, "is closed until 2026-12-01 08:00+00:00, since guard.freeze lets nothing start at 2026-12-01 06:00+00:00"),
        (24 * 40, "the windows of this move are not open together in the next 35 days, since guard.freeze lets nothing start at 2026-12-01 06:00+00:00"),
    ],
)  # fmt: skip
def test_a_window_that_opens_in_a_freeze_is_none(freeze_hours: int, said: str) -> None:
    """The line names the first moment at which a run may start the move, or that there is none, and how to allow it."""
    freeze = (OneOff(begins=NOW, ends=NOW + timedelta(hours=freeze_hours)),) if freeze_hours else ()
    there = replace(with_windows(stack(spec(1, "hv2")), vms={"VM001": DAY}), guard=Guard(freeze=freeze))
    found = run(there, host("hv1", a_machine(1)), host("hv2"))
    text = str(found.steps[0].findings[0])
    assert said in text
    assert "PLACEMENT_ALLOW=window" in text
