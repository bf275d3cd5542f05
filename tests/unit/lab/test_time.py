"""What time brings: faults, cancelling, retention, restarts, and what is written down."""

from __future__ import annotations

import json
from collections.abc import Callable

from lab.estate.generated import generate
from lab.estate.spec import EstateSpec
from lab.storage.checksums import Checksums
from lab.world import vmms
from lab.world.faults import Fault
from lab.world.restart import resume

from .conftest import Stage, estate, machine

Make = Callable[[EstateSpec], Stage]


def reborn(here: Stage) -> Stage:
    """Return the world as it comes back when nobody had a chance to say goodbye."""
    return Stage(resume(here.world.home, clock=here.clock), here.clock)


def test_an_injected_failure_leaves_everything_as_it_was(default: Stage) -> None:
    """At half way the copies go, the source stays in charge, the text is that of the field report."""
    before, files = default.sums("VM001"), default.files_of("hv1")
    default.world.faults.add(Fault(id=0, kind="migration-fails", left=1, after=50))
    job = default.start_everything("VM001", "HV2")
    default.pass_time(8)
    assert (job.state, job.error_code, job.percent) == (10, 32768, 50)
    assert [("0x8009030E" in line) for line in job.errors] == [False, True, False]
    assert default.vm("VM001").host == "hv1"
    assert (default.sums("VM001"), default.files_of("hv1")) == (before, files)
    assert not [file for file in default.files_of("hv2") if "VM001" in file]
    assert default.world.state.violations == []
    default.start_everything("VM001", "HV2")
    default.pass_time(8)
    assert default.vm("VM001").host == "hv2"


def test_a_failure_at_the_very_end_still_leaves_the_machine(default: Stage) -> None:
    """A job that fails at 99 % never switched."""
    default.world.faults.add(Fault(id=0, kind="migration-fails", left=1, after=99))
    job = default.start_everything("VM001", "HV2")
    default.pass_time(8)
    assert (job.state, default.vm("VM001").host) == (10, "hv1")
    assert not [file for file in default.files_of("hv2") if "VM001" in file]


def test_a_stalled_job_waits_for_the_fault_to_go(default: Stage) -> None:
    """No percent more while it lasts; then it goes on."""
    fault = default.world.faults.add(Fault(id=0, kind="stall", left=1, after=40))
    job = default.start_everything("VM001", "HV2")
    default.pass_time(20)
    assert (job.percent, job.state) == (40, 4)
    default.world.faults.clear(fault.id)
    default.pass_time(8)
    assert job.state == 7


def test_a_job_may_vanish(default: Stage) -> None:
    """With the fault an ended job is gone at once; the machine has arrived."""
    default.world.faults.add(Fault(id=0, kind="job-vanishes", left=1))
    job = default.start_everything("VM001", "HV2")
    default.pass_time(8)
    assert default.world.job(job.id) is None
    assert default.vm("VM001").host == "hv2"


def test_a_host_that_is_down_receives_nothing(default: Stage) -> None:
    """The source's VMMS gets no connection."""
    default.world.faults.add(Fault(id=0, kind="host-down", host="hv2"))
    job = default.start_everything("VM001", "HV2")
    default.pass_time(2)
    assert "0x8007274C" in job.errors[-1]


def test_faults_speak_of_what_they_name(default: Stage) -> None:
    """Host, machine and operation narrow a rule; each use counts."""
    faults = default.world.faults
    rule = faults.add(Fault(id=0, kind="wsman-fault", host="hv1", operation="Pull", left=2))
    assert faults.take("wsman-fault", host="hv2", operation="Pull") is None
    assert faults.take("wsman-fault", host="hv1", operation="Get") is None
    used = [faults.take("wsman-fault", host="hv1", operation="Pull") for _ in range(3)]
    assert [fault and fault.id for fault in used] == [rule.id, rule.id, None]


def test_jobs_are_kept_for_five_minutes(default: Stage) -> None:
    """Then the host forgets them."""
    job = default.start_everything("VM001", "HV2")
    default.pass_time(8)
    assert job.ended is not None
    default.pass_time(290, step=10)
    assert default.world.job(job.id) is job
    default.pass_time(20, step=10)
    assert default.world.jobs() == []


def test_a_cancelled_job_leaves_the_machine(default: Stage) -> None:
    """Before the switch: Terminated, copies removed; after the end: refused."""
    job = default.start_everything("VM001", "HV2")
    default.pass_time(3)
    assert vmms.cancel(default.world, job.id) == 0
    assert (job.state, default.vm("VM001").host) == (8, "hv1")
    assert not [file for file in default.files_of("hv2") if "VM001" in file]
    assert vmms.cancel(default.world, job.id) != 0


