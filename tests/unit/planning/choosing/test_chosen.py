"""Hosts chosen for machines of a stack file: what fits, what costs nothing, what is refused and how that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hyperv_placement.model.estate import Inventory, VirtualMachine, Volume
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Maintenance, Rule, Stack
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.choosing.build import chosen
from hyperv_placement.planning.plan import plan
from tests.estates import disk, facts, host, inventory, job, machine, spec, stack

GIB_IN_MIB = 1024


def vm(number: int, at: str, gib: int, folder: str | None = None, *, disk_gib: int = 1) -> VirtualMachine:
    """Return VM00N with so much memory and one disk."""
    home = folder or f"D:\\Hyper-V\\VM{number:03d}"
    own = disk(number, f"{home}\\os.vhdx", size_bytes=disk_gib * GIB)
    return machine(number, at, home, memory_mib=gib * GIB_IN_MIB, disks=(own,))


def estate(free: dict[str, int], *vms: VirtualMachine, jobs: dict[str, Any] | None = None) -> Inventory:
    """Return hosts with so many GiB of memory free, and volumes of 1000 GiB."""
    volumes = tuple(
        Volume(path=path, capacity_bytes=1000 * GIB, free_bytes=900 * GIB) for path in ("D:\\", "E:\\")
    )
    return inventory(
        *(
            host(name, *(each for each in vms if each.host == name), jobs=(jobs or {}).get(name, ()),
                 memory_free_mib=gib * GIB_IN_MIB, volumes=volumes)
            for name, gib in free.items()
        )
    )  # fmt: skip


def emptied(declared: Stack, *hosts: str, **more: Any) -> Stack:
    """Return a stack with hosts in maintenance."""
    return replace(declared, maintenance={HostName(name): Maintenance() for name in hosts}, **more)


def ends(found: Plan) -> dict[str, str]:
    """Return where each machine that moves goes."""
    return {
        step.label: step.move.destination
        for step in found.steps
        if step.move and step.standing == Standing.MOVE
    }


def test_three_machines_that_fit_in_one_way_alone_find_it() -> None:
    """8 + 6 + 4 GiB leave hv1; hv2 has 8 free and hv3 has 10: the largest first would go to the emptiest."""
    declared = emptied(stack({**spec(1), **spec(2), **spec(3)}), "hv1")
    found = plan(
        declared, estate({"hv1": 40, "hv2": 8, "hv3": 10}, vm(1, "hv1", 8), vm(2, "hv1", 6), vm(3, "hv1", 4))
    )
    assert ends(found) == {"VM001": "hv2", "VM002": "hv3", "VM003": "hv3"}
    assert found.choice is not None
    assert found.choice.proved


def test_what_does_not_fit_is_refused_with_the_proof_and_the_rest_goes() -> None:
    """8 + 7 + 4 GiB into 8 and 10: one stays, with what contradicts and with what would do; the others leave."""
    declared = emptied(stack({**spec(1), **spec(2), **spec(3)}), "hv1")
    found = plan(
        declared, estate({"hv1": 40, "hv2": 8, "hv3": 10}, vm(1, "hv1", 8), vm(2, "hv1", 7), vm(3, "hv1", 4))
    )
    refused = [step for step in found.steps if step.standing == Standing.REFUSED]
    assert len(refused) == 1
    assert len(ends(found)) == len(found.schedule.moves) == 2
    (said,) = [str(each) for each in refused[0].findings if each.id == "no-host-fits"]
    assert said == (
        "No choice of hosts fits VM001, VM002 and VM003: they may be on hv2 and hv3 only; hv1 is in maintenance; 19 GiB of memory are"
        " needed, and 18 GiB are there; the memory of hv2 has 8 GiB for them; the memory of hv3 has 10 GiB for them. 1 GiB more of memory of hv3 would do"
    )
    assert not found.refusals


def test_files_on_a_share_do_not_move() -> None:
    """500 GiB on a share cost nothing: the machine of 4 GiB goes, not the one of 8 with its 10 GiB of disk."""
    on_share = vm(1, "hv1", 4, "\\\\sofs\\vms\\VM001", disk_gib=500)
    rules = (Rule(kind="apart", labels=("VM001", "VM002"), line=9),)
    declared = stack({**spec(1, "hv1", "hv2"), **spec(2, "hv1", "hv2")}, rules=rules)
    found = plan(declared, estate({"hv1": 40, "hv2": 40, "hv3": 40}, on_share, vm(2, "hv1", 8, disk_gib=10)))
    assert ends(found) == {"VM001": "hv2"}
    assert found.choice is not None
    assert (found.choice.bytes, found.choice.proved) == (4 * GIB, True)


def test_a_machine_whose_declared_root_is_full_goes_where_there_is_room() -> None:
    r"""It holds D: now and is to lie in E:\Fast: what counts of its own host is the room of E:, not what it has."""
    full = (
        Volume(path="D:\\", capacity_bytes=100 * GIB, free_bytes=50 * GIB),
        Volume(path="E:\\", capacity_bytes=100 * GIB, free_bytes=5 * GIB),
    )
    seen = inventory(host("hv1", vm(1, "hv1", 4, disk_gib=20), volumes=full), host("hv2"))
    found = plan(stack(spec(1, "hv1", "hv2", storage="fast"), hosts=("hv1", "hv2")), seen)
    assert ends(found) == {"VM001": "hv2"}


def test_a_rule_that_no_choice_keeps_leaves_machines_where_they_are() -> None:
    """They may be there: nothing is refused, and the warning has the proof."""
    rules = (Rule(kind="apart", labels=("VM001", "VM002"), line=9),)
    declared = stack({**spec(1, "hv1", "hv2"), **spec(2, "hv1", "hv2")}, rules=rules)
    found = plan(declared, estate({"hv1": 40, "hv2": 2, "hv3": 2}, vm(1, "hv1", 4), vm(2, "hv1", 4)))
    assert [step.standing for step in found.steps] == [Standing.IN_PLACE, Standing.IN_PLACE]
    (said,) = [str(each) for each in found.findings if each.id == "no-host-fits"]
    assert "the rule in line 9 (apart) allows one on each host" in said
    assert "the memory of hv2 has 2 GiB for them" in said


def test_room_that_a_refused_machine_would_have_freed_is_not_counted() -> None:
    """VM002 is pinned away from hv2 and cannot go (its host's job leads elsewhere): VM001 goes to hv3."""
    jobs = {"hv2": (job(2, "elsewhere.lab.example"),)}
    declared = emptied(stack({**spec(1, "hv2", "hv3"), **spec(2, "hv3")}), "hv1")
    found = plan(
        declared, estate({"hv1": 40, "hv2": 2, "hv3": 9}, vm(1, "hv1", 4), vm(2, "hv2", 4), jobs=jobs)
    )
    assert found.steps[1].standing == Standing.MOVED_BY_OTHERS
    assert ends(found) == {"VM001": "hv3"}


def test_room_that_is_promised_to_one_on_its_way_is_taken() -> None:
    """Somebody moves an undeclared machine to hv2, where its memory is not seen yet: VM001 has to go to hv3."""
    jobs = {"hv3": (job(9, "hv2.lab.example"),)}
    seen = estate({"hv1": 40, "hv2": 64, "hv3": 5}, vm(1, "hv1", 4), vm(9, "hv3", 62), jobs=jobs)
    found = plan(emptied(stack(spec(1)), "hv1"), seen)
    assert ends(found) == {"VM001": "hv3"}


def test_a_choice_that_is_excluded_is_not_made_again() -> None:
    """Another one is, of as few bytes, until there is none."""
    declared = emptied(stack(spec(1)), "hv1")
    seen = estate({"hv1": 40, "hv2": 30, "hv3": 20}, vm(1, "hv1", 4))
    there = {"VM001": vm(1, "hv1", 4)}
    first = chosen(declared, seen, there)
    second = chosen(declared, seen, there, excluded=[first.ends])
    third = chosen(declared, seen, there, excluded=[first.ends, second.ends])
    assert {first.ends["VM001"], second.ends["VM001"]} == {"hv2", "hv3"}
    assert (first.complete, second.complete, third.complete) == (True, True, False)


def test_one_host_that_maintenance_leaves_is_not_called_declared_and_has_to_keep_the_rules() -> None:
    """Nobody has declared hv2: want of room there is said as a choice that does not fit, and a rule is not broken for it."""
    seen = inventory(
        host("hv1", machine(1, "hv1", memory_mib=8192), machine(2, "hv1", memory_mib=8192)),
        host("hv2", memory_free_mib=10240),
    )
    declared = replace(
        stack({**spec(1), **spec(2)}, hosts=("hv1", "hv2")), maintenance={HostName("hv1"): Maintenance()}
    )
    found = plan(declared, seen)
    assert [step.standing for step in found.steps].count(Standing.MOVE) == 1
    (text,) = [each.text for step in found.steps for each in step.findings if each.refuses]
    assert text.startswith("No choice of hosts fits VM00")
    roomy = replace(seen.hosts[HostName("hv2")], facts=facts("hv2", memory_free_mib=32768))
    roomy_seen = replace(seen, hosts={**seen.hosts, HostName("hv2"): roomy})
    apart = replace(declared, rules=(Rule(kind="apart", labels=("VM001", "VM002"), line=9),))
    (text,) = [each.text for step in plan(apart, roomy_seen).steps for each in step.findings if each.refuses]
    assert "the rule in line 9 (apart) allows one on each host" in text
