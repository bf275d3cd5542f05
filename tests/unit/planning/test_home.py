"""Machines without a pin go back to where maintenance has driven them from, unless somebody has changed their entries since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import Home, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Hold, Maintenance, Rule, Stack
from hyperv_placement.planning.plan import plan
from tests.estates import guid, host, inventory, machine, spec, stack

HV1 = HostName("hv1")


def seen(*machines: tuple[int, str], **facts: Any) -> Inventory:
    """Return a sweep of three hosts with these machines (number, host); `facts` are those of hv1."""
    there = {name: [machine(n, at) for n, at in machines if at == name] for name in ("hv1", "hv2", "hv3")}
    return inventory(
        host("hv1", *there["hv1"], **facts), host("hv2", *there["hv2"]), host("hv3", *there["hv3"])
    )


def empty(declared: Stack, *names: str) -> Stack:
    """Return the stack with these hosts in maintenance."""
    return replace(declared, maintenance={HostName(name): Maintenance() for name in names})


def ways(found: Plan) -> list[tuple[str, str]]:
    """Return the ends of each move."""
    return [(move.source, move.destination) for move in found.moves]


def kept(found: Plan) -> Kept:
    """Return what a run by this plan keeps."""
    return Kept(homes={s.vm.id: s.home for s in found.steps if s.vm is not None and s.home is not None})


@pytest.mark.parametrize("hosts", [(), ("hv1", "hv2", "hv3")])
def test_a_machine_without_a_pin_goes_back_once_the_line_is_out(hosts: tuple[str, ...]) -> None:
    """Driven on from a second host it still goes to the first; back home nothing is kept of it."""
    declared = stack(spec(1, *hosts))
    away = plan(empty(declared, "hv1"), seen((1, "hv1")))
    assert [end for _, end in ways(away)] in (["hv2"], ["hv3"])
    known = kept(away)
    assert known.homes[guid(1)].host == HV1
    on = plan(empty(declared, "hv1", "hv2"), seen((1, "hv2")), known)
    assert ways(on) == [("hv2", "hv3")]
    assert kept(on) == known
    back = plan(declared, seen((1, "hv3")), known)
    assert ways(back) == [("hv3", "hv1")]
    (step,) = back.steps
    assert (step.reason, step.returns) == ("goes back to hv1, where it was before maintenance", True)
    assert kept(back) == known
    there = plan(declared, seen((1, "hv1")), known)
    assert (ways(there), kept(there)) == ([], Kept())


def test_one_whose_entry_has_changed_since_stays() -> None:
    """Its hosts or its storage: somebody has decided anew."""
    known = kept(plan(empty(stack(spec(1)), "hv1"), seen((1, "hv1"))))
    for changed in (
        spec(1, "hv1", "hv2"),
        {"VM001": replace(spec(1)["VM001"], storage=None, hosts=(HostName("hv2"), HostName("hv3")))},
    ):
        found = plan(stack(changed), seen((1, "hv2")), known)
        assert (ways(found), kept(found)) == ([], Kept())
    assert (
        kept(plan(empty(stack(spec(1, "hv1")), "hv1"), seen((1, "hv1")))) == Kept()
    )  # a pin needs no memory


def test_nobody_goes_back_to_a_host_that_takes_nobody_or_against_a_rule() -> None:
    """They stay where they are, and go back once they can."""
    declared = stack({**spec(1), **spec(2)})
    known = kept(plan(empty(declared, "hv1"), seen((1, "hv1"))))
    there = seen((1, "hv2"), (2, "hv1"))
    assert ways(plan(declared, there, known)) == [("hv2", "hv1")]
    hold = Hold(until=date(2026, 12, 1), reason="x", host=HV1)
    for other in (
        empty(declared, "hv1"),
        replace(declared, holds=(hold,)),
        replace(declared, holds=(replace(hold, host=None, label="VM001"),)),
        replace(declared, rules=(Rule(kind="apart", labels=("VM001", "VM002")),)),
        replace(declared, rules=(Rule(kind="within", labels=("VM001",), hosts=(HostName("hv2"), HostName("hv3"))),)),
    ):  # fmt: skip
        found = plan(other, seen((1, "hv2")) if other.maintenance else there, known)
        assert ways(found) == []
        assert kept(found) == known


def test_a_return_that_finds_no_room_is_put_off_and_stops_nothing() -> None:
    """It is nobody's wish of today: the others move, and the machine keeps its home."""
    declared = stack({**spec(1), **spec(2, "hv3")})
    known = Kept(homes=kept(plan(empty(declared, "hv1"), seen((1, "hv1")))).homes)
    found = plan(declared, seen((1, "hv2"), (2, "hv2"), memory_free_mib=0), known)
    assert ways(found) == [("hv2", "hv3")]
    assert [each.id for each in found.findings] == ["return-put-off"]
    assert kept(found) == known
    assert all(step.standing in {Standing.IN_PLACE, Standing.MOVE} for step in found.steps)


def test_a_home_that_is_no_host_any_more_is_forgotten() -> None:
    """As after the host has left the file."""
    known = Kept(homes={guid(1): Home(host=HostName("hv9"), entry="0")})
    found = plan(stack(spec(1)), seen((1, "hv2")), known)
    assert (ways(found), kept(found)) == ([], Kept())
