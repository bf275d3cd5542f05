"""Hosts of the lab by their NUMA nodes, their switches and their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lab.estate.reading import read_estate
from lab.estate.spec import EstateError, EstateSpec
from lab.world import room

from .conftest import Stage, estate, machine

Make = Callable[[EstateSpec], Stage]
GIB = 1024


def two_nodes(*, spanning: bool) -> EstateSpec:
    """Return WEB01 with 20 GiB on hv1, and hv2 with two nodes of 31 GiB, in each a machine with 16."""
    spec = estate(
        machine("WEB01", memory_mib=20 * GIB),
        machine("A", "hv2", memory_mib=16 * GIB),
        machine("B", "hv2", memory_mib=16 * GIB),
    )
    hv1, hv2, hv3 = spec.hosts
    return replace(spec, hosts=(hv1, replace(hv2, numa_nodes=2, numa_spanning=spanning), hv3))


@pytest.mark.parametrize("spanning", [True, False])
def test_without_spanning_a_machine_needs_the_room_of_one_node(stage: Make, *, spanning: bool) -> None:
    """30 GiB are free in both together, 15 in each."""
    here = stage(two_nodes(spanning=spanning))
    assert room.numa_free_mib(here.world.hosts["hv2"], ()) == [15 * GIB, 15 * GIB]
    job = here.start_everything("WEB01", "hv2.lab.example")
    here.pass_time(8)
    assert here.vm("WEB01").host == ("hv2" if spanning else "hv1")
    assert bool(job.errors) is not spanning
    assert spanning or "Ran out of memory" in job.errors[-1]


def test_a_machine_stays_in_the_node_that_it_came_to(stage: Make) -> None:
    """Room is set aside there while it is on its way, and is free again when it has left."""
    here = stage(two_nodes(spanning=False))
    here.vm("WEB01").memory_mib = 8 * GIB
    here.start_everything("WEB01", "hv2.lab.example")
    free = room.numa_free_mib(here.world.hosts["hv2"], here.world.state.jobs)
    assert sorted(free) == [7 * GIB, 15 * GIB]
    here.pass_time(8)
    assert sorted(room.numa_free_mib(here.world.hosts["hv2"], here.world.state.jobs)) == [7 * GIB, 15 * GIB]
    here.start_everything("WEB01", "hv1.lab.example")
    here.pass_time(8)
    assert room.numa_free_mib(here.world.hosts["hv2"], ()) == [15 * GIB, 15 * GIB]


@pytest.mark.parametrize(("takes", "host"), [("start", "hv1"), ("now", "hv2")])
def test_dynamic_memory_needs_what_its_start_takes_or_by_choice_what_it_has(
    stage: Make, takes: str, host: str
) -> None:
    """Nobody has seen which: the stricter reading is the lab's own."""
    spec = estate(
        machine(
            "DYN",
            memory_mib=16 * GIB,
            memory_minimum_mib=512,
            memory_maximum_mib=32 * GIB,
            memory_now_mib=3 * GIB,
        )
    )
    hv1, hv2, hv3 = spec.hosts
    here = stage(
        replace(spec, hosts=(hv1, replace(hv2, memory_mib=8 * GIB), hv3), dynamic_memory_takes=takes)
    )
    here.start_everything("DYN", "hv2.lab.example")
    here.pass_time(8)
    assert here.vm("DYN").host == host


LONG = """
domain: corp.example
hosts:
  hv1: {computer_name: hyperv-frankfurt-01, dns_suffix: dc.corp.example}
  hyperv-frankfurt-host-02: {domain: other.example, numa: {nodes: 2, spanning: false}}
  hv3: {switches: [External, {name: Lab, type: private, bandwidth: absolute, sriov: true}]}
vms:
  WEB01: {host: hv3, switches: [External, Lab], vlans: {External: 20}, sriov: [Lab]}
"""


def test_names_beyond_15_characters_domains_and_switches_are_read(stage: Make, tmp_path: Path) -> None:
    """The NetBIOS name is the start of the name; the full name has the suffix, which need not be the domain."""
    path = tmp_path / "estate.yaml"
    path.write_text(LONG.replace("hyperv-frankfurt-host-02", "hyperv-cologne-host-02"), encoding="utf-8")
    hosts = stage(read_estate(path)).world.hosts
    one, other, third = hosts.values()
    assert (one.computer_name, one.full_name, one.domain) == (
        "HYPERV-FRANKFUR",
        "hyperv-frankfurt-01.dc.corp.example",
        "corp.example",
    )
    assert (other.computer_name, other.full_name) == (
        "HYPERV-COLOGNE-",
        "hyperv-cologne-host-02.other.example",
    )
    assert (other.numa_nodes, other.numa_spanning) == (2, False)
    assert [(each.name, each.kind, each.bandwidth, each.sriov) for each in third.switches] == [
        ("External", "external", 0, False),
        ("Lab", "private", 2, True),
    ]
    assert [(nic.switch, nic.vlan, nic.sriov) for nic in third.vms()[0].nics] == [
        ("External", 20, False),
        ("Lab", None, True),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LONG, "2 hosts would have the NetBIOS name HYPERV-FRANKFUR"),
        ("hosts: {hv1: {dns_suffix: a..b}}", "hosts.hv1.dns_suffix: 'a..b' is no name of a domain"),
        ("hosts: {hv1: {computer_name: a_b}}", "hosts.hv1.computer_name: a name has"),
        ("hosts: {hv1: {numa: {nodes: 0}}}", "hosts.hv1.numa.nodes: 0 is no number of NUMA nodes"),
        (
            "hosts: {hv1: {numa: {nodes: 4, spanning: false}}}\nvms: {A: {host: hv1, memory: 20 GiB}}",
            "hosts.hv1.numa: without spanning no node has room for A",
        ),
        (
            "hosts: {hv1: {switches: [{name: X, type: bridge}]}}",
            "hosts.hv1.switches[0].type: 'bridge' is not one of",
        ),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, vlans: {External: 4095}}}", "vms.A.vlans: 4095 is no VLAN"),
        ("hosts: {hv1: }\nvms: {A: {host: hv1, sriov: [Lab]}}", "vms.A: it has no adapter at switch 'Lab'"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(stage: Make, tmp_path: Path, text: str, words: str) -> None:
    """By the file or by the whole estate."""
    path = tmp_path / "estate.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EstateError, match=words.replace("[", "\\[")):
        stage(read_estate(path))
