"""Balance and preferences: what decides among hosts that cost equally many bytes, and that nothing moves for it alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from hyperv_placement.model.estate import Host, Inventory
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Balance, Load, Maintenance, Stack, VmSpec
from hyperv_placement.planning.choosing.evenness import level
from hyperv_placement.planning.plan import plan
from tests.estates import host, inventory, machine, spec, stack

HOSTS = ("hv1", "hv2", "hv3")


def estate(*vms: tuple[str, int, int], processors: int | None = 8) -> Inventory:
    """Return hosts with 8 logical processors and machines: host, GiB of memory, virtual processors."""
    made: dict[str, list[object]] = {name: [] for name in HOSTS}
    for number, (at, memory, count) in enumerate(vms, start=1):
        made[at].append(machine(number, at, memory_mib=memory * 1024, processors=count))
    return inventory(*(_host(name, made[name], processors) for name in HOSTS))


def _host(name: str, vms: list[object], processors: int | None) -> Host:
    used = sum(vm.memory_mib for vm in vms)  # type: ignore[attr-defined]
    return host(name, *vms, memory_free_mib=65536 - used, processors=processors)  # type: ignore[arg-type]


def emptied(
    by: tuple[Load, ...], threshold: float = 0.0, specs: Mapping[str, VmSpec] = MappingProxyType({})
) -> Stack:
    """Return a stack of six machines that may be anywhere, in which hv1 is emptied."""
    declared = {label: spec for number in range(1, 7) for label, spec in spec_of(number).items()} | dict(
        specs
    )
    return replace(
        stack(declared, hosts=HOSTS),
        maintenance={HostName("hv1"): Maintenance()},
        balance=Balance(by=by, threshold=threshold),
    )


def spec_of(number: int, *prefer: str) -> dict[str, VmSpec]:
    """Return the entry of a machine that may be anywhere."""
    return spec(number, *HOSTS, prefer=tuple(map(HostName, prefer)))


def ends(found: Plan) -> Counter[str]:
    """Return how many machines go to which host."""
    return Counter(step.move.destination for step in found.steps if step.move is not None)


# hv2 has much memory in use and few processors, hv3 the other way round; two machines leave hv1.
UNEVEN = (("hv1", 4, 4), ("hv1", 4, 4), ("hv2", 40, 1), ("hv2", 4, 1), ("hv3", 4, 12), ("hv3", 4, 12))


@pytest.mark.parametrize(
    ("by", "expected"),
    [(("memory",), {"hv3": 2}), (("processors",), {"hv2": 2}), (("memory", "processors"), {"hv2": 2})],
)
def test_what_is_balanced_decides_where_machines_go(by: tuple[Load, ...], expected: dict[str, int]) -> None:
    """Of both the more uneven one: 44 of 64 GiB on hv2 are less than 24 of 8 processors on hv3."""
    found = plan(emptied(by), estate(*UNEVEN))
    assert ends(found) == expected
    assert found.findings == ()


def test_a_preference_goes_before_balance_and_after_bytes() -> None:
    """It leaves for the host that it prefers, and one that may stay stays wherever it would rather be."""
    there = emptied(("memory",), specs={**spec_of(1, "hv2"), **spec_of(5, "hv2")})
    found = plan(there, estate(*UNEVEN))
    assert {step.label: step.move.destination for step in found.steps if step.move is not None} == {
        "VM001": "hv2",
        "VM002": "hv3",
    }
    assert found.steps[4].standing == Standing.IN_PLACE
    assert ends(plan(emptied(("memory",)), estate(*UNEVEN))) == {"hv3": 2}


def test_the_first_of_the_preferred_hosts_that_can_take_it_does() -> None:
    """One that is emptied itself is no place."""
    found = plan(emptied(("memory",), specs=spec_of(1, "hv1", "hv2", "hv3")), estate(*UNEVEN))
    assert found.steps[0].move is not None
    assert found.steps[0].move.destination == "hv2"


def test_within_the_threshold_hosts_are_even_enough() -> None:
    """With 5 % hv3 takes what leaves; within 60 points it does not matter, and the answer is that of no balance at all."""
    seen = estate(*UNEVEN)
    assert ends(plan(emptied(("memory",), 5.0), seen)) == {"hv3": 2}
    assert ends(plan(emptied(("memory",), 100.0), seen)) == ends(plan(emptied(()), seen))


def test_processors_that_nobody_reports_are_said_and_memory_counts() -> None:
    """An unread host would look empty."""
    found = plan(emptied(("processors",)), estate(*UNEVEN, processors=None))
    assert ends(found) == {"hv3": 2}
    assert [each.id for each in found.findings] == ["balance-unread"]
    assert not found.refusals


def test_nothing_moves_for_balance_or_preference_alone() -> None:
    """All on one host, and each prefers another one."""
    declared = {label: each for n in range(1, 5) for label, each in spec_of(n, "hv3").items()}
    seen = estate(*[("hv1", 4, 8)] * 4)
    found = plan(replace(stack(declared, hosts=HOSTS), balance=Balance(by=("processors",))), seen)
    assert found.moves == ()


@pytest.mark.parametrize(("coming", "expected"), [(0, 0), (1, 1), (64, 16), (200, 33)])
def test_a_level_is_the_least_step_that_takes_all(coming: int, expected: int) -> None:
    """Of an empty host and a half full one."""
    loads = [(0, 128), (64, 128)]
    assert level(loads, coming) == expected
    assert sum(max(0, total * expected // 32 - used) for used, total in loads) >= coming
