"""Jobs that wait for their host's second hop, whoever answers; and which services each migration needs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from lab.estate.generated import SHARE
from lab.world import LabJob, MigrationRequest, vmms
from lab.world.callers import SecondHopCaller
from lab.world.second_hop import Hop, Service, services_of
from tests.fabric.conftest import until

from .conftest import AT_THE_HOST, TESTER, Stage, estate, machine

MIGRATION = "Microsoft Virtual System Migration Service/hv2.lab.example"
CIFS = "cifs/hv2.lab.example"
SOFS = "cifs/sofs.lab.example"
LOCAL = SecondHopCaller(name="HV1\\administrator", scheme="basic", local=True)


@dataclass
class Directory:
    """Answers each hop when it is told to, and remembers who waited."""

    answer: Callable[[Hop], Service | None] = lambda _: None
    asked: list[Hop] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)

    def reach(self, hop: Hop) -> Service | None:
        """Wait for the word, then answer."""
        self.asked.append(hop)
        assert self.go.wait(20)
        return self.answer(hop)

    def purge(self, host: str) -> int:
        """Keep nothing."""
        del host
        return 0


@pytest.fixture
def waiting(stage: Callable[..., Stage]) -> tuple[Stage, Directory]:
    """Eight machines on hv1, any number of slots, and a directory that has not answered yet."""
    names = [f"VM{number}" for number in range(8)]
    here = stage(estate(*(machine(name) for name in names), max_live=100, max_storage=100))
    directory = Directory()
    here.world.second_hop = directory
    return here, directory


def connected(*jobs: LabJob) -> None:
    """Wait until the jobs' hosts have had their answers."""
    until(lambda: all(job.work is None or not job.work.connecting for job in jobs))


def test_nobody_waits_for_a_slow_directory_but_the_job(waiting: tuple[Stage, Directory]) -> None:
    """All jobs are under way at once, the world goes on, nothing is at the destination; then all arrive."""
    here, directory = waiting
    jobs = [here.start_everything(f"VM{number}", "HV2") for number in range(8)]
    until(lambda: len(directory.asked) == 8)
    here.pass_time(30, step=5)
    assert {(job.state, job.percent) for job in jobs} == {(3, 0)}
    assert not here.world.hosts["hv2"].planned
    asked = threading.Thread(target=here.world.jobs)  # another host's answer, which wants the world's lock
    asked.start()
    asked.join(10)
    assert not asked.is_alive()
    directory.go.set()
    connected(*jobs)
    here.pass_time(10)
    assert {job.state for job in jobs} == {7}
    assert here.world.state.violations == []


def test_a_refusal_ends_the_job_with_three_lines(waiting: tuple[Stage, Directory]) -> None:
    """0x8009030E with the name that was given; events 20306 and 21024; nothing moved, nobody blamed."""
    here, directory = waiting
    free = here.world.memory_free_mib("hv2")
    directory.answer = lambda hop: hop.services[-1]
    directory.go.set()
    job = here.start_everything("VM0", "HV2")
    connected(job)
    here.pass_time(2)
    assert (job.state, job.error_code, job.percent) == (10, 32768, 4)
    assert [line[:35] for line in job.errors] == [
        "Virtual machine migration operation", "The Virtual Machine Management Serv", "Failed to authenticate the connecti",
    ]  # fmt: skip
    assert "with host 'HV2'" in job.errors[1]
    assert "0x8009030E" in job.errors[1]
    log = (here.world.home / "lab.log").read_text(encoding="utf-8")
    assert '"event_id": 20306' in log
    assert '"event_id": 21024' in log
    assert here.vm("VM0").host == "hv1"
    assert here.world.state.violations == []
    assert here.world.memory_free_mib("hv2") == free


def test_what_goes_wrong_on_the_way_is_a_refusal(waiting: tuple[Stage, Directory]) -> None:
    """Fail closed: an error in asking lets nobody through."""
    here, directory = waiting

    def broken(hop: Hop) -> Service | None:
        raise RuntimeError(hop.source)

    directory.answer = broken
    directory.go.set()
    job = here.start_everything("VM0", "HV2")
    connected(job)
    here.pass_time(10)
    assert job.state == 10
    assert "0x8009030E" in job.errors[1]


