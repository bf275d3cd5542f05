"""Faults at the end of a job: what the job says, where the machine and its files are, what is left."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.commands import arguments
from lab.estate.spec import EstateSpec
from lab.world import LabJob, vmms
from lab.world.faults import KINDS, Fault
from lab.world.restart import resume

from .conftest import Stage, estate, machine

Make = Callable[[EstateSpec], Stage]
PAGE = Path(__file__).parents[3] / "docs" / "lab.md"


@pytest.fixture
def made(stage: Make) -> Stage:
    """One machine on hv1."""
    return stage(estate(machine("WEB01")))


def moved_under(made: Stage, *kinds: str, **more: object) -> LabJob:
    """Move the machine to hv2 while these rules stand, and return the ended job."""
    for kind in kinds:
        made.world.faults.add(Fault(id=0, kind=kind, left=1, **more))  # type: ignore[arg-type]
    job = made.start_everything("WEB01", "hv2.lab.example", with_checkpoints=True)
    made.pass_time(9)
    assert not job.running
    assert [each for each in made.world.state.violations if "on 2 hosts" not in each["what"]] == []
    assert all(rule.left == 0 for rule in made.world.faults.rules)
    return job


def test_a_job_may_deny_what_it_has_done(made: Stage) -> None:
    """Exception, and the machine is at its destination with all its files."""
    before = made.sums("WEB01")
    job = moved_under(made, "fails-moved", text="The network name is gone. (0x80070040)")
    assert (job.state, job.error_code, job.errors[-1]) == (
        10,
        32768,
        "The network name is gone. (0x80070040)",
    )
    assert (made.vm("WEB01").host, made.sums("WEB01")) == ("hv2", before)


def test_a_job_may_complete_with_an_error_code(made: Stage) -> None:
    """Completed says one thing, ErrorCode another."""
    job = moved_under(made, "completes-with-code", code=32775)
    assert (job.state, job.error_code, made.vm("WEB01").host) == (7, 32775, "hv2")


def test_a_job_may_complete_and_move_nothing(made: Stage) -> None:
    """The machine is where it was, and the destination has nothing of it."""
    files = made.files_of("hv1")
    job = moved_under(made, "completes-unmoved")
    assert (job.state, job.error_code, made.vm("WEB01").host) == (7, 0, "hv1")
    assert made.files_of("hv1") == files
    assert not any("WEB01" in file for file in made.files_of("hv2"))


def test_a_job_may_warn_in_several_lines(made: Stage) -> None:
    """Each is a line of its own."""
    job = moved_under(made, "migration-warns", text="One. | Two.")
    assert (job.state, job.errors) == (32768, ["One.", "Two."])


def test_disks_may_stay_at_the_source(made: Stage) -> None:
    """The files lie at both hosts, the machine is at one."""
    files = made.files_of("hv1")
    moved_under(made, "disks-left")
    assert made.vm("WEB01").host == "hv2"
    assert made.files_of("hv1") == files


def test_a_machine_may_be_at_both_hosts(made: Stage) -> None:
    """The worst that a client can see."""
    moved_under(made, "source-stays")
    assert [(vm.host, vm.operational_activity) for vm in made.world.vms()] == [("hv1", None), ("hv2", None)]


def test_what_somebody_does_meanwhile_befalls_the_machine_that_has_arrived(made: Stage) -> None:
    """Where the source has stayed as well, that one is left."""
    moved_under(made, "source-stays", "vm-deleted")
    assert [vm.host for vm in made.world.vms()] == ["hv1"]


def test_nobody_moves_a_machine_to_a_host_without_memory_for_it(made: Stage) -> None:
    """As a live migration there would be refused, it stays where it has come to."""
    made.world.hosts["hv3"].memory_mib -= made.world.memory_free_mib("hv3") - 1024
    moved_under(made, "vm-moved-on")
    assert made.vm("WEB01").host == "hv2"


@pytest.mark.parametrize("kinds", [("planned-left",), ("planned-left", "migration-fails")])
def test_a_planned_machine_may_stay(made: Stage, kinds: tuple[str, ...]) -> None:
    """After a success as after a failure, over a restart too, until somebody destroys it."""
    moved_under(made, *kinds)
    world = resume(made.world.home, clock=made.clock)
    (vm,) = world.vms()
    assert vm.host == ("hv1" if len(kinds) > 1 else "hv2")
    assert world.hosts["hv2"].planned.keys() == {vm.id}
    assert vmms.destroy_planned(world, "hv2", vm.id, "LAB\\tester") == 0
    assert not world.hosts["hv2"].planned


def test_somebody_may_do_something_to_a_machine_meanwhile(made: Stage) -> None:
    """It has another name, its guest is down and does not answer: the job has succeeded."""
    job = moved_under(made, "vm-renamed", "vm-turned-off", "heartbeat-lost")
    vm = made.vm("WEB01-old")
    assert (job.state, vm.host, vm.enabled_state, vm.heartbeat) == (7, "hv2", 3, False)


@pytest.mark.parametrize("checkpoints", [(), ("before the update",)])
@pytest.mark.parametrize("host", ["", "hv3"])
def test_a_machine_may_have_gone_on(stage: Make, host: str, checkpoints: tuple[str, ...]) -> None:
    """To a third host, with all its files, those of its checkpoints included."""
    made = stage(estate(machine("WEB01", checkpoints=list(checkpoints))))
    before = made.sums("WEB01")
    assert len(before) == 1 + len(checkpoints)
    assert None not in before
    moved_under(made, "vm-moved-on", text=host)
    assert (made.vm("WEB01").host, made.sums("WEB01")) == ("hv3", before)


def test_a_machine_may_be_gone(made: Stage) -> None:
    """Its files stay where they are."""
    moved_under(made, "vm-deleted")
    assert made.world.vms() == []
    assert any("WEB01.vhdx" in file for file in made.files_of("hv2"))


def test_the_page_has_every_fault_with_an_example_that_the_command_takes() -> None:
    """A row each, and what stands there is understood."""
    rows = re.findall(
        r"^\| `([a-z-]+)` \|.*\| `bin/lab (fault add .*)` \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    assert {kind for kind, _ in rows} == set(KINDS)
    for kind, example in rows:
        given = arguments.parser().parse_args(shlex.split(example.replace("\\|", "|")))
        assert arguments.fault_of(given)["kind"] == kind


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        ("vm-renamed", None, "2024"),
        ("password-changed", None, "2024"),
        ("refuse-start", 2024, None),
        ("fails-moved", 2024, None),
    ],
)
def test_a_name_or_a_password_of_digits_is_no_code(kind: str, code: int | None, text: str | None) -> None:
    """Codes are for the kinds that show one."""
    found = arguments.fault_of(arguments.parser().parse_args(["fault", "add", kind, "--error", "2024"]))
    assert (found["code"], found["text"]) == (code, text)
