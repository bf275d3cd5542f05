"""Each kind of migration: what it takes, what it changes, what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hyperv_placement.model.units import GIB
from lab.estate.spec import EstateSpec, VolumeSpec
from lab.world import person

from .conftest import SHARE, Stage, estate, machine

Make = Callable[[EstateSpec], Stage]


def test_a_move_with_storage_takes_machine_and_files_along(default: Stage) -> None:
    """VM001 ends on hv2 under the same paths, its bytes unchanged, nothing but folders left behind."""
    before, files = default.sums("VM001"), default.files_of("hv1")
    job = default.start_everything("VM001", "hv2.lab.example")
    default.pass_time(8)
    assert (job.state, job.percent, job.error_code) == (7, 100, 0)
    vm = default.vm("VM001")
    assert vm.host == "hv2"
    assert default.sums("VM001") == before
    assert {file for file in files if "VM001" in file or vm.id in file} & default.files_of("hv1") == set()
    assert (default.world.home / "hosts/hv1/D/Hyper-V/VM001").is_dir()
    assert default.world.state.violations == []


def test_a_move_takes_four_to_eight_seconds_and_grows_evenly(default: Stage) -> None:
    """Percent never falls, the phases follow one another, the end comes in time."""
    job = default.start_everything("VM001", "HV2")
    seen, phases = [], []
    for _ in range(80):
        default.pass_time(0.1)
        seen.append(job.percent)
        phases.append(job.phase)
        if not job.running:
            break
    assert seen == sorted(seen)
    assert 40 <= len(seen) <= 80
    assert list(dict.fromkeys(phases)) == [
        "starting",
        "checking",
        "moving storage",
        "moving memory",
        "finishing",
        "",
    ]


def test_the_machine_shows_what_goes_on(default: Stage) -> None:
    """While it is copied it says so, runs on, and the destination has a planned machine, never a realized one."""
    job = default.start_everything("VM001", "HV2")
    vm = default.vm("VM001")
    default.pass_time(2)
    assert vm.operational_activity == 32778
    assert vm.enabled_state == 2
    assert default.world.hosts["hv1"].realized.keys() >= {vm.id}
    assert default.world.hosts["hv2"].planned.keys() == {vm.id}
    assert vm.id not in default.world.hosts["hv2"].realized
    default.pass_time(3)
    assert job.phase == "moving memory"
    assert vm.operational_activity == 32774
    default.pass_time(4)
    assert default.vm("VM001").operational_activity is None
    assert default.world.hosts["hv2"].planned == {}
    assert vm.id not in default.world.hosts["hv1"].realized


def test_an_off_machine_moves_and_stays_off(default: Stage) -> None:
    """Nobody switches it on, and it needs no memory."""
    free = default.world.memory_free_mib("hv3")
    default.start_everything("VM008", "HV3")
    default.pass_time(3)
    assert default.world.memory_free_mib("hv3") == free
    default.pass_time(5)
    assert (default.vm("VM008").host, default.vm("VM008").enabled_state) == ("hv3", 3)


def test_a_machine_on_a_share_moves_without_its_files(default: Stage) -> None:
    """32768: the files stay, the same ones for both hosts."""
    vm = default.vm("VM012")
    real, paths = default.real(vm, vm.disks[0].path), [disk.path for disk in vm.disks]
    mark = real.stat().st_mtime_ns
    job = default.start("VM012", type=32768, destination="HV1")
    default.pass_time(8)
    assert job.state == 7
    moved = default.vm("VM012")
    assert (moved.host, [disk.path for disk in moved.disks]) == ("hv1", paths)
    assert real.stat().st_mtime_ns == mark


def test_a_host_only_move_of_local_files_fails(default: Stage) -> None:
    """32768 moves no files: what lies on a local disk cannot be opened elsewhere."""
    job = default.start("VM001", type=32768, destination="HV2")
    default.pass_time(8)
    assert (job.state, job.error_code) == (10, 32768)
    assert "0x80070002" in job.errors[-1]
    assert default.vm("VM001").host == "hv1"


def test_a_stale_copy_at_the_destination_is_never_attached(default: Stage) -> None:
    """A file of the same path on the other host's local disk does not make it the same file."""
    for path in (disk.path for disk in default.vm("VM001").disks):
        stale = default.world.files.real("hv2", path)
        stale.parent.mkdir(parents=True)
        stale.write_bytes(b"stale")
    job = default.start("VM001", type=32768, destination="HV2")
    default.pass_time(8)
    assert (job.state, default.vm("VM001").host) == (10, "hv1")


def test_only_the_disk_named_is_moved(default: Stage) -> None:
    """32769 with one disk of two: the other and the configuration stay."""
    vm = default.vm("VM003")
    first, second = vm.disks
    before = default.sums("VM003")
    job = default.start("VM003", type=32769, disks={second.slot: "E:\\Data\\renamed.vhdx"})
    default.pass_time(8)
    after = default.vm("VM003")
    assert job.state == 7
    assert [disk.path for disk in after.disks] == [first.path, "E:\\Data\\renamed.vhdx"]
    assert after.roots == vm.roots
    assert default.sums("VM003") == before
    assert not default.real(vm, second.path).exists()


