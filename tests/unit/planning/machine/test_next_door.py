"""Machines that another stack declares as well, or has on its hosts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.plan import Standing
from hyperv_placement.model.siblings import Sibling, SiblingEntry, Siblings
from hyperv_placement.planning.machine.next_door import known_of, where
from hyperv_placement.planning.plan import plan
from tests.estates import guid, host, inventory, machine, spec, stack

RAN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def entry(name: str, machine_id: VmId | None = None, of: str = "site7") -> SiblingEntry:
    """Return line 12 of a file of a sibling."""
    return SiblingEntry(
        stack=of, label=name, name=name, id=machine_id, path=Path(f"stacks/{of}.yaml"), line=12
    )


def site7(*entries: SiblingEntry, **more: object) -> Sibling:
    """Return a sibling that has hv1, too."""
    values = {"stack": "site7", "entries": entries, "hosts": frozenset({HostName("hv1")}), "at": RAN, **more}
    return Sibling(**values)  # type: ignore[arg-type]


def beside(*siblings: Sibling) -> Kept:
    """Return what is known: VM001 by its GUID, and these siblings."""
    return Kept(machines={"VM001": guid(1)}, siblings=Siblings(read=siblings))


GONE = inventory(host("hv1", machine(2)), host("hv2"), host("hv3"))


def test_a_machine_that_another_stack_has_is_missing_with_where_it_is() -> None:
    """Its entry goes there, or where it stands there already, goes here; the stack whose run was last is named."""
    there = site7(places={guid(1): HostName("hv9")})
    older = replace(there, stack="site2", at=RAN - timedelta(days=9), places={guid(1): HostName("hv5")})
    (step,) = plan(stack(spec(1, "hv1")), GONE, beside(older, there)).steps
    (finding,) = step.findings
    assert step.standing == Standing.MISSING
    assert finding.text.endswith("; it is on site7's hv9 (by its last run, 2026-11-30 12:00 UTC)")
    berlin = stack(spec(1, "hv1")).zoned(ZoneInfo("Europe/Berlin"))
    (step,) = plan(berlin, GONE, beside(older, there)).steps
    assert step.findings[0].text.endswith("(by its last run, 2026-11-30 13:00 Europe/Berlin)")
    assert finding.remedy.startswith("Move its entry to the file of stack site7, whose next run adopts it")
    declared = site7(entry("VM001", guid(1)), places={guid(1): HostName("hv9")})
    (step,) = plan(stack(spec(1, "hv1")), GONE, beside(declared)).steps
    assert step.findings[0].remedy.startswith(
        "stacks/site7.yaml:12 (vms.VM001) declares it: remove the entry here"
    )


def test_where_nobody_is_known_to_have_it_its_hosts_can_be_asked() -> None:
    """With siblings alone; what their hosts show counts before what last runs have kept."""
    (step,) = plan(stack(spec(1, "hv1")), GONE, beside(site7())).steps
    remedy = step.findings[0].remedy
    assert remedy.partition("Ask the hosts of the other stacks for it: ")[2].endswith(" --siblings"), remedy
    (step,) = plan(stack(spec(1, "hv1")), GONE, beside()).steps
    assert "--siblings" not in step.findings[0].remedy
    shown = Siblings(read=(site7(places={guid(1): HostName("hv9")}, shown={guid(1): HostName("hv8")}),))
    (place,) = shown.places(guid(1))
    assert (where(place, UTC), place.asked) == ("is on site7's hv8", True)


def test_a_machine_of_two_files_is_warned_of_and_moves_all_the_same() -> None:
    """Whoever takes an entry along in two commits is not stopped."""
    seen = inventory(host("hv1", machine(1)), host("hv2"), host("hv3"))
    planned = plan(stack(spec(1, "hv2")), seen, beside(site7(entry("vm001"))))
    (finding,) = planned.findings
    assert (finding.id, finding.refuses) == ("machine-in-two-stacks", False)
    assert finding.text == (
        "VM001 is declared in stacks/site7.yaml:12 (vms.vm001) as well: each run would move it to its own side"
    )
    assert [step.standing for step in planned.steps] == [Standing.MOVE]


def test_what_others_know_of_a_machine_that_is_not_declared_here() -> None:
    """Who declares it, else who has managed it, else whose entry may mean it."""
    stray = machine(5, "hv2")
    assert (
        known_of(stray, Siblings(read=(site7(entry("X", guid(5))),)))
        == "; stacks/site7.yaml:12 (vms.X) declares it"
    )
    assert known_of(stray, Siblings(read=(site7(places={guid(5): HostName("hv9")}),))) == (
        "; stack site7 has managed it on its hv9"
    )
    # hv2 is no host of site7: by its name it may be another machine.
    assert known_of(stray, Siblings(read=(site7(entry("VM005")),))) == (
        "; stacks/site7.yaml:12 (vms.VM005) declares a machine of that name, whose GUID is not known here"
    )
    assert known_of(stray, Siblings(read=(site7(entry("VM006")),))) == ""
