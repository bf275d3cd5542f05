"""How a move can end, by the run that meets it and the run after it; docs/outcomes.md has a row for each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from lab.estate.drives import add_checkpoint
from lab.estate.generated import generate
from lab.storage.vhdx import write_vhdx
from lab.world import LabVm, World, person, power, vmms
from lab.world.objects import PAUSED, SAVED
from lab.world.plan_files import configuration_files
from tests.sweep.moves import KINDS
from tests.sweep.story import Story, told

pytestmark = pytest.mark.lab
Tell = Callable[..., Story]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that keeps its certificates from story to story."""
    return tmp_path_factory.mktemp("outcomes")


@pytest.fixture
def tell(home: Path) -> Iterator[Tell]:
    """Return a maker of stories, of a move of the kind that is named."""
    with ExitStack() as open_:
        yield lambda kind="host": open_.enter_context(told(KINDS[kind], home))


def failed(story: Story, **more: object) -> str:
    """Run, and return the one error with which the run ends."""
    run = story.up(**more)  # type: ignore[arg-type]
    (error,) = run.errors
    return error


def finished(story: Story, host: str = "hv2") -> None:
    """Run, and see the machine where it is declared, as it was but for that."""
    assert story.up().errors == []
    assert story.vm().host == host
    assert story.unharmed()


def written(vm: LabVm, world: World) -> None:
    """Write what a machine has got of files."""
    rng = random.Random(vm.name)  # noqa: S311 - the content of disks is no secret
    for disk in vm.disks:
        path = world.files.real(vm.host, disk.path)
        if not path.exists():
            write_vhdx(path, disk_id=vm.id, virtual_bytes=disk.virtual_bytes, rng=rng, contents=4096)
    for name in configuration_files(vm, vm.roots):
        path = world.files.real(vm.host, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.outcome
def test_cancelled_by_a_person_at_the_host(tell: Tell) -> None:
    """The job ends where somebody has cancelled it, and the next run moves: the file still wants it."""
    story = tell()
    story.at(40, lambda world: [vmms.cancel(world, job.id) for job in world.state.jobs])
    said = failed(story)
    assert "The operation was canceled. (0x800704C7); it is on hv1, running" in said
    assert "Ask who did" in said
    finished(story)
    assert story.jobs() == 2


@pytest.mark.outcome
def test_the_destination_is_full_at_80_percent(tell: Tell) -> None:
    """The host clears up its copy; until there is room the next run orders nothing."""
    story = tell()
    story.fault("disk-fills", host="hv2", after=80)
    said = failed(story)
    assert "There is not enough space on the disk. (0x80070070); it is on hv1, running" in said
    assert story.up().code == 1
    assert story.jobs() == 1
    story.world.faults.clear()
    finished(story)


@pytest.mark.all  # test_job_ends has its first run, or one like it
@pytest.mark.outcome
def test_a_job_that_times_out(tell: Tell) -> None:
    """In the host's words, with where to look."""
    story = tell()
    story.fault("migration-fails", "WEB01", after=60, text="The operation timed out. (0x800705B4)")
    assert "The operation timed out. (0x800705B4); it is on hv1, running" in failed(story)
    finished(story)


@pytest.mark.outcome
def test_the_source_is_restarted_in_the_middle(tell: Tell) -> None:
    """What the host says after it is back counts; the machine has run on all the while."""
    story = tell()
    story.at(40, lambda _: story.fault("host-restarts", host="hv1", seconds=20.0))
    assert "The Virtual Machine Management Service stopped while the migration was running" in failed(story)
    finished(story)


@pytest.mark.outcome
def test_the_destination_falls_silent_in_the_middle(tell: Tell) -> None:
    """The job has ended, the machine is not where it was, and nobody calls that a success or a failure."""
    story = tell()
    story.at(40, lambda _: story.fault("host-down", host="hv2"))
    said = failed(story)
    assert "its job has ended, and what it has done could not be read: it is not on hv1" in said
    assert "is unknown" in failed(story)
    story.world.faults.clear()
    finished(story)
    assert story.jobs() == 1


@pytest.mark.all  # test_job_ends has its first run, or one like it
@pytest.mark.outcome
def test_on_both_hosts(tell: Tell) -> None:
    """Nothing is done with either until a person knows whose disks are current."""
    story = tell()
    story.fault("source-stays", "WEB01")
    assert "it is still on hv1 as well; it is on hv1, running and on hv2, running" in failed(story)
    assert "exists more than once, with one GUID" in failed(story)
    assert story.jobs() == 1


@pytest.mark.outcome
def test_deleted_meanwhile(tell: Tell) -> None:
    """Every host has answered, twice: missing, and never 0."""
    story = tell()
    story.fault("vm-deleted", "WEB01")
    assert "it is not on hv2; it is on none of 2 hosts" in failed(story)
    said = failed(story)
    assert "is missing: no machine with id" in said
    assert "Look for it on hosts that the stack file does not name" in said


@pytest.mark.all  # test_job_ends has its first run, or one like it
@pytest.mark.outcome
def test_renamed_meanwhile(tell: Tell) -> None:
    """It is the same machine by its GUID: moved once, and in its place in the next run."""
    story = tell()
    story.fault("vm-renamed", "WEB01", text="OLD")
    run = story.up()
    assert run.errors == []
    assert any("it is now named OLD" in line for line in run.said)
    assert story.up().errors == []
    assert (story.vm("OLD").host, story.jobs()) == ("hv2", 1)


@pytest.mark.outcome
@pytest.mark.parametrize("state", [SAVED, PAUSED])
def test_saved_or_paused_before_the_order(tell: Tell, state: int) -> None:
    """A person was at it since the plan: it moves as it is, and that it does not run is said, not undone."""
    story = tell()

    def stop(world: World) -> None:
        wanted = power.OFFLINE if state == SAVED else power.QUIESCE
        assert not isinstance(vmms.request_state(world, "hv1", story.vm().id, wanted, "LAB\\alice"), int)
        story.pass_on(5)

    run = story.up(before_the_move=stop)
    assert run.errors == []
    assert (story.vm().host, story.vm().enabled_state) == ("hv2", state)
    finished(story)
    assert story.jobs() == 1


@pytest.mark.outcome
def test_a_checkpoint_made_since_the_plan(tell: Tell) -> None:
    """An order would leave its files behind; the next plan has them."""
    story = tell()

    def freeze(world: World) -> None:
        vm = story.vm()
        add_checkpoint(vm, "since", random.Random(1), world.clock)  # noqa: S311 - GUIDs of a lab are no secret
        written(vm, world)

    assert "has changed on hv1 since it was looked at: it has" in failed(story, before_the_move=freeze)
    assert story.up().errors == []
    assert (story.vm().host, len(story.vm().checkpoints), story.jobs()) == ("hv2", 1, 1)


@pytest.mark.outcome
def test_a_disk_added_since_the_plan(tell: Tell) -> None:
    """It is not parted from its machine: the next run takes it along."""
    story = tell()

    def add(world: World) -> None:
        vm = story.vm()
        path = vm.disks[0].path.replace("WEB01.vhdx", "new.vhdx")
        vm.disks.append(replace(vm.disks[0], location=1, path=path, disk_id="1"))
        written(vm, world)

    assert "has changed on hv1 since it was looked at: it has" in failed(story, before_the_move=add)
    assert story.up().errors == []
    assert (story.vm().host, len(story.vm().disks), story.jobs()) == ("hv2", 2, 1)


@pytest.mark.outcome
@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("password-changed", "hv1 refused the credential"),
        ("certificate-changed", "The certificate of hv1 is not trusted"),
    ],
)
def test_the_host_does_not_know_us_any_more(tell: Tell, kind: str, cause: str) -> None:
    """Said at once; the job is nobody's failure, and is followed once the host can be read again."""
    story = tell()
    story.at(40, lambda _: story.fault(kind, host="hv1", text="Another1!"))
    said = failed(story)
    assert cause in said
    assert "what its job does now is not known (it was at" in said
    assert story.up().code == 1
    story.world.faults.clear()
    finished(story)
    assert story.jobs() == 1