def test_a_job_can_be_cancelled_while_it_waits(waiting: tuple[Stage, Directory]) -> None:
    """It ends at once, and the answer that comes late changes nothing."""
    here, directory = waiting
    job = here.start_everything("VM0", "HV2")
    assert vmms.cancel(here.world, job.id) == 0
    assert job.state == 8
    directory.go.set()
    until(lambda: not any(thread.name == "second-hop" for thread in threading.enumerate()))
    here.pass_time(10)
    assert (job.state, here.vm("VM0").host) == (8, "hv1")


@pytest.mark.parametrize(
    ("caller", "authentication", "asked"),
    [(TESTER, 1, True), (TESTER, 0, False), (LOCAL, 1, False), (AT_THE_HOST, 0, False),
     (replace(TESTER, scheme="credssp", password="handed over"), 0, True)],
)  # fmt: skip
def test_who_is_asked_for(
    waiting: tuple[Stage, Directory], caller: SecondHopCaller, authentication: int, *, asked: bool
) -> None:
    """Nobody asks a directory for local accounts, for those at the host, or, without their password, at a CredSSP host."""
    here, directory = waiting
    directory.go.set()
    for host in here.world.hosts.values():
        host.authentication = authentication
    vm = here.vm("VM0")
    disks = {disk.slot: disk.path for disk in vm.disks}
    job = here.start("VM0", type=32771, destination="HV2", roots=vm.roots, disks=disks, caller=caller)
    connected(job)
    here.pass_time(10)
    assert bool(directory.asked) == asked
    assert job.state == (7 if asked or caller is AT_THE_HOST else 10)


@pytest.mark.parametrize(
    ("kind", "folder", "target", "to", "needed"),
    [
        (32768, "D:\\A", None, "hv2", [MIGRATION]),
        (32770, "D:\\A", None, "hv2", [MIGRATION]),
        (32771, "D:\\A", "E:\\A", "hv2", [MIGRATION, CIFS]),
        (32771, "D:\\A", f"{SHARE}\\A", "hv2", [MIGRATION, CIFS, SOFS]),
        (32768, f"{SHARE}\\A", None, "hv2", [MIGRATION, SOFS]),
        (32769, "D:\\A", "E:\\A", None, []),
        (32769, "D:\\A", f"{SHARE}\\A", None, [SOFS]),
        (32769, f"{SHARE}\\A", "E:\\A", None, [SOFS]),
        (32769, "D:\\A", "\\\\hv1\\kept\\A", None, []),
        (32769, "D:\\A", "\\\\HV2\\kept\\A", None, ["cifs/HV2"]),
    ],
)
def test_which_migration_needs_which_service(
    stage: Callable[..., Stage], kind: int, folder: str, target: str | None, to: str | None, needed: list[str]
) -> None:
    """The machine the migration service, storage along with it cifs of the destination, a share cifs of its server."""
    here = stage(estate(machine("A", folder=folder)))
    vm, hosts = here.vm("A"), here.world.hosts
    request = MigrationRequest(
        vm_id=vm.id, type=kind, caller=TESTER, destination=to,
        disks={} if target is None else {disk.slot: f"{target}\\os.vhdx" for disk in vm.disks},
    )  # fmt: skip
    found = services_of(vm, request, hosts["hv1"], hosts[to] if to else None)
    assert [str(service) for service in found] == needed


def test_a_local_account_is_nobody_at_a_file_server(waiting: tuple[Stage, Directory]) -> None:
    """Storage to a share fails with 0x80070005 without asking; on the host's own volumes it moves."""
    here, directory = waiting
    job = here.start("VM0", type=32769, disks={"scsi-0-0": f"{SHARE}\\a.vhdx"}, caller=LOCAL)
    here.pass_time(10)
    assert job.state == 10
    assert "'sofs.lab.example': General access denied error (0x80070005)" in job.errors[-1]
    job = here.start("VM0", type=32769, disks={"scsi-0-0": "E:\\a.vhdx"}, caller=LOCAL)
    here.pass_time(10)
    assert job.state == 7
    assert not directory.asked
