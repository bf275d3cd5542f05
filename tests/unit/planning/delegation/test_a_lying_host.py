"""One host of three lies: machine by machine what a plan may still do, and who is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hyperv_placement.model.estate import Host, MigrationJob, VirtualMachine
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Away
from hyperv_placement.planning.plan import plan
from tests.estates import disk, guid, host, inventory, job, machine, spec, stack

SHARE = "\\\\sofs.lab.example\\vms\\VM002"
HERE = {"proven": ("hv1.lab.example",), "uuid": "A"}
KNOWN = Kept(machines={f"VM00{n}": guid(n) for n in (1, 2, 3, 4)})
"""VM001 and VM004 are the liar's own: the one stays, the other shall leave it."""


def _plan(liar: Host, known: Kept = KNOWN, **truth: Any) -> Plan:
    two, three = machine(2, "hv2", SHARE), machine(3, "hv3")
    declared = {**spec(1, "hv1"), **spec(2, "hv3"), **spec(3, "hv2"), **spec(4, "hv2")}
    seen = inventory(liar, host("hv2", two, uuid="B", **truth), host("hv3", three, uuid="C"))
    return plan(stack(declared), seen, known)


def _liar(*more: VirtualMachine, jobs: tuple[MigrationJob, ...] = (), **facts: Any) -> Host:
    return host("hv1", machine(1), machine(4), *more, jobs=jobs, **{**HERE, **facts})


def _standings(found: Plan) -> list[Standing]:
    return [step.standing for step in found.steps]


MOVES = [Standing.IN_PLACE, Standing.MOVE, Standing.MOVE, Standing.MOVE]
FOREIGN_PREPARES = replace(job(2, "hv1.lab.example"), job_type=304)
LIES: dict[str, Host] = {
    "nothing": _liar(),
    "another's name": _liar(full_name="hv2.lab.example", computer_name="HV2"),
    "another's name and firmware": _liar(full_name="hv2.lab.example", computer_name="HV2", uuid="B"),
    "another's firmware": _liar(uuid="B"),
    "a controller's name": _liar(full_name="dc1.lab.example", computer_name="DC1"),
    "a file server's short name": _liar(computer_name="SOFS"),
    "migrations of another's machines": _liar(jobs=(job(2, "hv1.lab.example"), job(3, "hv9.lab.example"))),
    "checks of another's machine": _liar(jobs=(FOREIGN_PREPARES,)),
    "a migration of a machine that nobody has": _liar(jobs=(job(9, "hv2.lab.example"),)),
    "files that another's machine will have": _liar(
        jobs=(job(2, "hv2.lab.example", "D:\\Hyper-V\\VM003\\Virtual Hard Disks\\os.vhdx"),)
    ),
    "another's machines as planned": _liar(planned=(guid(2), guid(3))),
    "another's files on a share": _liar(machine(5, "hv1", disks=(disk(5, f"{SHARE}\\Virtual Hard Disks\\os.vhdx"),))),
    "another's cluster and all its names for switches": _liar(cluster="CL1", switches=("external", "VM002")),
    "no memory and no volume": _liar(memory_free_mib=0, volumes=()),
    "machines with others' names": _liar(machine(6, "hv1", name="VM002"), machine(7, "hv1", name="vm003")),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=list(LIES))
def test_the_machines_of_the_others_move_between_them_whatever_one_host_says(lie: str) -> None:
    """And its own may leave it: nothing that it says of others stands against anybody."""
    found = _plan(LIES[lie])
    assert _standings(found) == MOVES, [str(f) for step in found.steps for f in step.findings]
    assert found.refusals == ()
    assert len(found.starts) == 3


def test_a_machine_that_two_hosts_report_is_unknown_and_both_are_named() -> None:
    """It alone is left alone; that one of the two has it is true, and nobody can tell which."""
    found = _plan(_liar(machine(2, "hv1", SHARE), realized=(guid(1), guid(2), guid(4))), realized=(guid(2),))
    assert _standings(found) == [Standing.IN_PLACE, Standing.AMBIGUOUS, Standing.MOVE, Standing.MOVE]
    assert found.refusals == ()
    reported = [str(each) for each in found.findings]
    assert sum("hv1 reports what hv2 reports too: VM002 with one GUID" in each for each in reported) == 1


@pytest.mark.parametrize("declared", ["hv1", "hv3"])
@pytest.mark.parametrize(("last", "known"), [("hv2", False), ("hv1", True), (None, True)])
def test_a_machine_whose_last_host_is_silent_is_not_taken_from_another_one(
    declared: str, last: str | None, known: bool
) -> None:
    """It may be a copy, or that host's word alone: neither in place nor moved. Where it was last there, it is what it was."""
    places = {} if last is None else {guid(2): HostName(last)}
    seen = inventory(_liar(machine(2, "hv1")), host("hv3", uuid="C"), silent=("hv2",))
    (step,) = plan(stack(spec(2, declared)), seen, replace(KNOWN, places=places)).steps
    assert (step.standing != Standing.UNKNOWN) is known
    if not known:
        assert step.move is None
        (finding,) = step.findings
        assert "hv1 reports it, but the last run left it on hv2, which is not read now" in finding.text
        assert "hosts.hv2.away" in finding.remedy


