"""Proposals for a more even map: what they gain, what they keep, that they end, and that a second one proposes nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.guard import Guard
from hyperv_placement.model.memory import held_mib
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Balance, Hold, Maintenance, Rule, Stack, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.planning.plan import plan
from hyperv_placement.planning.rebalancing.proposing import Rebalancing, Within, rebalanced
from hyperv_placement.report.rebalancing import render_rebalancing
from tests.estates import inventory, stack

from .schedule.test_schedule import declared, estate, grown

UNLIMITED = Within()


def pins(found: Rebalancing) -> dict[str, str]:
    """Return label -> proposed host."""
    return {each.label: str(each.target) for each in found.entries}


def crowded(*more: VirtualMachine) -> Inventory:
    """Return hv1 with four machines of 8 GiB and 8 of 64 GiB free, hv2 and hv3 with nearly all free."""
    return estate(
        {"hv1": 8, "hv2": 60, "hv3": 60},
        *(grown(number, "hv1", 8) for number in (1, 2, 3, 4)),
        *more,
    )


ALL_ON_ONE = dict.fromkeys((1, 2, 3, 4), "hv1")


def test_the_fullest_host_gives_until_no_move_gains_enough() -> None:
    """All four go, two to each of the others, for hv1 is full of what is not declared; the price and the gain are reported, and the plan by it is sound."""
    found = rebalanced(declared(ALL_ON_ONE), crowded(), UNLIMITED)
    assert sorted(pins(found).values()) == ["hv2", "hv2", "hv3", "hv3"]
    assert found.plan.schedule.moves
    assert not found.plan.refusals
    assert not found.plan.left_out
    assert found.bytes == sum(each.bytes for each in found.entries) == found.plan.schedule.bytes
    assert found.highest.after < found.highest.before
    assert found.spread.after < found.spread.before


def test_a_machine_with_a_list_stays_within_it_and_one_without_a_host_is_pinned() -> None:
    """Whoever is on one of its hosts stays by the plan: only a pin makes it go."""
    vms = {
        "VM001": VmSpec(label="VM001", name="VM001", hosts=(HostName("hv1"), HostName("hv3"))),
        **{name: VmSpec(label=name, name=name) for name in ("VM002", "VM003", "VM004")},
    }
    found = rebalanced(replace(stack(vms), rules=()), crowded(), UNLIMITED)
    assert found.entries
    assert pins(found).get("VM001", "hv3") == "hv3"
    assert {each.declared for each in found.entries} <= {(), (HostName("hv1"), HostName("hv3"))}


@pytest.mark.parametrize(
    ("change", "never"),
    [
        ({"guard": Guard(protected=("VM001", "VM002", "VM003", "VM004"))}, {"hv1", "hv2", "hv3"}),
        ({"maintenance": {HostName("hv2"): Maintenance()}}, {"hv2"}),
        ({"rules": (Rule(kind="within", labels=("VM001", "VM002", "VM003", "VM004"), hosts=(HostName("hv1"), HostName("hv3"))),)}, {"hv2"}),
        ({"rules": (Rule(kind="together", labels=("VM001", "VM002", "VM003", "VM004")),)}, set()),
    ],
)  # fmt: skip
def test_what_is_protected_or_ruled_out_is_not_proposed(change: dict[str, Any], never: set[str]) -> None:
    """Rules, maintenance and protection hold of proposals as of plans."""
    changed: Stack = replace(declared(ALL_ON_ONE), **change)
    found = rebalanced(changed, crowded(), UNLIMITED)
    assert not set(pins(found).values()) & never
    assert not found.plan.broken_rules
    if change.get("rules", (None,))[0] is not None and change["rules"][0].kind == "together":
        assert len(set(pins(found).values())) <= 1
        assert len(pins(found)) in {0, 4}


def test_machines_that_are_apart_are_not_sent_to_one_host() -> None:
    """The only even map would put both on hv2."""
    apart = Rule(kind="apart", labels=("VM001", "VM002", "VM003", "VM004", "VM005"))
    seen = estate({"hv1": 8, "hv2": 60}, grown(1, "hv1", 40), grown(5, "hv2", 1))
    found = rebalanced(declared({1: "hv1", 5: "hv2"}, apart), seen, UNLIMITED)
    assert not found.plan.broken_rules


def test_two_machines_change_places_where_one_alone_finds_no_room() -> None:
    """Neither 30 nor 18 GiB find room; changed over they do, by a third host. Without that there is no safe order, and no proposal."""
    vms = (grown(1, "hv1", 30), grown(2, "hv1", 30), grown(3, "hv2", 18))
    wanted = declared({1: "hv1", 2: "hv1", 3: "hv2"})
    found = rebalanced(wanted, estate({"hv1": 4, "hv2": 20, "hv3": 20}, *vms), UNLIMITED)
    assert pins(found) == {"VM001": "hv2", "VM003": "hv1"}
    assert [each.aside for each in found.plan.schedule.moves].count(True) == 1
    assert rebalanced(wanted, estate({"hv1": 4, "hv2": 20}, *vms), UNLIMITED).entries == ()


def test_limits_and_hosts_are_kept() -> None:
    """So many entries, so many bytes, only between these hosts; what is left over is for the next time."""
    wanted = declared(ALL_ON_ONE)
    assert len(rebalanced(wanted, crowded(), Within(moves=1)).entries) == 1
    assert rebalanced(wanted, crowded(), Within(bytes=17 * GIB)).entries == ()
    assert 0 < rebalanced(wanted, crowded(), Within(bytes=20 * GIB)).bytes <= 20 * GIB
    between = Within(hosts=frozenset({HostName("hv1"), HostName("hv3")}))
    assert set(pins(rebalanced(wanted, crowded(), between)).values()) == {"hv3"}
    assert rebalanced(wanted, crowded(), Within(threshold=80.0)).entries == ()
    asked = replace(wanted, balance=Balance(threshold=80.0))
    assert rebalanced(asked, crowded(), UNLIMITED).entries == ()


def test_a_held_machine_and_a_held_host_are_left_alone() -> None:
    """Hands have done something there."""
    held = Hold(host=HostName("hv2"), until=date(2030, 1, 1), reason="by hand")
    found = rebalanced(replace(declared(ALL_ON_ONE), holds=(held,)), crowded(), UNLIMITED)
    assert set(pins(found).values()) == {"hv3"}


def test_processors_count_where_they_are_to_be_balanced() -> None:
    """Memory is even, processors are not; where a number could not be read, that is said and memory alone counts."""
    seen = estate({"hv1": 32, "hv2": 32}, *(replace(grown(n, "hv1", 8), processors=8) for n in (1, 2, 3)),
                  *(replace(grown(n, "hv2", 8), processors=1) for n in (4, 5, 6)))  # fmt: skip
    seen = replace(
        seen,
        hosts={
            name: replace(host, facts=replace(host.facts, processors=32)) if host.facts else host
            for name, host in seen.hosts.items()
        },
    )
    ends = {**dict.fromkeys((1, 2, 3), "hv1"), **dict.fromkeys((4, 5, 6), "hv2")}
    wanted = replace(declared(ends), balance=Balance(by=("processors",)))
    found = rebalanced(wanted, seen, UNLIMITED)
    assert found.by == ("processors",)
    assert pins(found)
    hidden = estate({"hv1": 32, "hv2": 32}, grown(1, "hv1", 8))
    told = rebalanced(replace(declared({1: "hv1"}), balance=Balance(by=("processors",))), hidden, UNLIMITED)
    assert told.by == ("memory",)
    assert "could not be read" in told.notes[0]


def test_a_host_that_was_not_read_takes_no_part() -> None:
    """Nothing is proposed for it, and it is named."""
    seen = crowded()
    blind = replace(seen.hosts[HostName("hv2")], facts=None)
    found = rebalanced(
        declared(ALL_ON_ONE), replace(seen, hosts={**seen.hosts, HostName("hv2"): blind}), UNLIMITED
    )
    assert found.unread == (HostName("hv2"),)
    assert set(pins(found).values()) == {"hv3"}


def reached(inventory: Inventory, found: Rebalancing) -> Inventory:
    """Return the hosts once the plan of a proposal was carried out, as they would report it."""
    ends = {
        step.vm.id: step.placement.host or step.vm.host for step in found.plan.steps if step.vm is not None
    }
    hosts = {}
    everybody = list(inventory.vms())
    for name, host in inventory.hosts.items():
        assert host.facts is not None
        gone = [vm for vm in host.vms if ends.get(vm.id, vm.host) != name]
        come = [vm for vm in everybody if vm.host != name and ends.get(vm.id, vm.host) == name]
        memory = sum(held_mib(vm) or 0 for vm in gone) - sum(held_mib(vm) or 0 for vm in come)
        disk = sum(d.counted_bytes for vm in gone for d in vm.disks) - sum(
            d.counted_bytes for vm in come for d in vm.disks
        )
        volumes = tuple(
            replace(volume, free_bytes=volume.free_bytes + disk) if volume.path == "D:\\" else volume
            for volume in host.facts.volumes or ()
        )
        new = replace(host.facts, memory_free_mib=(host.facts.memory_free_mib or 0) + memory, volumes=volumes)
        stay = [vm for vm in host.vms if vm not in gone]
        hosts[name] = replace(host, facts=new, vms=(*stay, *(replace(vm, host=name) for vm in come)))
    return replace(inventory, hosts=hosts)


@pytest.mark.parametrize("seed", range(25))
def test_a_second_proposal_proposes_nothing(seed: int) -> None:
    """On drawn estates: sound by the plan, no host fuller than the fullest was, no rule newly broken, and settled at once."""
    source = random.Random(seed)  # noqa: S311 - an estate, no secret
    names = [f"hv{number}" for number in range(1, source.randint(2, 5) + 1)]
    vms = [
        grown(
            number,
            source.choice(names[: max(1, len(names) // 2)]),
            source.choice((2, 4, 8, 16)),
            source.randint(5, 40),
        )
        for number in range(1, source.randint(3, 14))
    ]
    free = {name: 64 - sum((vm.memory_mib or 0) // 1024 for vm in vms if vm.host == name) for name in names}
    seen = estate({name: max(0, gib) for name, gib in free.items()}, *vms)
    wanted = declared({int(vm.name[2:]): str(vm.host) for vm in vms})
    wanted = replace(wanted, hosts=stack({}, hosts=tuple(names)).hosts)
    if source.random() < 0.5 and len(vms) > 3:
        labels = tuple(vm.name for vm in vms[:3])
        wanted = replace(wanted, rules=(Rule(kind=source.choice(("apart", "together")), labels=labels),))
    before = plan(wanted, seen)
    found = rebalanced(wanted, seen, UNLIMITED)
    # What mends a rule may make the fullest host fuller.
    assert before.broken_rules or found.highest.after <= found.highest.before + 1e-9
    assert len(found.plan.broken_rules) <= len(before.broken_rules)
    # Mended in part, a rule is broken by fewer machines.
    broken = ({f.text.partition(": ")[0] for f in each.broken_rules} for each in (found.plan, before))
    assert next(broken) <= next(broken)
    assert {s.label for s in found.plan.left_out} <= {s.label for s in before.left_out}
    again = rebalanced(found.stack, reached(seen, found), UNLIMITED)
    assert pins(again) == {}


def test_where_no_host_was_read_nothing_is_said_of_what_there_is_to_gain() -> None:
    """Not "nothing": unknown, with the hosts that are silent below."""
    seen = inventory(silent=("hv1", "hv2", "hv3"))
    shown = render_rebalancing(rebalanced(declared(ALL_ON_ONE), seen, UNLIMITED), "", written=False)
    assert "what there is to gain is not known" in shown
    assert "nothing to gain" not in shown
    assert "hv1" in shown.partition("not known")[2]


@pytest.mark.parametrize(
    ("pinned", "rule", "proposed"),
    [
        ({1: "hv1", 2: "hv1", 3: "hv1"}, Rule(kind="apart", labels=("VM001", "VM002"), line=4), {"VM001": "hv2"}),
        ({1: "hv1", 2: "hv1", 3: "hv1"}, Rule(kind="within", labels=("VM003",), hosts=(HostName("hv3"),), line=4), {"VM003": "hv3"}),
        ({1: "hv1", 2: "hv1", 3: "hv2"}, Rule(kind="together", labels=("VM002", "VM003"), line=4), {"VM002": "hv2"}),
    ],
)  # fmt: skip
def test_a_rule_that_pins_break_is_mended_first(
    pinned: dict[int, str], rule: Rule, proposed: dict[str, str]
) -> None:
    """Whatever it gains: the threshold is of evenness alone. Once it is reached nothing more is proposed."""
    seen = estate({"hv1": 40, "hv2": 40, "hv3": 40}, *(grown(number, at, 4) for number, at in pinned.items()))
    wanted = replace(declared(pinned), rules=(rule,))
    assert [each.id for each in plan(wanted, seen).broken_rules] == ["rule-broken"]
    found = rebalanced(wanted, seen, Within(threshold=50))
    assert pins(found) == proposed
    assert not found.plan.broken_rules
    assert rebalanced(found.stack, reached(seen, found), Within(threshold=50)).entries == ()


def test_what_mends_a_rule_keeps_to_the_limits_and_is_named_where_it_cannot_be() -> None:
    """The protected machines stay, and the proposal says that the rule does not hold; so does one whose hosts leave none."""
    seen = estate({"hv1": 40, "hv2": 40, "hv3": 40}, *(grown(number, "hv1", 4) for number in (1, 2)))
    rule = Rule(kind="apart", labels=("VM001", "VM002"), line=4)
    wanted = replace(declared({1: "hv1", 2: "hv1"}), rules=(rule,))
    kept = replace(wanted, guard=Guard(protected=("VM001", "VM002")))
    for stack_, within in ((kept, UNLIMITED), (wanted, Within(hosts=frozenset((HostName("hv1"),))))):
        found = rebalanced(stack_, seen, within)
        assert found.entries == ()
        (note,) = found.notes
        assert note.startswith("The rule in line 4 (apart) does not hold: ")
        assert note in render_rebalancing(found, "", written=False)


def test_a_loss_that_is_not_borne_is_named() -> None:
    """N + 1 is a question to many moves together, and is not mended by single ones."""
    rule = Rule(kind="n_plus_1", hosts=(HostName("hv1"), HostName("hv2")), line=4)
    seen = estate({"hv1": 40, "hv2": 2, "hv3": 40}, grown(1, "hv1", 4))
    found = rebalanced(replace(declared({1: "hv1"}), rules=(rule,)), seen, Within(threshold=90))
    assert [note.endswith("; rebalance does not mend this rule") for note in found.notes] == [True]
