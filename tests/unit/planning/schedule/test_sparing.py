"""Orders that keep N + 1 at every moment: what would break it on the way waits, goes in another order, or steps aside."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Maintenance, Rule, Stack
from hyperv_placement.planning.plan import plan
from tests.estates import host, inventory, machine, spec, stack

GIB = 1024


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


def ruled(wanted: Stack, *hosts: str) -> Stack:
    """Return a stack whose hosts are to bear the loss of any one of these."""
    return replace(wanted, rules=(Rule(kind="n_plus_1", hosts=tuple(map(HostName, hosts)), line=7),))


def order(found: Plan) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Return who moves, after whom, and after whom for the rule alone."""
    return [(each.label, each.after, each.spare) for each in found.schedule.moves]


def about_n_plus_1(found: Plan) -> list[str]:
    """Return the findings about the rule."""
    return [each.id for each in found.findings if "n-plus-1" in each.id]


SWAP = full({"hv1": 4, "hv2": 4, "hv3": 8}, vm(1, "hv1", 4), vm(2, "hv2", 4), vm(3, "hv3", 4))
"""Each of two hosts has room for the other's machine, or for that of a third host that is lost, and not for both."""
SWAPPED = stack({**spec(1, "hv2"), **spec(2, "hv1"), **spec(3, "hv3")})


def test_moves_that_break_it_together_go_one_after_the_other() -> None:
    """Both at once take all that hv3's machine would need; without the rule they start together."""
    assert order(plan(SWAPPED, SWAP)) == [("VM001", (), ()), ("VM002", (), ())]
    found = plan(ruled(SWAPPED, "hv1", "hv2", "hv3"), SWAP)
    assert sorted(after for _, after, _ in order(found)) == [(), (0,)]
    assert found.schedule.moves[1].spare == (0,)
    assert found.schedule.moves[1].start >= found.schedule.moves[0].end
    assert about_n_plus_1(found) == []


def test_who_makes_it_hold_goes_first() -> None:
    """VM001 on its way leaves 4 GiB for hv3's 6; once VM002 has left hv2 for a host without the rule, it leaves 6."""
    seen = full({"hv1": 0, "hv2": 12, "hv3": 4, "hv4": 8}, vm(1, "hv1", 8), vm(2, "hv2", 2), vm(3, "hv3", 6))  # fmt: skip
    wanted = stack({**spec(1, "hv2"), **spec(2, "hv4"), **spec(3, "hv3")}, hosts=("hv1", "hv2", "hv3", "hv4"))
    found = plan(ruled(wanted, "hv1", "hv2", "hv3"), seen)
    assert order(found) == [("VM002", (), ()), ("VM001", (0,), (0,))]
    assert about_n_plus_1(found) == []


def test_what_does_not_hold_in_the_end_holds_nothing_back() -> None:
    """Nor what did not hold before: then both start at once, as without the rule."""
    seen = full({"hv1": 4, "hv2": 4, "hv3": 0}, vm(1, "hv1", 4), vm(2, "hv2", 4), vm(3, "hv3", 16))
    found = plan(ruled(SWAPPED, "hv1", "hv2", "hv3"), seen)
    assert "rule-n-plus-1" in about_n_plus_1(found)
    assert not any(set(each.spare) for each in found.schedule.moves if each.label == "VM003")


def test_where_no_order_keeps_it_the_run_goes_on_and_says_that_all_were_tried() -> None:
    """10 GiB are taken at both ends while they go, whatever the order."""
    seen = full({"hv1": 0, "hv2": 12, "hv3": 0}, vm(1, "hv1", 10), vm(3, "hv3", 8))
    found = plan(ruled(stack(spec(1, "hv2")), "hv1", "hv2", "hv3"), seen)
    (said,) = [each for each in found.findings if each.id == "rule-n-plus-1-on-the-way"]
    assert "no order keeps it (every order was tried)" in said.text
    assert len(found.schedule.moves) == 1


def test_an_evacuation_keeps_it_where_an_order_does() -> None:
    """hv4 is emptied onto hv1, which hv3's machine would need meanwhile: it waits for VM001 to have left that, and is made in any case."""
    names = ("hv1", "hv2", "hv3", "hv4", "hv5")
    seen = full(
        {"hv1": 4, "hv2": 0, "hv3": 4, "hv4": 0, "hv5": 8}, vm(1, "hv1", 4), vm(3, "hv3", 4), vm(4, "hv4", 4)
    )
    wanted = stack({**spec(1, "hv5"), **spec(3, "hv3"), **spec(4)}, hosts=names)
    emptied = {HostName("hv4"): Maintenance(to=(HostName("hv1"),))}
    found = plan(ruled(replace(wanted, maintenance=emptied), "hv1", "hv2", "hv3"), seen)
    assert order(found) == [("VM001", (), ()), ("VM004", (0,), (0,))]
    assert about_n_plus_1(found) == []
    last = found.schedule.moves[1]
    assert last.evacuates
    assert last.needs == ()
    assert last.follows == (0,)


def test_a_second_plan_is_the_same() -> None:
    """Equal values give equal orders."""
    wanted = ruled(SWAPPED, "hv1", "hv2", "hv3")
    assert order(plan(wanted, SWAP)) == order(plan(wanted, SWAP))
