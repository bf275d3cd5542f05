"""The migrations that run on all hosts, ours and others', and ending one of them: its machine is proven to be somewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hyperv_placement.errors import MigrationFailedError
from hyperv_placement.model.running_job import RunningJob
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.cancel_job import CancelError, Cancelled, cancel, check_whose, job_to_cancel
from hyperv_placement.operations.jobs import read_jobs
from hyperv_placement.report.jobs_text import render_jobs
from hyperv_placement.stackfile import load
from lab.world import person
from tests.unit.lab.conftest import estate, machine

from .conftest import Behind, Fabric, FastClock, Maker, until

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on hv1."""
    return make_fabric(estate(machine("WEB01"), machine("WEB02")))


def declared(fabric: Fabric, tmp_path: Path) -> Stack:
    """A stack file of both."""
    path = tmp_path / "made.yaml"
    hosts = "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in fabric.world.hosts.items())
    path.write_text(
        f"hosts:\n{hosts}vms:\n  WEB01: {{host: hv1}}\n  WEB02: {{host: hv1}}\n", encoding="utf-8"
    )
    return load(path)


def moving(fabric: Fabric, name: str, *, at: int) -> Behind:
    """Have a run of ours move a machine to hv2, which comes as far as `at` percent."""
    fabric.fault("stall", vm=name, after=at)
    move = fabric.order(name, "hv2")
    run = fabric.behind(lambda: fabric.run(move))
    until(lambda: any(job.vm_name == name and job.percent >= at for job in fabric.world.state.jobs))
    return run


def jobs(fabric: Fabric) -> Mapping[str, RunningJob]:
    """Return what is seen to run, by machine."""
    return {job.name: job for job in read_jobs(fabric.estate, fabric.audit).jobs}


def ended(fabric: Fabric, job: RunningJob, say: Callable[[str], None] = lambda _text: None) -> Cancelled:
    """Cancel a job and return what has become of it."""
    return cancel(job, fabric.estate, fabric.clock, say)


def test_each_migration_is_shown_with_whose_it_is(fabric: Fabric) -> None:
    """A run of ours by the audit log, a person's by the account that the host names; a host that is silent is unknown."""
    run = moving(fabric, "WEB01", at=40)
    fabric.fault("stall", vm="WEB02", after=20)
    person.move(fabric.world, "WEB02", "hv3")
    until(lambda: jobs(fabric).get("WEB02") is not None and (jobs(fabric)["WEB02"].percent or 0) >= 20)
    found = jobs(fabric)
    ours, theirs = found["WEB01"], found["WEB02"]
    assert ours.ours is not None
    assert (ours.ours.stack, ours.source, ours.to, ours.kind, ours.percent) == (
        "log",
        "hv1",
        "hv2",
        "both",
        40,
    )
    assert ours.pace is not None
    assert ours.left is not None
    assert (theirs.ours, theirs.to, theirs.owner) == (None, "hv3", "LAB\\operator")
    fabric.fault("host-down", host="hv3")
    read = read_jobs(fabric.estate, fabric.audit)
    assert [host.name for host in read.silent] == ["hv3"]
    text = render_jobs(read)
    assert "hv3 did not answer, what runs there is unknown" in text
    table = text.splitlines()[:3]
    assert all(len(line) <= 80 for line in table)
    assert "40 %" in table[1]
    fabric.world.faults.clear()
    run.join()


def test_a_move_of_ours_is_ended_where_it_was(fabric: Fabric, tmp_path: Path) -> None:
    """Its files at the destination are gone, its disks as they were, and the run that follows it says where it is."""
    sums = fabric.sums("WEB01")
    run = moving(fabric, "WEB01", at=40)
    job = job_to_cancel(declared(fabric, tmp_path), "WEB01", fabric.estate, fabric.audit)
    assert isinstance(job, RunningJob)
    check_whose(job, others=False)
    done = ended(fabric, job)
    assert (done.proven, done.host, done.moved, done.left) == (True, "hv1", False, ())
    assert "its files where they were" in done.text
    with pytest.raises(MigrationFailedError, match="it is on hv1, running"):
        run.join()
    assert (fabric.lab_vm("WEB01").host, fabric.sums("WEB01")) == ("hv1", sums)
    assert len(fabric.log("start")) == 1, "a cancelled move is not begun anew"
    again = job_to_cancel(declared(fabric, tmp_path), "WEB01", fabric.estate, fabric.audit)
    assert isinstance(again, Cancelled)
    assert (again.proven, again.host) == (True, "hv1")


def cleared(fabric: Fabric) -> None:
    """Let every job go on."""
    fabric.world.faults.clear()


def test_a_cancellation_that_comes_too_late_is_proven_at_the_destination(fabric: Fabric) -> None:
    """The host has heard, and was done first: it is a move that was made."""
    run = moving(fabric, "WEB01", at=60)
    fabric.fault("cancel-ignored", vm="WEB01")
    done = ended(fabric, jobs(fabric)["WEB01"], lambda _text: cleared(fabric))
    assert (done.proven, done.host, done.moved) == (True, "hv2", True)
    assert "done before it could be cancelled" in done.text
    run.join()


def test_a_migration_about_to_switch_is_not_asked(fabric: Fabric) -> None:
    """Its host says that it cannot be cancelled any more: it goes on, and that is said."""
    run = moving(fabric, "WEB01", at=97)
    with pytest.raises(CancelError, match=r"does not let .* be cancelled now \(97 %\): it goes on"):
        ended(fabric, jobs(fabric)["WEB01"])
    assert not fabric.log("cancel")
    fabric.world.faults.clear()
    run.join()
    assert fabric.lab_vm("WEB01").host == "hv2"


def test_others_are_left_alone_unless_they_are_meant(fabric: Fabric) -> None:
    """No audit log says that a run of ours has begun it."""
    fabric.fault("stall", vm="WEB02", after=20)
    person.move(fabric.world, "WEB02", "hv3")
    until(lambda: "WEB02" in jobs(fabric))
    theirs = jobs(fabric)["WEB02"]
    with pytest.raises(CancelError, match=r"LAB\\operator.*--others"):
        check_whose(theirs, others=False)
    check_whose(theirs, others=True)
    assert ended(fabric, theirs).host == "hv1"


class Hasty(FastClock):
    """Its seconds pass a hundred times as fast as the machine's."""

    def now(self) -> float:
        """Return hasty seconds."""
        return super().now() * 10

    def wait(self, seconds: float, until: threading.Event | None = None) -> bool:
        """Wait a part of `seconds`."""
        return super().wait(seconds / 10, until)


def silenced(fabric: Fabric, host: str) -> None:
    """Have a host take no connections any more."""
    fabric.fault("host-down", host=host)


def test_a_silent_destination_leaves_it_unproven(fabric: Fabric) -> None:
    """What it holds is not known, however the job ended at the source."""
    run = moving(fabric, "WEB01", at=40)
    job = jobs(fabric)["WEB01"]
    done = cancel(job, fabric.estate, Hasty(), lambda _text: silenced(fabric, "hv2"))
    assert (done.proven, done.host) == (False, None)
    assert "on hv1, running" in done.text
    assert "not known" in done.text
    fabric.world.faults.clear()
    with pytest.raises(MigrationFailedError):
        run.join()


def test_a_word_that_fits_no_machine_ends_nothing(fabric: Fabric, tmp_path: Path) -> None:
    """It may be a slip of the keyboard."""
    with pytest.raises(CancelError, match="not seen on one host alone"):
        job_to_cancel(declared(fabric, tmp_path), "WEB09", fabric.estate, fabric.audit)
