"""Whether it counts that a machine is not in its place: snoozes, hosts that are away, and how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.guard import Occasion
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Away, Rule, Snooze, Stack, VmSpec
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.what_counts import Proof, complete, proof
from tests.estates import guid, host, inventory, job, machine, spec, stack

DAY = date(2026, 12, 1)
AWAY = Away(until=DAY, reason="a new mainboard")
SNOOZE = Snooze(until=DAY, reason="new disks")


def with_away(declared: Stack, *names: str) -> Stack:
    """Return the stack with these hosts away to the end of `DAY`."""
    away = {HostName(name): replace(declared.hosts[HostName(name)], away=AWAY) for name in names}
    return replace(declared, hosts={**declared.hosts, **away})


def on(moment: datetime, declared: Stack, seen: Inventory) -> Plan:
    """Return the plan of that moment."""
    return plan(declared, seen, occasion=Occasion(now=moment))


LAST = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
AFTER = datetime(2026, 12, 2, 0, 0, tzinfo=UTC)


def test_a_host_that_is_away_counts_again_on_the_day_after() -> None:
    """Its silence and its machine are told to the end of the day in UTC, and do not count."""
    declared = with_away(stack({**spec(1, "hv1"), **spec(2, "hv3")}), "hv3")
    seen = inventory(host("hv1", machine(1)), host("hv2"), silent=("hv3",))
    quiet, loud = on(LAST, declared, seen), on(AFTER, declared, seen)
    assert [step.standing for step in quiet.steps] == [Standing.IN_PLACE, Standing.UNKNOWN]
    assert quiet.steps[1].excused == "hv3 is away until 2026-12-01: a new mainboard"
    assert [str(finding) for finding in quiet.findings] == [
        "hv3 is away until 2026-12-01: a new mainboard; it did not answer, and its machines do not count"
    ]
    assert (complete(quiet), quiet.silent) == (True, ())
    assert (complete(loud), loud.silent) == (False, ("hv3",))
    assert proof(loud.steps[1]) == Proof.UNREAD
    east = datetime.fromisoformat("2026-12-02T01:00+02:00")  # still the first, in UTC
    assert complete(on(east, declared, seen))


@pytest.mark.parametrize(
    ("hosts", "silent", "counts"),
    [
        (("hv3",), ("hv3",), False),
        (("hv3",), ("hv2", "hv3"), False),
        (("hv1", "hv3"), ("hv3",), False),
        (("hv2", "hv3"), ("hv2", "hv3"), True),
        (("hv1",), ("hv3",), True),
        ((), ("hv3",), False),
        ((), ("hv2", "hv3"), True),
        (("hv3",), ("hv2",), True),
    ],
)
def test_an_unknown_machine_does_not_count_where_only_hosts_that_are_away_can_have_it(
    hosts: tuple[str, ...], silent: tuple[str, ...], *, counts: bool
) -> None:
    """Those that its entry allows and that did not answer; hv3 is away."""
    declared = with_away(stack(spec(1, *hosts)), "hv3")
    answering = [host(name) for name in ("hv1", "hv2", "hv3") if name not in silent]
    (step,) = on(LAST, declared, inventory(*answering, silent=silent)).steps
    assert step.standing == Standing.UNKNOWN
    assert step.fails is counts


def test_nothing_is_planned_to_a_host_that_is_away_though_it_answers() -> None:
    """Neither a pinned machine, which is refused, nor one of several hosts, nor one that a rule drives on."""
    vms = {**spec(1, "hv3"), **spec(2, "hv2", "hv3"), **spec(3), **spec(4)}
    rules = (Rule(kind="apart", labels=("VM003", "VM004")),)
    declared = with_away(stack(vms, rules=rules), "hv3")
    machines = (machine(1), machine(2), machine(3), machine(4))
    seen = inventory(host("hv1", *machines), host("hv2"), host("hv3", memory_free_mib=60000))
    found = on(LAST, declared, seen)
    assert found.steps[0].standing == Standing.REFUSED
    assert str(found.steps[0].findings[0]).startswith(
        "VM001 is declared on hv3, which is away until 2026-12-01: a new mainboard. Remove hosts.hv3.away"
    )
    assert found.steps[0].fails
    assert {move.destination for move in found.moves} == {"hv2"}
    again = on(AFTER, declared, seen)
    assert again.steps[0].standing == Standing.MOVE


def test_a_machine_on_a_host_that_is_away_and_answers_stays() -> None:
    """It is no maintenance: nobody has to leave."""
    declared = with_away(stack({**spec(1, "hv1", "hv2"), **spec(2)}), "hv1")
    found = on(LAST, declared, inventory(host("hv1", machine(1), machine(2)), host("hv2"), host("hv3")))
    assert [step.standing for step in found.steps] == [Standing.IN_PLACE, Standing.IN_PLACE]


def test_a_snooze_excuses_what_is_found_and_nothing_else() -> None:
    """Refused or taken by others: to the end of that day. Missing, ambiguous or unknown: never."""

    def step(vm: dict[str, VmSpec], seen: Inventory, moment: datetime = LAST) -> tuple[Standing, bool]:
        (only,) = on(moment, stack(vm), seen).steps
        return only.standing, only.fails

    asleep = spec(1, "hv1", snooze=SNOOZE)
    replicated = inventory(host("hv1"), host("hv2", machine(1, "hv2", replication_mode=1)), host("hv3"))
    assert step(asleep, replicated) == (Standing.REFUSED, False)
    assert step(asleep, replicated, AFTER) == (Standing.REFUSED, True)
    taken = inventory(host("hv1", machine(1), jobs=(job(1, "hv3.lab.example"),)), host("hv2"), host("hv3"))
    assert step(asleep, taken) == (Standing.MOVED_BY_OTHERS, False)
    assert step(asleep, inventory(host("hv1"))) == (Standing.MISSING, True)
    assert step(asleep, inventory(host("hv1"), silent=("hv2",))) == (Standing.UNKNOWN, True)
    twice = inventory(host("hv1", machine(1), machine(1, id=guid(9))))
    assert step(asleep, twice) == (Standing.AMBIGUOUS, True)


def test_who_only_looks_takes_nobody_away() -> None:
    """A job that prepares or checks leaves a machine in its place; one that moves beside it does not."""
    checks = replace(job(1, "hv3.lab.example"), job_type=304)
    here = host("hv1", machine(1), jobs=(checks,))
    declared = stack(spec(1, "hv1"))
    (step,) = on(LAST, declared, inventory(here, host("hv2"), host("hv3"))).steps
    assert step.standing == Standing.IN_PLACE
    both = host("hv1", machine(1), jobs=(checks, job(1, "hv3.lab.example")))
    (step,) = on(LAST, declared, inventory(both, host("hv2"), host("hv3"))).steps
    assert (step.standing, step.fails) == (Standing.MOVED_BY_OTHERS, True)


def test_a_recording_is_judged_by_its_own_day() -> None:
    """So that the same input gives the same plan on every day; without a day all words count."""
    declared = with_away(stack(spec(1, "hv3")), "hv3")
    seen = inventory(host("hv1"), host("hv2"), silent=("hv3",))
    assert complete(plan(declared, seen, occasion=Occasion(read=datetime(2026, 12, 1, 12, tzinfo=UTC))))
    assert not complete(plan(declared, seen, occasion=Occasion(read=datetime(2026, 12, 2, tzinfo=UTC))))
    assert complete(plan(declared, seen))
