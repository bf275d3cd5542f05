"""N + 1: packed exactly where it is small, said where it is not, and at every moment of a run."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Maintenance, Rule
from hyperv_placement.planning.checks.survival import Survival, group_survival, loss
from hyperv_placement.planning.plan import plan
from tests.estates import host, inventory, machine, spec, stack

GIB = 1024
HV1, HV2, HV3 = map(HostName, ("hv1", "hv2", "hv3"))


def test_a_packing_that_the_roomiest_host_first_misses_is_found() -> None:
    """14, 10 and 10 into 20 and 14: the largest into the emptiest leaves 6 and 14, and one without room."""
    assert loss((14, 10, 10), (20, 14)).verdict == Survival.HOLDS


@pytest.mark.parametrize("seed", range(60))
def test_it_holds_where_any_packing_does(seed: int) -> None:
    """Against every packing of up to five machines into up to three hosts; where it fails, as little is left out as can be."""
    chance = random.Random(seed)  # noqa: S311 - an estate, no secret
    sizes = [chance.randint(1, 9) for _ in range(chance.randint(1, 5))]
    room = [chance.randint(-2, 12) for _ in range(chance.randint(1, 3))]
    best = sum(sizes)
    for at in itertools.product(range(-1, len(room)), repeat=len(sizes)):
        filled = [
            sum(size for size, host in zip(sizes, at, strict=True) if host == each)
            for each in range(len(room))
        ]
        if all(taken <= max(0, free) for taken, free in zip(filled, room, strict=True)):
            best = min(best, sum(size for size, host in zip(sizes, at, strict=True) if host < 0))
    found = loss(sizes, room)
    assert found.verdict == (Survival.FAILS if best else Survival.HOLDS)
    assert sum(found.homeless) == best


def test_what_is_too_large_to_search_is_not_called_either() -> None:
    """Seventy sizes on sixty hosts that fit in sum: no packing is found, and none is refuted."""
    needs, free = tuple(range(100, 170)), (160,) * 59
    assert loss((*needs, 160), free).verdict != Survival.HOLDS
    assert loss(range(1000, 1070), (1500,) * 60).verdict == Survival.UNKNOWN


def test_each_host_of_a_group_is_lost_once() -> None:
    """By name; the one without machines is missed by nobody."""
    found = group_survival({HV1: 4, HV2: 0, HV3: 8}, {HV1: (6,), HV2: (9,)})
    assert {name: each.verdict for name, each in found.items()} == {
        HV1: Survival.HOLDS, HV2: Survival.FAILS, HV3: Survival.HOLDS,
    }  # fmt: skip


def vm(number: int, at: str, gib: int) -> VirtualMachine:
    """Return VM00N with so much memory."""
    return machine(number, at, memory_mib=gib * GIB)


def full(free: dict[str, int], *vms: VirtualMachine) -> Inventory:
    """Return hosts with so many GiB free."""
    return inventory(
        *(
            host(name, *(vm for vm in vms if vm.host == name), memory_free_mib=gib * GIB)
            for name, gib in free.items()
        )
    )


def test_a_gap_on_the_way_is_reported_with_its_length() -> None:
    """10 GiB go from hv1 to hv2 and are taken at both ends meanwhile: only then the loss of hv3 is not borne."""
    rules = (Rule(kind="n_plus_1", hosts=tuple(map(HostName, ("hv1", "hv2", "hv3"))), line=7),)
    seen = full({"hv1": 0, "hv2": 12, "hv3": 0}, vm(1, "hv1", 10), vm(3, "hv3", 8))
    found = plan(stack(spec(1, "hv2"), rules=rules), seen)
    assert len(found.schedule.moves) == 1
    said = [str(each) for each in found.findings if each.id == "rule-n-plus-1-on-the-way"]
    assert len(said) == 1
    assert (
        "The rule in line 7 (n_plus_1) holds now and is broken by the run: the others would find no room without hv3 for "
        in said[0]
    )
    assert "while VM001 moves" in said[0]
    assert not [each for each in found.findings if each.id == "rule-n-plus-1"]


def test_an_evacuation_is_made_and_says_from_when_on_the_rule_is_broken() -> None:
    """hv4 is emptied into the group, which then bears no loss any more; nothing is refused for that."""
    rules = (Rule(kind="n_plus_1", hosts=tuple(map(HostName, ("hv1", "hv2"))), line=7),)
    declared = replace(stack(spec(1), rules=rules), maintenance={HostName("hv3"): Maintenance()})
    seen = full({"hv1": 6, "hv2": 6, "hv3": 9}, vm(1, "hv3", 5), vm(2, "hv1", 4), vm(3, "hv2", 4))
    found = plan(declared, seen)
    assert len(found.schedule.moves) == 1
    ids = [each.id for each in found.findings]
    assert "rule-n-plus-1" in ids
    (said, *_) = [str(each) for each in found.findings if each.id == "rule-n-plus-1-on-the-way"]
    assert "of this run on" in said


def test_a_machine_whose_memory_was_not_read_leaves_the_rule_unknown() -> None:
    """Not counted as nothing: both hosts are full, and nobody can say whether they bear a loss."""
    rule = Rule(kind="n_plus_1", hosts=(HV1, HV2), line=7)
    seen = inventory(
        host("hv1", machine(1, "hv1", memory_mib=None), memory_free_mib=0),
        host("hv2", machine(2, "hv2"), memory_free_mib=0),
    )
    declared = replace(stack({**spec(1, "hv1"), **spec(2, "hv2")}), rules=(rule,))
    found = {each.id: each.text for each in plan(declared, seen).findings}
    assert "how much memory VM001 needs could not be read" in found["rule-n-plus-1-unknown"]


def test_a_host_in_maintenance_is_no_room_on_the_way_either() -> None:
    """Its room is nobody's while it is emptied: a line that says for how long would contradict the one that says that it does not hold."""
    rule = Rule(kind="n_plus_1", hosts=(HV1, HV2, HV3), line=7)
    seen = inventory(
        host("hv1", machine(1, "hv1", memory_mib=8 * GIB), memory_free_mib=4 * GIB),
        host("hv2", machine(2, "hv2", memory_mib=8 * GIB), memory_free_mib=12 * GIB),
        host("hv3", machine(3, "hv3", memory_mib=8 * GIB), memory_free_mib=12 * GIB),
    )
    declared = replace(
        stack({**spec(1), **spec(2), **spec(3)}), rules=(rule,), maintenance={HV1: Maintenance()}
    )
    found = plan(declared, seen)
    ids = [each.id for each in found.findings]
    assert found.schedule.moves
    assert "rule-n-plus-1" in ids
    on_the_way = [each.text for each in found.findings if each.id == "rule-n-plus-1-on-the-way"]
    assert all(" on" in text and " for " not in text.partition("the others")[2] for text in on_the_way), (
        on_the_way
    )
