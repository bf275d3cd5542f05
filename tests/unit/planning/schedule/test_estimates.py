"""What a plan says of bytes, seconds and pauses: by links, and by what past moves have had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.estate import VmState
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Schedule
from hyperv_placement.model.stack import StorageSpec, VmSpec
from hyperv_placement.model.throughput import NOTHING_OBSERVED, PastMove, Throughput
from hyperv_placement.model.units import GIB, MIB
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.schedule.blackout import HANDOVER
from hyperv_placement.planning.schedule.links import LINK
from hyperv_placement.planning.schedule.throughput import LATEST, observed_throughput
from tests.estates import host, inventory, machine, stack

HV1, HV2, HV3 = HostName("hv1"), HostName("hv2"), HostName("hv3")
MEMORY, DISK = 2 * GIB, 40 * GIB


def past(
    seconds: float, gib: int = 10, ended: int = 0, ends: tuple[HostName, HostName] = (HV1, HV2)
) -> PastMove:
    """Return a move from hv1 to hv2 that is over."""
    return PastMove(
        ended=ended, source=ends[0], destination=ends[1], bytes=gib * GIB, seconds=seconds, estimated=60.0
    )


def scheduled(
    throughput: Throughput = NOTHING_OBSERVED,
    bandwidth: dict[str, float] | None = None,
    storage: StorageSpec | None = None,
    **vm: Any,
) -> Schedule:
    """Return the schedule of one machine that goes from hv1 to hv2, or whose files go elsewhere on hv1."""
    there = machine(1, **vm)
    there = replace(there, disks=tuple(replace(disk, size_bytes=DISK) for disk in there.disks))
    spec = VmSpec(label="VM001", name="VM001", hosts=(HV1 if storage else HV2,), storage=storage)
    wanted = stack({"VM001": spec})
    hosts = {
        name: replace(each, bandwidth=(bandwidth or {}).get(name)) for name, each in wanted.hosts.items()
    }
    found = inventory(host("hv1", there), host("hv2"), host("hv3"))
    return plan(replace(wanted, hosts=hosts), found, throughput=throughput).schedule


def test_without_a_word_a_link_is_ten_gigabits() -> None:
    """Bytes are memory and files; the time is theirs over the link."""
    schedule = scheduled()
    assert schedule.bytes == MEMORY + DISK
    assert schedule.seconds == pytest.approx((MEMORY + DISK) / LINK)


def test_the_slower_end_that_is_declared_decides() -> None:
    """As bandwidth of its host in the stack file."""
    schedule = scheduled(bandwidth={"hv1": 25e9 / 8, "hv2": 1e9 / 8})
    assert schedule.seconds == pytest.approx((MEMORY + DISK) / 1.25e8)
    assert schedule.bound == pytest.approx(schedule.seconds)


def test_a_pair_is_as_slow_as_it_was() -> None:
    """Whatever its link is said to carry."""
    schedule = scheduled(observed_throughput([past(100.0)]), bandwidth={"hv1": 25e9 / 8, "hv2": 25e9 / 8})
    assert schedule.seconds == pytest.approx((MEMORY + DISK) / (10 * GIB / 100))


def test_a_link_carries_what_one_move_had() -> None:
    """Nobody has said how fast it is, and it was faster than thought."""
    schedule = scheduled(observed_throughput([past(2.0)]))
    assert schedule.seconds == pytest.approx((MEMORY + DISK) / (10 * GIB / 2))


def test_a_pair_without_a_past_goes_as_its_hosts_do() -> None:
    """The slower one; but not where its bandwidth is declared."""
    throughput = observed_throughput([past(100.0, ends=(HV1, HV3)), past(200.0, ends=(HV3, HV2))])
    assert scheduled(throughput).seconds == pytest.approx((MEMORY + DISK) / (10 * GIB / 200))
    said = scheduled(throughput, bandwidth={"hv2": LINK})
    assert said.seconds == pytest.approx((MEMORY + DISK) / (10 * GIB / 100))


def test_files_that_stay_on_their_host_go_as_files_did_there() -> None:
    """Moves to other hosts tell nothing of a host's own disks, and the other way round."""
    elsewhere = StorageSpec(config=r"E:\VMs", checkpoints=r"E:\VMs", paging=r"E:\VMs", all_disks=r"E:\VMs")
    assert scheduled(observed_throughput([past(100.0)]), storage=elsewhere).seconds == pytest.approx(
        DISK / LINK
    )
    own = observed_throughput([past(50.0, ends=(HV1, HV1))])
    assert scheduled(own, storage=elsewhere).seconds == pytest.approx(DISK / (10 * GIB / 50))
    assert scheduled(own).seconds == pytest.approx((MEMORY + DISK) / LINK)


def test_the_latest_moves_count_and_large_ones_most() -> None:
    """The pace at which half of the bytes went; small moves, and those long ago, are left out."""
    slow = [past(1000.0, ended=number) for number in range(LATEST)]
    new = [past(10.0, ended=100 + number) for number in range(LATEST)]
    assert observed_throughput([*slow, *new]).pairs == {(HV1, HV2): GIB}
    large = past(100.0, gib=100, ended=300)
    assert observed_throughput([large, past(60.0, gib=1, ended=301), past(60.0, gib=1, ended=302)]).pairs == {
        (HV1, HV2): GIB
    }
    tiny = replace(past(30.0), bytes=MIB)
    assert observed_throughput([tiny, replace(past(0.0), bytes=GIB)]) == NOTHING_OBSERVED


def test_a_running_machine_pauses_when_it_changes_hosts() -> None:
    """A second and a part of its memory over the link; none where nothing runs, or where only files move."""
    elsewhere = StorageSpec(all_disks=r"E:\VMs")
    assert scheduled().blackout == pytest.approx(HANDOVER + MEMORY / 64 / LINK)
    assert scheduled(state=VmState.OFF, enabled_state=3).blackout == 0
    assert scheduled(storage=elsewhere).blackout == 0
    assert scheduled(observed_throughput([past(1000.0)])).blackout > 2 * HANDOVER
