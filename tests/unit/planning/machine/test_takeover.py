"""Another machine under a key: taken over by a line of the stack file alone, and only where the old one is gone or declared."""

from __future__ import annotations

import dataclasses

from hyperv_placement.model.finding import Severity, Topic
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Standing, Step
from hyperv_placement.model.stack import VmSpec
from hyperv_placement.planning.plan import plan
from tests.estates import guid, host, inventory, machine, spec, stack


def planned(
    declared: dict[str, VmSpec], known: dict[str, VmId], *vms: int, silent: tuple[str, ...] = ()
) -> Step:
    """Return the first step of a plan over machines of hv1."""
    seen = inventory(host("hv1", *(machine(number) for number in vms)), host("hv2"), silent=silent)
    return plan(stack(declared), seen, Kept(machines=known)).steps[0]


def said(step: Step) -> str:
    """Return what the findings of a step say, with how much it means."""
    return "\n".join(
        f"{each.severity.value}: {each}" for each in step.findings if each.topic == Topic.IDENTITY
    )


def test_a_known_machine_is_found_under_another_name() -> None:
    """It moves as usual, with a word; who has its name now is said and left alone."""
    seen = inventory(host("hv1", machine(1, name="VM001-old"), machine(2, name="VM001")), host("hv2"))
    (step,) = plan(stack(spec(1, "hv2")), seen, Kept(machines={"VM001": guid(1)})).steps
    assert (step.standing, step.vm_id) == (Standing.MOVE, guid(1))
    assert said(step) == (
        f"warning: VM001: the machine {guid(1)} is now named 'VM001-old', the stack file says 'VM001'; 'VM001' is another"
        f" machine now, {guid(2)} on hv1. Write name: 'VM001-old' under VM001 in the stack file"
    )


def test_a_machine_made_anew_under_the_name_of_a_missing_one_is_not_moved() -> None:
    """Missing is the machine that is known; the other one is named with the line that would take it over."""
    seen = inventory(host("hv1", machine(2, name="VM001")), host("hv2"))
    (step,) = plan(stack(spec(1, "hv2")), seen, Kept(machines={"VM001": guid(1)})).steps
    assert (step.standing, step.move) == (Standing.MISSING, None)
    reported = str(step.findings[0])
    assert f"VM001 is missing: no machine with id {guid(1)} (managed under that key) on any" in reported
    assert f"'VM001' is another machine now, {guid(2)} on hv1" in reported
    assert f"bin/placement adopt VM001 --id {guid(2)}" in reported


def test_who_is_missing_may_run_on_a_host_that_the_file_no_longer_names() -> None:
    """Restoring it from a backup at once would make a second machine of it."""
    reported = str(planned(spec(1, "hv2"), {"VM001": guid(1)}).findings[0])
    assert reported.endswith(
        "Look for it on hosts that the stack file does not name before you restore it; or remove the entry"
    )


def test_nothing_is_moved_by_its_name_alone_while_a_host_is_silent() -> None:
    """Another machine of that name may be there; where it is known by GUID, or stays, nothing is said."""
    step = planned(spec(1, "hv2"), {}, 1, silent=("hv3",))
    assert (step.standing, step.move, step.vm) == (Standing.UNKNOWN, None, None)
    assert said(step) == (
        f"warning: VM001 is unknown: {guid(1)} on hv1 has its name and is not as declared, and hv3 did not answer: another"
        " machine of that name may be the one that is meant. If it is the one, say so: bin/placement adopt VM001 --id"
        f" {guid(1)}; if not, run when every host answers"
    )
    assert said(planned(spec(1, "hv2"), {"VM001": guid(1)}, 1, silent=("hv3",))) == ""
    assert said(planned(spec(1, "hv2", id=guid(1)), {}, 1, silent=("hv3",))) == ""
    assert said(planned(spec(1, "hv1"), {}, 1, silent=("hv3",))) == ""
    assert said(planned(spec(1, "hv2"), {}, 1)) == ""


def test_a_declared_id_takes_over_where_the_old_machine_is_gone() -> None:
    """The preview says so, and the machine moves."""
    step = planned(spec(1, "hv2", id=guid(2)), {"VM001": guid(1)}, 2)
    assert step.standing == Standing.MOVE
    assert said(step) == (
        f"warning: VM001: the machine {guid(1)} is on no host any more; {guid(2)} is taken over in its place"
    )


def test_a_declared_id_is_refused_while_the_old_machine_is_there() -> None:
    """The preview says what the run would."""
    step = planned(spec(1, "hv2", id=guid(2)), {"VM001": guid(1)}, 1, 2)
    assert (step.standing, step.findings[0].severity) == (Standing.REFUSED, Severity.REFUSAL)
    assert f"VM001 now means the machine {guid(2)}, this stack manages {guid(1)} under that key" in said(step)
    assert f"and that one is 'VM001' on hv1. Declare it under a key of its own (id: {guid(1)})" in said(step)


def test_it_is_refused_while_nobody_can_say_that_the_old_machine_is_gone() -> None:
    """Silence is not absence."""
    step = planned(spec(1, "hv2", id=guid(2)), {"VM001": guid(1)}, 2, silent=("hv3",))
    assert step.standing == Standing.REFUSED
    assert "may be out of sight: hv3 did not answer" in said(step)


def test_the_old_machine_may_get_a_key_of_its_own() -> None:
    """That line of the stack file says that nothing is forgotten."""
    old = dataclasses.replace(spec(3, "hv1")["VM003"], id=guid(1))
    step = planned({**spec(1, "hv2", id=guid(2)), "VM003": old}, {"VM001": guid(1)}, 1, 2)
    assert step.standing == Standing.MOVE
    assert f"{guid(1)} is declared as VM003 now" in said(step)


def test_two_computers_are_told_by_name_and_firmware() -> None:
    """One name is one computer, unless both tell a UUID and these differ."""
    twin = plan(
        stack(spec(1, "hv1")),
        inventory(host("hv1"), host("hv2", full_name="HV1.lab.example", proven=("hv1.lab.example",))),
    )
    assert [str(each) for each in twin.refusals] == [
        "hv1 and hv2 are one host, hv1.lab.example. Name it once"
    ]
    apart = inventory(host("hv1", uuid="A"), host("hv2", full_name="hv1.lab.example", uuid="B"))
    assert plan(stack(spec(1, "hv1")), apart).refusals == ()


def test_the_command_is_written_as_a_shell_takes_it() -> None:
    """A key may have blanks, or what a shell would read."""
    label = "my vm; rm -rf"
    declared = {label: VmSpec(label=label, name=label, hosts=spec(1, "hv2")["VM001"].hosts)}
    seen = inventory(host("hv1", machine(2, name=label)), host("hv2"))
    (step,) = plan(stack(declared), seen, Kept(machines={label: guid(1)})).steps
    assert step.findings[0].remedy.endswith(f"bin/placement adopt 'my vm; rm -rf' --id {guid(2)}")
