"""What a run has come to: which machines are not in their places, how sure that is, and what our log last said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.stack import Snooze, Stack
from hyperv_placement.planning.outcome import LastWord, Outcome, outcome_of
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.what_counts import Proof
from hyperv_placement.report.outcome_text import render_outcome
from tests.estates import guid, host, inventory, job, machine, spec, stack

WORD = LastWord(
    time="2026-12-01T03:00:00+00:00", event="end", source=HostName("hv2"), to=HostName("hv1"), result="failed"
)


def outcome(declared: Stack, seen: Inventory, **known: object) -> Outcome:
    """Return what a run has come to; our log has a word of VM001."""
    kept = replace(Kept(), **known)  # type: ignore[arg-type]
    return outcome_of(declared, plan(declared, seen, kept), seen, {guid(1): WORD})


def test_one_that_is_not_in_its_place_decides_before_one_that_is_not_known() -> None:
    """Each is told with what there is; the log's last word stands beside it."""
    declared = stack({**spec(1, "hv1", id=guid(1)), **spec(2, "hv3"), **spec(3, "hv2")})
    seen = inventory(host("hv1"), host("hv2", machine(1, "hv2"), machine(3, "hv2")), silent=("hv3",))
    found = outcome(declared, seen)
    assert (found.proof, found.machines, found.silent) == (Proof.MISSED, 3, ("hv3",))
    assert [(each.label, each.standing, each.proof) for each in found.left] == [
        ("VM001", Standing.MOVE, Proof.MISSED),
        ("VM002", Standing.UNKNOWN, Proof.UNREAD),
    ]
    assert (found.left[0].text, found.left[0].last) == ("host is hv2, declared hv1", WORD)
    berlin = outcome(declared.zoned(ZoneInfo("Europe/Berlin")), seen)
    for each, moment in ((found, "2026-12-01 03:00:00 UTC"), (berlin, "2026-12-01 04:00:00 Europe/Berlin")):
        assert f"; our log: {WORD.source} -> {WORD.to}, {moment}, " in render_outcome(each)


def test_a_machine_that_is_on_its_way_says_so() -> None:
    """It is not there yet; that a job brings it is no proof."""
    source = host("hv2", machine(1, "hv2"), jobs=(job(1, "hv1.lab.example"),))
    found = outcome(stack(spec(1, "hv1")), inventory(host("hv1"), source, host("hv3")))
    assert found.proof == Proof.MISSED
    assert "VM001 is on its way there already" in found.left[0].text


def test_a_name_alone_proves_nothing_while_a_host_is_silent() -> None:
    """Another machine of that name may be meant; the GUID of the last run tells which is."""
    seen = inventory(host("hv1"), host("hv2", machine(1, "hv2")), silent=("hv3",))
    assert outcome(stack(spec(1, "hv1")), seen).proof == Proof.UNREAD
    assert outcome(stack(spec(1, "hv1")), seen, machines={"VM001": guid(1)}).proof == Proof.MISSED


def test_what_is_snoozed_is_listed_and_reached() -> None:
    """With until when, and why."""
    asleep = stack(spec(1, "hv1", snooze=Snooze(until=date(2026, 12, 24), reason="new disks")))
    found = outcome(asleep, inventory(host("hv1"), host("hv2", machine(1, "hv2")), host("hv3")))
    assert found.proof == Proof.REACHED
    assert found.left[0].text == "host is hv2, declared hv1; snoozed until 2026-12-24: new disks"