def test_a_machine_that_was_taken_off_a_host_before_it_went_is_believed_where_that_is_declared() -> None:
    """And one whose last host is no more in the stack file."""
    known = replace(KNOWN, places={guid(2): HostName("hv2")})
    seen = inventory(_liar(machine(2, "hv1")), host("hv3", uuid="C"), silent=("hv2",))
    meant = stack(spec(2, "hv1"))
    away = Away(until=date(2026, 12, 1), reason="a new mainboard")
    hosts = {**meant.hosts, HostName("hv2"): replace(meant.hosts[HostName("hv2")], away=away)}
    assert plan(replace(meant, hosts=hosts), seen, known).steps[0].standing == Standing.IN_PLACE
    gone = {name: each for name, each in meant.hosts.items() if name != "hv2"}
    there = inventory(_liar(machine(2, "hv1")), host("hv3", uuid="C"))
    assert plan(replace(meant, hosts=gone), there, known).steps[0].standing == Standing.IN_PLACE


def test_a_host_that_speaks_for_anothers_machine_is_named() -> None:
    """Once, with the host whose word counts."""
    reported = [str(each) for each in _plan(LIES["migrations of another's machines"]).findings]
    assert (
        sum("hv1 reports migrations of VM002, which hv2 has: hv2's word counts" in each for each in reported)
        == 1
    )
    assert (
        sum("hv1 reports migrations of VM003, which hv3 has: hv3's word counts" in each for each in reported)
        == 1
    )


def test_nothing_goes_to_a_host_whose_name_is_its_own_word_alone() -> None:
    """Said once with what to write, however many machines it is about; the others go on."""
    declared = {**spec(1, "hv1"), **spec(2, "hv1"), **spec(3, "hv1"), **spec(4, "hv3")}
    unproven = host("hv1", machine(1), machine(4), proven=())
    seen = inventory(unproven, host("hv2", machine(2, "hv2")), host("hv3", machine(3, "hv3")))
    found = plan(stack(declared), seen, KNOWN)
    assert _standings(found) == [Standing.IN_PLACE, Standing.REFUSED, Standing.REFUSED, Standing.MOVE]
    reported = [
        str(each) for each in found.findings if "write account: hv1.lab.example under hosts.hv1" in str(each)
    ]
    assert len(reported) == 1


def test_two_hosts_of_one_unproven_name_stop_nobody_else() -> None:
    """Which of them it is nobody can tell: nothing goes to either, and what the third has may leave it for nowhere else."""
    one, two = (
        host(name, machine(number, name), full_name="hv1.lab.example", proven=())
        for name, number in (("hv1", 1), ("hv2", 2))
    )
    declared = {**spec(1, "hv1"), **spec(2, "hv3"), **spec(3, "hv2")}
    found = plan(stack(declared), inventory(one, two, host("hv3", machine(3, "hv3"))), KNOWN)
    assert _standings(found) == [Standing.IN_PLACE, Standing.MOVE, Standing.REFUSED]
    assert found.refusals == ()
    assert any("hv1 reports what hv2 reports too, the name hv1.lab.example" in str(f) for f in found.findings)


def test_a_recorded_inventory_has_no_word_on_what_is_declared() -> None:
    """What its run proved is in it; one of before that was noted says neither, and only a start can tell."""
    old = inventory(host("hv1", machine(1), proven=None), host("hv2"))
    step = plan(stack(spec(1, "hv2")), old).steps[0]
    assert step.standing == Standing.MOVE
    unnoted = inventory(host("hv1", machine(1)), host("hv2", proven=None))
    found = plan(stack(spec(1, "hv2")), unnoted)
    assert found.steps[0].standing == Standing.MOVE
    assert any(
        "what proved it was not recorded: a move to it starts only" in str(each) for each in found.findings
    )


def test_hosts_of_an_old_recording_have_one_warning_together() -> None:
    """A line for each of forty hosts would hide what else the plan warns of."""
    old = inventory(host("hv1", machine(1), machine(2)), host("hv3", proven=None), host("hv2", proven=None))
    found = plan(stack({**spec(1, "hv3"), **spec(2, "hv2")}), old)
    assert _standings(found) == [Standing.MOVE, Standing.MOVE]
    (said,) = [each for each in found.findings if each.id == "host-name-unproven"]
    assert said.text.startswith("What proved the names of 2 hosts (hv2, hv3) was not recorded: ")


@pytest.mark.parametrize("uuid", ["A", "B"])
def test_two_hosts_of_one_proven_name_stop_everything_by_name(uuid: str) -> None:
    """Only what is forged, or a certificate that two hosts share, gets there: neither is chosen."""
    twin = _liar(full_name="hv2.lab.example", proven=("hv2.lab.example",), uuid=uuid)
    refused = _plan(twin).refusals
    assert len(refused) == 1
    assert "hv1" in refused[0].text
    assert "hv2" in refused[0].text