def test_only_the_roots_are_moved(default: Stage) -> None:
    """32769 without disks: configuration files change place, disks do not."""
    vm = default.vm("VM001")
    roots = type(vm.roots)(config="E:\\C", checkpoints="E:\\S", paging="E:\\P")
    job = default.start("VM001", type=32769, roots=roots)
    default.pass_time(8)
    after = default.vm("VM001")
    assert job.state == 7
    assert (after.roots.config, after.roots.guest_state) == ("E:\\C", "D:\\Hyper-V\\VM001")
    assert after.disks == vm.disks
    assert (default.world.home / f"hosts/hv1/E/C/Virtual Machines/{vm.id}.vmcx").is_file()
    assert not (default.world.home / f"hosts/hv1/D/Hyper-V/VM001/Virtual Machines/{vm.id}.vmcx").exists()


def test_host_and_folder_change_in_one_move(default: Stage) -> None:
    """32771 with new paths."""
    before = default.sums("VM003")
    job = default.start_everything("VM003", "HV1", "E:\\VMs\\three")
    default.pass_time(8)
    vm = default.vm("VM003")
    assert (job.state, vm.host) == (7, "hv1")
    assert all(disk.path.startswith("E:\\VMs\\three\\") for disk in vm.disks)
    assert default.sums("VM003") == before


def test_a_disk_left_out_of_a_host_move_must_be_visible_there(default: Stage) -> None:
    """32771 does not move what is not named, and a local file cannot be opened elsewhere."""
    vm = default.vm("VM003")
    job = default.start(
        "VM003", type=32771, destination="HV1", roots=vm.roots, disks={vm.disks[0].slot: vm.disks[0].path}
    )
    default.pass_time(8)
    assert (job.state, default.vm("VM003").host) == (10, "hv3")


def test_a_machine_can_come_down_from_a_share(stage: Make) -> None:
    """From UNC to local disks, the shared files are removed."""
    here = stage(estate(machine("A", folder=f"{SHARE}\\A")))
    vm = here.vm("A")
    old = here.real(vm, vm.disks[0].path)
    job = here.start_everything("A", "HV2", "D:\\A")
    here.pass_time(8)
    assert (job.state, here.vm("A").host, old.exists()) == (7, "hv2", False)


def test_moving_back_and_forth_keeps_the_bytes(default: Stage) -> None:
    """Four moves through all hosts and back end with the same contents."""
    before = default.sums("VM003")
    for host in ("HV1", "HV2", "HV3", "HV1"):
        default.start_everything("VM003", host)
        default.pass_time(8)
        assert default.vm("VM003").host == host.lower()
    assert default.sums("VM003") == before
    assert default.world.state.violations == []


def test_hosts_of_one_cluster_share_its_volume(stage: Make) -> None:
    r"""Files under C:\ClusterStorage are the same ones for all hosts of the cluster, and for no other host."""
    volume = "C:\\ClusterStorage\\Volume1\\"
    spec = estate(machine("A", folder=f"{volume}A"))
    shared = VolumeSpec(path=volume, capacity_bytes=1000 * GIB)
    first, second, third = (replace(host, volumes=(*host.volumes, shared)) for host in spec.hosts)
    here = stage(replace(spec, hosts=(replace(first, cluster="c1"), replace(second, cluster="c1"), third)))
    job = here.start("A", type=32768, destination="HV3")
    here.pass_time(2)
    assert job.state == 10
    here.start("A", type=32768, destination="HV2")
    here.pass_time(8)
    assert here.vm("A").host == "hv2"
    assert here.world.volume_free("hv1", volume) == here.world.volume_free("hv2", volume) == 988 * GIB
    assert here.world.volume_free("hv3", volume) == 1000 * GIB


def test_a_person_moves_what_is_shared_without_its_files(default: Stage) -> None:
    """`bin/lab move` picks 32768 for a machine on a share, 32771 with unchanged paths for any other."""
    assert person.move(default.world, "VM012", "hv1").type == 32768
    job = person.move(default.world, "vm001", "HV2")
    assert (job.type, job.owner) == (32771, "LAB\\operator")
    default.pass_time(8)
    assert (default.vm("VM012").host, default.vm("VM001").host) == ("hv1", "hv2")


def test_a_move_with_storage_may_take_a_live_slot_alone(stage: Make) -> None:
    """Nobody has seen which slots VMMS takes: the estate can choose the milder reading."""
    here = stage(replace(estate(machine("A")), combined_move_takes="live"))
    here.start_everything("A", "HV2")
    assert (here.world.active_live("hv2"), here.world.active_storage("hv2")) == (1, 0)
