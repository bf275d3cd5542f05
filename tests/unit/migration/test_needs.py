"""Whether live facts show room for a move."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from hyperv_placement.migration.needs import LIVE, STORAGE, Needs, Running, Slot, needs_of, shortage
from hyperv_placement.model.estate import HostFacts, MigrationSettings, VmState, Volume
from hyperv_placement.model.move import DiskMove, Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.checks.preflight.room import volume_of
from tests.estates import disk, machine

HV1, HV2 = HostName("hv1"), HostName("hv2")
MOVE = Needs(
    hosts=(HV1, HV2), destination=HV2, slots=(LIVE, STORAGE), memory_mib=2048,
    files={"D:\\x\\os.vhdx": 10 * GIB},
)  # fmt: skip


def facts(**more: Any) -> HostFacts:
    """Return a host with 8 GiB and 20 GiB of disk free, and two free slots of each kind."""
    settings = MigrationSettings(
        enabled=True, max_live=2, max_storage=2, active_live=more.pop("live", 0),
        active_storage=more.pop("storage", 0), authentication=1, addresses=("10.0.0.1",),
    )  # fmt: skip
    volume = Volume(path="D:\\", capacity_bytes=100 * GIB, free_bytes=more.pop("disk", 20 * GIB))
    return HostFacts(
        full_name="x.lab.example", proven=("x.lab.example",), computer_name="X", memory_mib=65536, memory_free_mib=more.pop("memory", 8192), volumes=(volume,),
        migration=settings, jobs=(), planned=(), read_at=100.0, cluster_migrations=more.pop("cluster", None),
    )  # fmt: skip


def why(one: HostFacts, other: HostFacts, *running: Needs, reserve: Reserve | None = None) -> str | None:
    """Return what MOVE would wait for, `running` having started before the hosts were read."""
    others = [Running(needs=needs, since=50.0) for needs in running]
    return shortage(MOVE, {HV1: one, HV2: other}, others, reserve or Reserve())


def test_room_on_both_ends_lets_it_start() -> None:
    """Nothing lacks, nothing is said."""
    assert why(facts(), facts()) is None


@pytest.mark.parametrize(
    ("source", "destination", "said"),
    [
        ({"live": 2}, {}, "hv1 has 2 of 2 live migrations running"),
        ({"storage": 2}, {}, "hv1 has 2 of 2 storage migrations running"),
        ({}, {"live": 2}, "hv2 has 2 of 2 live migrations running"),
        ({}, {"memory": 1024}, "hv2 lacks 1 GiB of memory"),
        ({}, {"disk": 9 * GIB}, "hv2 lacks 1 GiB on D:\\"),
    ],
)
def test_what_lacks_is_said(source: dict[str, Any], destination: dict[str, Any], said: str) -> None:
    """The limits bind on both ends, memory and disk at the destination."""
    assert why(facts(**source), facts(**destination)) == said


def test_memory_and_disk_of_the_source_do_not_matter() -> None:
    """What leaves needs no room there."""
    assert why(facts(memory=0, disk=0), facts()) is None


def test_our_own_moves_count_before_the_host_shows_them() -> None:
    """The ledger closes the gap between a start and the host's own count."""
    assert why(facts(), facts(), MOVE) is None
    assert why(facts(), facts(), MOVE, MOVE) == "hv1 has 2 of 2 live migrations running"


def test_what_started_since_the_reading_counts_on_top() -> None:
    """The host counted somebody else's migration; ours began after it was asked."""
    later = Running(needs=MOVE, since=101.0)
    hosts = {HV1: facts(live=1), HV2: facts()}
    assert shortage(MOVE, hosts, [later], Reserve()) == "hv1 has 2 of 2 live migrations running"
    assert why(facts(live=1), facts(), MOVE) is None


def test_a_drive_that_the_destination_lacks_is_said() -> None:
    """A path on a volume that is not there could only fail; shares lie on no volume."""
    elsewhere = dataclasses.replace(MOVE, files={"Q:\\x.vhdx": 1})
    assert (
        shortage(elsewhere, {HV1: facts(), HV2: facts()}, (), Reserve()) == "hv2 has no volume for Q:\\x.vhdx"
    )
    share = dataclasses.replace(MOVE, files={"\\\\sofs\\vms\\x.vhdx": 1})
    assert shortage(share, {HV1: facts(), HV2: facts()}, (), Reserve()) is None


def test_moves_under_way_keep_their_memory_and_disk() -> None:
    """Peaks count: room is promised until a move has ended."""
    elsewhere = dataclasses.replace(MOVE, hosts=(HostName("hv3"), HV2), memory_mib=7168, files={})
    assert why(facts(), facts(), elsewhere) == "hv2 lacks 1 GiB of memory"


def test_the_reserve_stays_free() -> None:
    """Of memory in MiB, of disk by bytes or percent, whichever is more."""
    assert why(facts(), facts(), reserve=Reserve(memory_mib=7168)) is not None
    assert why(facts(), facts(), reserve=Reserve(disk_percent=15.0)) == "hv2 lacks 5 GiB on D:\\"


@pytest.mark.parametrize(
    ("kind", "slots"),
    [
        (Moves.HOST, {LIVE}),
        (Moves.STORAGE, {STORAGE}),
        (Moves.HOST_AND_STORAGE, {LIVE, STORAGE}),
    ],
)
def test_each_type_takes_its_slots(kind: Moves, slots: set[Slot]) -> None:
    """The combined move is counted twice: the stricter reading."""
    assert set(needs_of(move(kind)).slots) == slots


def test_a_machine_that_is_off_needs_no_memory() -> None:
    """Only what runs is given memory on arrival."""
    off = machine(1, state=VmState.OFF, enabled_state=3)
    assert needs_of(dataclasses.replace(move(), vm=off)).memory_mib == 0
    assert needs_of(move()).memory_mib == 2048


def test_a_path_lies_on_the_volume_mounted_deepest() -> None:
    """A cluster volume is no part of C:, a share of none."""
    volumes = tuple(
        Volume(path=path, capacity_bytes=1, free_bytes=1)
        for path in ("C:\\", "C:\\ClusterStorage\\Volume1\\")
    )
    assert volume_of("c:\\clusterstorage\\VOLUME1\\x.vhdx", volumes) == volumes[1]
    assert volume_of("C:\\x.vhdx", volumes) == volumes[0]
    assert volume_of("\\\\sofs\\vms\\x.vhdx", volumes) is None


def move(kind: Moves = Moves.HOST_AND_STORAGE) -> Move:
    """Return a move of VM001 with one disk of 10 GiB."""
    vm = machine(1, disks=(disk(1, "D:\\x\\os.vhdx", size_bytes=10 * GIB),))
    return Move(
        vm=vm, moves=kind, source=HV1, destination=HV1 if kind == Moves.STORAGE else HV2, roots=vm.roots,
        disks=(DiskMove(slot="scsi-0-0", instance_id="x", source="D:\\x\\os.vhdx", target="D:\\x\\os.vhdx"),),
    )  # fmt: skip


def test_a_clusters_own_limit_binds_its_nodes() -> None:
    """The stricter of both counts; a cluster that tells none leaves the host's."""
    assert why(facts(live=1, cluster=1), facts()) == "hv1 has 1 of 1 live migrations running"
    assert why(facts(), facts(live=1, cluster=4)) is None
    assert why(facts(storage=1, cluster=1), facts(live=1, cluster=0)) is None