def test_a_kill_in_the_middle_of_copying(default: Stage) -> None:
    """The machine is at its source, partial copies are gone, and it can be moved again."""
    before, files = default.sums("VM001"), default.files_of("hv1")
    job = default.start_everything("VM001", "HV2")
    default.pass_time(3)
    assert [file for file in default.files_of("hv2") if "VM001.vhdx" in file]
    again = reborn(default)
    ended = again.world.job(job.id)
    assert ended is not None
    assert (ended.state, ended.error_code) == (10, 32768)
    assert again.vm("VM001").host == "hv1"
    assert (again.sums("VM001"), again.files_of("hv1")) == (before, files)
    assert not [file for file in again.files_of("hv2") if "VM001" in file]
    again.start_everything("VM001", "HV2")
    again.pass_time(8)
    assert again.vm("VM001").host == "hv2"
    assert again.world.state.violations == []


def test_a_kill_between_switch_and_end(default: Stage) -> None:
    """Once switched the machine stays at its new place, and the old files go."""
    before = default.sums("VM001")
    job = default.start_everything("VM001", "HV2")
    while not (job.work and job.work.switched):
        default.pass_time(0.1)
    again = reborn(default)
    ended = again.world.job(job.id)
    assert ended is not None
    assert ended.state == 7
    assert again.vm("VM001").host == "hv2"
    assert again.sums("VM001") == before
    assert not [file for file in again.files_of("hv1") if "VM001" in file]


def test_everything_survives_a_restart(default: Stage) -> None:
    """Machines, ended jobs, faults, violations and the peak come back as they were."""
    default.start_everything("VM001", "HV2")
    default.ask("VM001", type=32768, destination="HV2")
    default.world.faults.add(Fault(id=0, kind="slow", host="hv1"))
    default.pass_time(8)
    again = reborn(default)
    assert again.world.vms() == default.world.vms()
    assert again.world.jobs() == default.world.jobs()
    assert again.world.faults.rules == default.world.faults.rules
    assert again.world.state.settings == default.world.settings
    assert again.world.state.peak_jobs == 1
    assert len(again.world.state.violations) == 1


def test_at_each_instant_a_machine_is_on_one_host(default: Stage) -> None:
    """Through a whole move, what is kept on disk shows it once, never twice and never nowhere."""
    job = default.start_everything("VM001", "HV2")
    while job.running:
        default.pass_time(0.1)
        kept = json.loads((default.world.home / "world.json").read_text(encoding="utf-8"))
        assert sum(job.vm in host["realized"] for host in kept["hosts"].values()) == 1


def test_two_realized_machines_with_one_guid_are_a_violation(stage: Make) -> None:
    """An estate may have them, and the lab says so once."""
    twin = "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"
    here = stage(estate(machine("A", "hv1", id=twin), machine("B", "hv2", id=twin), machine("C", "hv1")))
    here.start_everything("C", "HV3")
    here.pass_time(8)
    assert [twin in item["what"] for item in here.world.state.violations] == [True]


def test_the_log_tells_starts_ends_and_refusals(default: Stage) -> None:
    """One line each, with who asked; what VMMS logs of the end comes after it."""
    default.start_everything("VM001", "HV2")
    default.ask("VM001", type=32768, destination="HV2")
    default.pass_time(8)
    lines = [
        json.loads(line) for line in (default.world.home / "lab.log").read_text(encoding="utf-8").splitlines()
    ]
    assert [(line["event"], line.get("by")) for line in lines] == [
        ("start", "LAB\\tester"),
        ("violation", None),
        ("refusal", "LAB\\tester"),
        ("end", "LAB\\tester"),
        ("vmms", None),
        ("vmms", None),
    ]


def test_the_same_seed_gives_the_same_estate(stage: Make) -> None:
    """GUIDs and contents come from the seed; another seed gives others."""
    one = stage(generate(vms=3))
    first = {vm.name: (vm.id, one.sums(vm.name)) for vm in one.world.vms()}
    two = stage(generate(vms=3))
    assert {vm.name: (vm.id, two.sums(vm.name)) for vm in two.world.vms()} == first
    other = stage(generate(vms=3, seed=2))
    assert not {vm.id for vm in other.world.vms()} & {guid for guid, _ in first.values()}


def test_a_changed_file_gets_a_new_checksum(default: Stage) -> None:
    """The memory of checksums ends where a file has changed."""
    path = default.real(default.vm("VM001"), default.vm("VM001").disks[0].path)
    sums = Checksums()
    before = sums.sha256(path)
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    assert sums.sha256(path) != before
    path.unlink()
    assert sums.sha256(path) is None


def test_time_without_jobs_writes_nothing(default: Stage) -> None:
    """Only a change of state is written down."""
    default.start_everything("VM001", "HV2")
    default.pass_time(8)
    world = default.world
    mark = (world.home / "world.json").stat().st_mtime_ns
    for _ in range(100):
        vmms.advance(world)
    assert (world.home / "world.json").stat().st_mtime_ns == mark
