"""Holds and maintenance in a plan: who stays, who goes elsewhere than his entry says, and how long that counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hyperv_placement.model.guard import Occasion
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Hold, Maintenance, Stack
from hyperv_placement.planning.drift import Readings, drift_of
from hyperv_placement.planning.outcome import outcome_of
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.what_counts import Proof, complete, proof
from hyperv_placement.report.drift_text import render_drift
from hyperv_placement.report.outcome_text import render_outcome
from tests.estates import host, inventory, job, machine, spec, stack

DAY = date(2026, 12, 1)
LAST = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
AFTER = datetime(2026, 12, 2, 0, 0, tzinfo=UTC)
HV1 = Hold(
    until=DAY,
    reason="hands are at it",
    host=HostName("hv1"),
    by="LAB\\anna",
    since="2026-11-30T03:00:00+00:00",
)
SHARED = Kept(holds=(HV1,))
SEEN = inventory(host("hv1"), host("hv2", machine(1, "hv2")), host("hv3", memory_free_mib=60000))


def on(moment: datetime, declared: Stack, known: Kept = NOTHING_KEPT) -> Plan:
    """Return the plan of that moment."""
    return plan(declared, SEEN, known, occasion=Occasion(now=moment))


def empty(declared: Stack, name: str, **said: object) -> Stack:
    """Return the stack with a host in maintenance."""
    return replace(declared, maintenance={HostName(name): Maintenance(**said)})  # type: ignore[arg-type]


def test_a_hold_of_the_shared_state_counts_as_one_of_the_file_and_says_who_set_it() -> None:
    """To the end of its last day in UTC; the machine is held, which is no failure, and moves the day after."""
    declared = stack(spec(1, "hv1"))
    found = on(LAST, declared, SHARED)
    (step,) = found.steps
    assert (step.standing, step.move, step.fails, proof(step)) == (Standing.HELD, None, False, Proof.REACHED)
    assert complete(found)
    by = "hv1 is held until 2026-12-01 UTC: hands are at it, by LAB\\anna since 2026-11-30 03:00:00 UTC"
    assert [each.text for each in step.findings] == [f"VM001 stays on hv2: {by}"]
    assert f"{by}; nothing comes to it" in [each.text for each in found.findings]
    (step,) = on(LAST - timedelta(days=1), declared.zoned(ZoneInfo("Europe/Berlin")), SHARED).steps
    assert step.findings[0].text.endswith("by LAB\\anna since 2026-11-30 04:00:00 Europe/Berlin")
    in_file = on(LAST, replace(declared, holds=(replace(HV1, by="", since=""),)))
    assert in_file.steps[0].standing == Standing.HELD
    (again,) = on(AFTER, declared, SHARED).steps
    assert again.standing == Standing.MOVE


def test_a_hold_of_what_the_file_does_not_declare_holds_nothing_and_is_said() -> None:
    """As after the host has left the file, or its key has changed: somebody counts on it."""
    stranger = replace(HV1, host=HostName("hv9"))
    found = on(LAST, stack(spec(1, "hv1")), Kept(holds=(stranger,)))
    assert found.steps[0].standing == Standing.MOVE
    (line,) = [each for each in found.findings if each.id == "hold-undeclared"]
    assert "declares no host of that name, so that nothing is held by it" in line.text
    assert line.remedy == "When that is done: bin/placement release host:hv9 test"


def test_a_hold_of_the_shared_state_that_is_over_is_said_with_what_to_type() -> None:
    """By plan, result and drift: hands may be at it still, and the machine moves."""
    declared = stack(spec(1, "hv1"))
    found = on(AFTER, declared, SHARED)
    (line,) = [each for each in found.findings if each.id == "hold-over"]
    assert (
        line.text
        == "The hold of hv1 ended on 2026-12-01 UTC (hands are at it, by LAB\\anna): it counts no more"
    )
    assert line.remedy.endswith("else: bin/placement release hv1 test")
    assert f"hold: {line}" in render_outcome(outcome_of(declared, found, SEEN, {}))
    report = render_drift(drift_of(declared, SEEN, found, Readings(now=AFTER)))
    assert (
        "the hold of hv1 ended on 2026-12-01 UTC (hands are at it); it counts no more: bin/placement release hv1 test"
        in report
    )


def test_what_releases_a_hold_names_its_kind_where_the_name_is_a_hosts_and_a_machines() -> None:
    """The command that is printed is the one that works."""
    both = stack({"hv1": replace(spec(1, "hv1")["VM001"], label="hv1", name="hv1")})
    (line,) = [each for each in on(LAST, both, SHARED).findings if each.id == "hold-in-force"]
    assert line.remedy == "When that is done: bin/placement release host:hv1 test"


def test_a_migration_that_runs_already_is_followed_whatever_is_held() -> None:
    """A hold starts nothing and stops nothing that hosts have begun."""
    moving = replace(host("hv2", machine(1, "hv2")), jobs=(job(1, "hv1.lab.example"),))
    seen = inventory(host("hv1"), moving, host("hv3"))
    (step,) = plan(stack(spec(1, "hv1")), seen, SHARED).steps
    assert (step.standing, step.under_way) == (Standing.MOVE, True)


def test_holds_that_could_not_be_read_are_said() -> None:
    """Nobody takes unknown for none."""
    found = on(LAST, stack(spec(1, "hv2")), Kept(holds_unread="the backend is silent"))
    (line,) = found.findings
    assert line.id == "holds-unread"
    assert "the backend is silent" in line.text


def test_drift_says_held_and_does_not_count_it() -> None:
    """Neither silent nor drift: a part of its own, with the holds in force."""
    declared = stack(spec(1, "hv1"))
    made = on(LAST, declared, SHARED)
    report = drift_of(declared, SEEN, made, Readings(now=LAST))
    assert (report.drifts, [each.subject for each in report.held]) == ((), ["VM001"])
    text = render_drift(report)
    assert "1 held" in text.splitlines()[0]
    assert "held: VM001: is on hv2, declared on hv1" in text
    assert "hold: hv1 is held until 2026-12-01 UTC: hands are at it, by LAB\\anna" in text
    result = outcome_of(declared, made, SEEN, {})
    assert (result.proof, [each.standing for each in result.left]) == (Proof.REACHED, [Standing.HELD])
    assert "hold: hv1 is held until 2026-12-01 UTC: hands are at it" in render_outcome(result)
    over = drift_of(replace(declared, holds=(HV1,)), SEEN, on(AFTER, declared), Readings(now=AFTER))
    assert [each.subject for each in over.drifts] == ["VM001"]
    assert "the hold of hv1 ended on 2026-12-01 (hands are at it); it counts no more" in render_drift(over)


def test_maintenance_takes_the_place_of_a_pin_to_the_end_of_its_last_day() -> None:
    """A pinned machine that has left stays away while it stands, and goes home by its pin afterwards."""
    declared = empty(stack(spec(1, "hv1")), "hv1", until=DAY, reason="firmware")
    (away,) = on(LAST, declared).steps
    assert away.standing == Standing.IN_PLACE
    found = on(AFTER, declared)
    assert [(move.source, move.destination) for move in found.moves] == [("hv2", "hv1")]
    assert "The maintenance of hv1 ended on 2026-12-01 (firmware): it counts no more" in [
        each.text for each in found.findings
    ]


def test_a_pinned_machine_goes_where_maintenance_says_and_drift_does_not_call_that_declared() -> None:
    """Its entry names the host that is being emptied."""
    declared = empty(stack(spec(1, "hv2")), "hv2", to=(HostName("hv3"),))
    found = on(LAST, declared)
    assert [(move.source, move.destination) for move in found.moves] == [("hv2", "hv3")]
    report = drift_of(declared, SEEN, found, Readings(now=LAST))
    assert [(each.text, each.reason) for each in report.drifts] == [
        ("is on hv2, belongs on hv3", "hv2 is in maintenance")
    ]


def test_what_has_no_host_left_is_refused_by_name_and_protected_machines_stay_protected() -> None:
    """Held and absent hosts take nobody, and a guard is not maintenance's to lift."""
    declared = empty(stack(spec(1, "hv2")), "hv2", to=(HostName("hv1"),))
    found = on(LAST, declared, SHARED)
    (step,) = found.steps
    assert (step.standing, step.fails) == (Standing.HELD, False)
    listed = empty(stack(spec(1, "hv1", "hv2")), "hv2")
    assert [step.standing for step in on(LAST, listed, SHARED).steps] == [Standing.HELD]
    nowhere = replace(declared, maintenance={HostName(f"hv{n}"): Maintenance() for n in (1, 2, 3)})
    (step,) = on(LAST, nowhere).steps
    assert [each.id for each in step.findings] == ["maintenance-no-place"]
    guarded = replace(declared, guard=replace(declared.guard, protected=("VM001",)))
    (step,) = on(LAST, guarded).steps
    assert [each.id for each in step.findings if each.refuses] == ["machine-protected"]


def test_a_machine_held_on_a_host_that_must_be_empty_is_held_and_not_refused() -> None:
    """It is the hold that keeps it there, and no want of room elsewhere."""
    held = Hold(until=DAY, reason="restore", label="VM001")
    found = on(LAST, empty(replace(stack(spec(1)), holds=(held,)), "hv2"))
    (step,) = found.steps
    assert (step.standing, step.fails) == (Standing.HELD, False)
    assert [each.id for each in step.findings] == ["machine-held"]