@pytest.mark.all  # test_spoilt_answers has it, too
@pytest.mark.outcome
def test_the_clock_of_a_host_jumps(tell: Tell) -> None:
    """Nothing goes by it."""
    story = tell()
    story.at(40, lambda _: story.fault("clock-jumps", host="hv1", seconds=-7200.0))
    finished(story)
    assert story.audited() == ["start", "end"]


@pytest.mark.outcome
def test_the_first_leg_is_done_and_the_second_is_not(tell: Tell) -> None:
    """Two machines change places over a parking folder: what is left of the way is what the next run goes."""
    story = tell("parking")
    story.fault("migration-fails", "B", after=60, text="Gone. (0x80070040)")
    first = story.up()
    assert any("B (hv2 -> hv1) failed: " in error for error in first.errors)
    assert any("A is not started: it needs the room that B was to free" in error for error in first.errors)
    parked = {name: story.vm(name).host for name in "AB"}
    begun = len(story.log("start"))
    assert story.up().errors == []
    assert {name: story.vm(name).host for name in "AB"} == {"A": "hv2", "B": "hv1"} != parked
    assert len(story.log("start")) == begun + 2
    assert story.unharmed()


@pytest.mark.outcome
def test_disks_have_moved_and_the_host_has_not(tell: Tell) -> None:
    """Storage first, as a person did by hand, then the host: the next run moves what is left, and nothing twice."""
    story = tell("host and storage")
    assert story.up(declared="{WEB01: {host: hv1, storage: 'E:\\VMs\\WEB01'}}").errors == []
    story.fault("migration-fails", "WEB01", after=60, text="Gone. (0x80070040)")
    assert "Gone. (0x80070040); it is on hv1, running" in failed(story)
    finished(story)
    assert all(disk.path.startswith("E:\\VMs\\WEB01") for disk in story.vm().disks)


@pytest.mark.outcome
def test_another_stack_moves_it_elsewhere(home: Path) -> None:
    """Its job is not ours: said with its owner, left alone, and brought back by the next run once it has ended."""
    kind = KINDS["host"]
    three = replace(kind, estate=replace(kind.estate, hosts=generate(hosts=3, vms=0).hosts))
    with told(three, home) as story:
        said = failed(story, before_the_move=lambda world: person.move(world, "WEB01", "hv3"))
        assert "is being moved from hv1 to hv3.lab.example by" in said
        story.pass_on(60)
        assert story.vm().host == "hv3"
        finished(story)


@pytest.mark.all  # test_job_ends has its first run, or one like it
@pytest.mark.outcome
def test_a_third_host(home: Path) -> None:
    """Where it is stands in the error, and the next run moves it on from there."""
    kind = KINDS["host"]
    three = replace(kind, estate=replace(kind.estate, hosts=generate(hosts=3, vms=0).hosts))
    with told(three, home) as story:
        story.fault("vm-moved-on", "WEB01")
        assert "it is not on hv2; it is on hv3, running" in failed(story)
        finished(story)
