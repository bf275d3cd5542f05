"""Room by NUMA node, where a host lets no machine span them."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_placement.migration.needs import needs_of, shortage
from hyperv_placement.model.estate import VmState
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.model.reserve import NO_RESERVE
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.planning.checks.preflight.numa import fits, numa_room
from tests.estates import facts, machine

GIB = 1024
HV1, HV2 = HostName("hv1"), HostName("hv2")
TARGET = HostSpec(name=HV2, endpoint="https://x", connection=Connection())


def said(vm: dict[str, Any], host: dict[str, Any]) -> list[tuple[str, str]]:
    """Return severity and id of what is said of a machine with 8 GiB and a host with 64 GiB, 32 of them free."""
    moving = machine(1, **{"memory_mib": 8 * GIB, "numa_nodes": 1, **vm})
    found = list(numa_room(moving, facts("hv2", **{"numa_spanning": False, **host}), TARGET))
    return [(each.severity.value, each.id) for each in found]


@pytest.mark.parametrize(
    ("vm", "host", "expected"),
    [
        ({}, {"numa_free_mib": (6 * GIB, 9 * GIB)}, []),
        ({}, {"numa_free_mib": (6 * GIB, 6 * GIB)}, [("warning", "numa-short-now")]),
        ({"numa_nodes": 2}, {"numa_free_mib": (6 * GIB, 6 * GIB)}, []),
        ({"numa_nodes": 2}, {"numa_free_mib": (9 * GIB, 1 * GIB)}, []),
        ({"numa_nodes": 2}, {"numa_free_mib": (6 * GIB, 3 * GIB)}, [("warning", "numa-short-now")]),
        ({"memory_mib": 40 * GIB}, {"numa_free_mib": (6 * GIB, 6 * GIB)}, [("refusal", "numa-node-too-small")]),
        ({"memory_mib": 38 * GIB}, {"numa_free_mib": (6 * GIB, 6 * GIB)}, [("warning", "numa-short-now")]),
        ({}, {"numa_free_mib": None}, [("warning", "numa-unread")]),
        ({"numa_nodes": None}, {"numa_free_mib": (6 * GIB,)}, [("warning", "numa-unread")]),
        ({}, {"numa_free_mib": (GIB,), "numa_spanning": True}, []),
        ({}, {"numa_free_mib": (GIB,), "numa_spanning": None}, []),
        ({"state": VmState.OFF}, {"numa_free_mib": (GIB,)}, []),
        ({"memory_mib": GIB, "memory_assigned_mib": 9 * GIB}, {"numa_free_mib": (8 * GIB,)}, [("warning", "numa-short-now")]),
    ],
)  # fmt: skip
def test_a_node_has_the_room_or_may_get_it_or_never_will(
    vm: dict[str, Any], host: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """Refused is what exceeds even a node that has all that is in use on its host; spanning allowed or unread says nothing."""
    assert said(vm, host) == expected


def test_parts_are_equal_and_none_spans_nodes() -> None:
    """Rounded up, so that they hold the whole."""
    assert fits(9, 2, (5, 5))
    assert not fits(9, 2, (4, 8))
    assert not fits(1, 1, (0, -3))


def test_a_start_waits_for_a_node() -> None:
    """Whatever is free in all, and together with what is on its way there."""
    vm = machine(1, memory_mib=8 * GIB, numa_nodes=1)
    move = Move(vm=vm, moves=Moves.HOST, source=HV1, destination=HV2, roots=vm.roots)
    hosts = {HV1: facts("hv1"), HV2: facts("hv2", numa_spanning=False, numa_free_mib=(6 * GIB, 7 * GIB))}
    assert shortage(needs_of(move), hosts, [], NO_RESERVE) == "hv2 has no NUMA node with 8 GiB of memory free"
    hosts[HV2] = facts("hv2", numa_spanning=True, numa_free_mib=None)
    assert shortage(needs_of(move), hosts, [], NO_RESERVE) is None
