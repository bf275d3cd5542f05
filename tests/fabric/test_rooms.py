"""Networks and NUMA nodes of the lab's hosts, as our client reads them for moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hyperv_placement.model.estate import Adapter, SwitchKind, VirtualSwitch
from lab.estate.spec import SwitchSpec
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_preflight import findings
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
GIB = 1024


def between(make_fabric: Maker, vm: dict[str, Any], there: dict[str, Any]) -> Fabric:
    """Return a lab with WEB01 on hv1, and hv2 made otherwise."""
    spec = estate(machine("WEB01", **vm), machine("A", "hv2", memory_mib=16 * GIB))
    hv1, hv2, hv3 = spec.hosts
    return make_fabric(replace(spec, hosts=(hv1, replace(hv2, **there), hv3)))


def test_what_differs_of_two_switches_of_one_name_is_said_before_a_move(make_fabric: Maker) -> None:
    """Private there, its bandwidth counted otherwise; a VLAN that nothing there uses."""
    made = {"External": SwitchSpec(kind="private", bandwidth=2)}
    fabric = between(make_fabric, {"vlans": {"External": 20}}, {"switches_made": made})
    facts = {name: host.facts for name, host in fabric.inventory().hosts.items()}
    one, other = facts["hv1"], facts["hv2"]  # type: ignore[index]
    assert one is not None
    assert other is not None
    assert one.networks == (
        VirtualSwitch(name="External", kind=SwitchKind.EXTERNAL, bandwidth=0, sriov=False),
    )
    # No port of any switch of hv2 shows, which proves nothing; that none of its adapters is bound does.
    assert other.networks == (
        VirtualSwitch(name="External", kind=SwitchKind.PRIVATE, bandwidth=2, sriov=False),
    )
    assert (one.vlans, other.vlans, one.numa_spanning) == ((20,), (), True)
    assert fabric.vm("WEB01").adapters == (Adapter(switch="External", vlans=(20,)),)
    said = "\n".join(findings(fabric))
    for words in (
        "refusal: WEB01 is connected to switch 'External', which is external on hv1 and private on hv2",
        "by 'weight' on hv1 and by 'absolute' on hv2",
        "uses VLAN 20",
    ):
        assert words in said


def test_a_switch_that_is_private_beside_another_one_is_refused(make_fabric: Maker) -> None:
    """The other one's ports prove that hosts show them."""
    there = {"switches": ("External", "Mine"), "switches_made": {"External": SwitchSpec(kind="private")}}
    fabric = between(make_fabric, {"sriov": frozenset({"External"})}, there)
    assert fabric.vm("WEB01").adapters == (Adapter(switch="External", sriov=True),)
    assert (
        "refusal: WEB01 is connected to switch 'External', which is external on hv1 and private on hv2"
        in findings(fabric)
    )


def test_room_is_counted_by_node_where_no_machine_may_span_them(make_fabric: Maker) -> None:
    """It is read with the free memory, again right before a start."""
    fabric = between(make_fabric, {"memory_mib": 20 * GIB}, {"numa_nodes": 3, "numa_spanning": False})
    facts = fabric.inventory().hosts[fabric.specs.keys().__iter__().__next__()].facts
    assert facts is not None
    assert (facts.numa_spanning, facts.numa_free_mib) == (True, None)
    there = fabric.estate.facts(next(name for name in fabric.specs if name == "hv2"))
    assert there.numa_spanning is False
    assert sorted(there.numa_free_mib or ()) == [62 * GIB // 3 - 16 * GIB, 62 * GIB // 3, 62 * GIB // 3]
    assert any("needs 20 GiB of memory in one NUMA node" in each for each in findings(fabric)) is False
    fabric.lab_vm("A").memory_mib = 30 * GIB
    fabric.lab_vm("A").numa = [0, 1, 2]
    assert any("needs 20 GiB of memory in one NUMA node" in each for each in findings(fabric))
    room = fabric.estate.room(next(name for name in fabric.specs if name == "hv2"), arriving=True)
    assert room.numa_free_mib == (62 * GIB // 3 - 10 * GIB,) * 3
