"""A group of hosts emptied one after the other: each once, everybody back, and nobody sent back to what is not done."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.estate import Inventory, Vector
from hyperv_placement.model.guard import Guard
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Rule, Stack, VmSpec
from hyperv_placement.planning.rolling import Rolling, estate_after, rolling
from hyperv_placement.report.rolling_text import render_rolling, rolling_record
from tests.estates import host, inventory, machine, spec, stack

NAMES = tuple(f"hv{number}" for number in range(1, 7))
GROUP = tuple(map(HostName, NAMES))
GIB = 1024


def estate(*, free_mib: int = 40 * GIB, per_host: int = 2) -> tuple[Stack, Inventory]:
    """Return six hosts with machines of 8 GiB, half of them pinned where they are, the others without a host."""
    vms: dict[str, VmSpec] = {}
    hosts, number = [], 0
    for name in NAMES:
        here = []
        for _ in range(per_host):
            number += 1
            here.append(machine(number, name, memory_mib=8 * GIB))
            vms |= spec(number, name) if number % 2 else spec(number)
        hosts.append(host(name, *here, memory_free_mib=free_mib, realized=tuple(vm.id for vm in here)))
    return stack(vms, hosts=NAMES), inventory(*hosts)


def walk(seen: Inventory, found: Rolling) -> None:
    """Follow the sequence by the moves that it says, and see that each host gets empty once and that everybody comes back."""
    home = {vm.id: vm.host for vm in seen.vms()}
    now = seen
    done: set[str] = set()
    assert sorted(step.host for step in found.steps) == sorted(GROUP)
    for step in found.steps:
        now = estate_after(now, step.out)
        assert not now.hosts[step.host].vms
        assert sum(len(each.vms) for each in now.hosts.values()) == len(home)
        for each in step.out.schedule.moves:
            assert each.move.source == step.host or each.move.source not in done
        done.add(step.host)
        now = estate_after(now, step.back)
    assert {vm.id: vm.host for vm in now.vms()} == home
    assert [h.facts.memory_free_mib for h in now.hosts.values() if h.facts] == [
        h.facts.memory_free_mib for h in seen.hosts.values() if h.facts
    ]


def test_six_hosts_are_emptied_once_each_and_everybody_comes_back() -> None:
    """Pinned machines by their pins, the others to where they were; a guard for one run stops no sequence."""
    declared, seen = estate()
    declared = replace(declared, guard=Guard(max_moves=1))
    found = rolling(declared, seen, GROUP)
    assert (found.feasible, found.complete) == (True, True)
    walk(seen, found)
    assert [len(step.moves) for step in found.steps] == [4] * 6
    text = render_rolling(found, "stacks/prod.yaml")
    assert text.startswith("stacks/prod.yaml: 6 hosts emptied one after the other: 24 moves, 192 GiB")
    assert "bin/placement drain hv1, commit, up; service hv1" in text
    assert "bin/placement drain --rolling hv2,hv3,hv4,hv5,hv6" in text
    record = rolling_record(found)
    assert [step["out"]["moves"] for step in record["steps"]] == [2] * 6


def test_n_plus_1_is_kept_where_it_can_be_and_said_where_it_cannot() -> None:
    """With room for the loss of one more host while one is empty, and without."""
    roomy, seen = estate()
    rule = (Rule(kind="n_plus_1", hosts=GROUP, line=7),)
    assert all(not step.broken for step in rolling(replace(roomy, rules=rule), seen, GROUP).steps)
    tight, seen = estate(free_mib=9 * GIB, per_host=3)
    found = rolling(replace(tight, rules=rule), seen, GROUP)
    walk(seen, found)
    assert any(step.broken for step in found.steps)
    assert "(n_plus_1) does not hold" in render_rolling(found, "x")


def test_a_host_that_cannot_get_empty_is_said_with_who_stays() -> None:
    """The sequence goes on with the others, and the code is not 0."""
    declared, seen = estate(free_mib=9 * GIB)
    big = machine(99, "hv3", memory_mib=30 * GIB)
    hosts = {
        **seen.hosts,
        HostName("hv3"): replace(seen.hosts[HostName("hv3")], vms=(*seen.hosts[HostName("hv3")].vms, big)),
    }
    declared = replace(declared, vms={**declared.vms, **spec(99, "hv3")})
    found = rolling(declared, replace(seen, hosts=hosts), GROUP)
    assert (found.feasible, found.complete) == (True, False)
    [stuck] = [step for step in found.steps if step.stuck]
    assert (stuck.host, [each.label for each in stuck.stuck]) == ("hv3", ["VM099"])
    assert found.steps[-1] is stuck  # the others first
    assert "(hv3): VM099 stays: " in render_rolling(found, "x")


def test_machines_on_hosts_that_are_done_are_left_alone() -> None:
    """They could be sent on to make room, and what has been patched might not be taken by what has not."""
    declared, seen = estate(free_mib=20 * GIB)
    assert all(not step.crossing for step in rolling(declared, seen, GROUP).steps)


def test_nobody_is_sent_from_a_patched_host_to_one_that_would_refuse_him() -> None:
    """By the vectors as they are read then: hv1 and hv2 are patched, and what has started there uses what hv3 lacks."""
    old, new = (Vector(id=1, operation=2, value=value) for value in (0b0011, 0b0111))
    declared = stack({**spec(1, "hv1"), **spec(2, "hv3")})
    seen = inventory(
        host("hv1", machine(1, "hv1", vectors=(new,)), vectors=(new,)),
        host("hv2", vectors=(new,), memory_free_mib=8 * GIB),
        host("hv3", machine(2, "hv3", vectors=(old,)), vectors=(old,), memory_free_mib=60 * GIB),
    )
    [step] = rolling(declared, seen, (HostName("hv1"),)).steps
    assert [each.move.destination for each in step.out.schedule.moves] == ["hv2"]
    alone = replace(seen, hosts={name: each for name, each in seen.hosts.items() if name != "hv2"})
    [step] = rolling(declared, alone, (HostName("hv1"),)).steps
    assert [each.label for each in step.stuck] == ["VM001"]
    assert "that hv3 lacks" in render_rolling(rolling(declared, alone, (HostName("hv1"),)), "x")
    [other] = rolling(
        declared, seen, (HostName("hv3"),)
    ).steps  # what has started before the patch runs on both
    assert [each.label for each in other.out.schedule.moves] == ["VM002"]
