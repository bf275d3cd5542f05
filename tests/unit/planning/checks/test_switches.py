"""Switches of one name that are not made alike."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_placement.model.estate import Adapter, SwitchKind, VirtualSwitch
from hyperv_placement.model.move import Move, Moves
from hyperv_placement.model.names import HostName
from hyperv_placement.planning.checks.preflight.switches import made_otherwise
from tests.estates import facts, machine

EXTERNAL, INTERNAL, PRIVATE = SwitchKind.EXTERNAL, SwitchKind.INTERNAL, SwitchKind.PRIVATE
Networks = tuple[VirtualSwitch, ...] | None


def made(**values: Any) -> Networks:
    """Return the one switch of a host."""
    return (VirtualSwitch(**{"name": "external", **values}),)


def said(
    here: Networks, there: Networks, vlans: tuple[int, ...] | None = None, **vm: Any
) -> list[tuple[str, str]]:
    """Return severity and id of what is said of a move of VM001 from hv1 to hv2."""
    moving = machine(1, **vm)
    move = Move(
        vm=moving, moves=Moves.HOST, source=HostName("hv1"), destination=HostName("hv2"), roots=moving.roots
    )
    found = list(made_otherwise(move, facts("hv1", networks=here), facts("hv2", networks=there, vlans=vlans)))
    assert all(each.remedy for each in found)
    return [(each.severity.value, each.id) for each in found]


@pytest.mark.parametrize(
    ("here", "there", "severity"),
    [
        (EXTERNAL, PRIVATE, "refusal"),
        (EXTERNAL, INTERNAL, "refusal"),
        (PRIVATE, EXTERNAL, "refusal"),
        (INTERNAL, EXTERNAL, "refusal"),
        (INTERNAL, PRIVATE, "warning"),
        (EXTERNAL, SwitchKind.WITHIN, "refusal"),
        (SwitchKind.WITHIN, EXTERNAL, "refusal"),
    ],
)
def test_a_name_alone_is_no_network(here: SwitchKind, there: SwitchKind, severity: str) -> None:
    """With a way out on one host alone the move is refused; what differs within the hosts warns."""
    assert said(made(kind=here), made(kind=there)) == [(severity, "switch-kind-differs")]


def test_switches_of_one_kind_and_another_spelling_are_compared() -> None:
    """The spelling is said elsewhere."""
    assert said(made(kind=EXTERNAL), made(kind=EXTERNAL)) == []
    assert said(made(kind=SwitchKind.WITHIN), made(kind=PRIVATE)) == []
    assert said(made(kind=EXTERNAL), made(kind=PRIVATE, name="EXTERNAL")) == [
        ("refusal", "switch-kind-differs")
    ]


def test_what_was_read_of_one_host_alone_is_not_taken_for_alike() -> None:
    """It warns; where neither showed it, as in a recording of before, nothing can be said."""
    assert said(made(kind=EXTERNAL), made()) == [("warning", "switch-kind-unread")]
    assert said(made(), made(kind=EXTERNAL)) == [("warning", "switch-kind-unread")]
    assert said(made(), made()) == said(None, made(kind=PRIVATE)) == said(made(kind=PRIVATE), None) == []


@pytest.mark.parametrize(
    ("here", "there", "differs"),
    [
        ((1, False), (2, False), True),
        ((0, False), (1, False), False),  # the default is weight
        ((0, True), (1, True), True),  # and none with SR-IOV
        ((0, True), (3, True), False),
        ((2, False), (2, True), False),
        ((None, None), (2, False), False),
    ],
)
def test_bandwidth_modes_are_compared_as_they_count(
    here: tuple[int | None, bool | None], there: tuple[int | None, bool | None], *, differs: bool
) -> None:
    """The default stands for another mode."""
    one, other = (made(kind=EXTERNAL, bandwidth=mode, sriov=sriov) for mode, sriov in (here, there))
    assert (("warning", "switch-bandwidth-differs") in said(one, other, adapters=())) is differs


@pytest.mark.parametrize(
    ("adapters", "warned"),
    [
        ((Adapter(switch="external", sriov=True),), True),
        ((Adapter(switch="external"), Adapter(switch="other", sriov=True)), False),
        (None, True),
    ],
    ids=["uses it", "does not", "unread"],
)
def test_sr_iov_that_is_missing_there_warns_who_uses_it(adapters: Any, *, warned: bool) -> None:
    """Who does not use it loses nothing; unread is not taken for that."""
    here, there = (made(bandwidth=2, sriov=sriov) for sriov in (True, False))
    assert (("warning", "switch-sriov-differs") in said(here, there, adapters=adapters)) is warned
    assert said(there, here, adapters=adapters) == []


def test_a_vlan_that_nothing_there_uses_warns() -> None:
    """No host reports what the physical switch carries; not read is no proof that none is used."""
    tagged = (Adapter(switch="external", vlans=(20,)),)
    assert said(made(), made(), vlans=(10,), adapters=tagged) == [("warning", "vlan-unseen")]
    assert said(made(), made(), vlans=(10, 20), adapters=tagged) == []
    assert said(made(), made(), vlans=None, adapters=tagged) == []
    assert said(made(), made(), vlans=(), adapters=(Adapter(switch="external"),)) == []
