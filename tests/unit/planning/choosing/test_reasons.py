"""What is said of machines for which no host fits: the whole contradiction, and nothing that is not so."""

from __future__ import annotations

from dataclasses import replace

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Plan, Standing
from hyperv_placement.model.stack import Maintenance, Rule
from hyperv_placement.planning.plan import plan
from tests.estates import host, inventory, machine, spec, stack

GIB = 1024
EMPTIED = {HostName("hv1"): Maintenance()}


def drained(found: Inventory, *rules: Rule) -> Plan:
    """Return the plan that empties hv1 of VM001."""
    return plan(replace(stack(spec(1), rules=rules), maintenance=EMPTIED), found)


def test_a_host_that_would_refuse_the_machine_is_named_with_the_reason() -> None:
    """hv3 has room, and none of the switches of the machine: as though `hv2 only` were declared would be no proof."""
    vm = machine(1, memory_mib=8 * GIB)
    found = drained(
        inventory(
            host("hv1", vm, memory_free_mib=0),
            host("hv2", memory_free_mib=4 * GIB),
            host("hv3", memory_free_mib=20 * GIB, switches=()),
        )
    )
    (said,) = [each for each in found.steps[0].findings if each.id == "no-host-fits"]
    assert "it may be on hv2 only; hv3 does not take VM001: " in said.text
    assert "switch" in said.text


def test_who_stays_is_not_said_to_wait_for_room() -> None:
    """The host that was looked at for its move was not chosen: no room there makes it go."""
    found = drained(
        inventory(
            host("hv1", machine(1, memory_mib=8 * GIB), memory_free_mib=0),
            host("hv2", memory_free_mib=4 * GIB),
            host("hv3", memory_free_mib=3 * GIB),
        )
    )
    (step,) = found.steps
    assert step.standing == Standing.REFUSED
    assert [each.id for each in step.findings] == ["no-host-fits"]


def test_a_machine_that_its_own_facts_refuse_does_not_wait_for_room() -> None:
    """It is a role of a cluster, and so goes nowhere, however much room there is."""
    vm = machine(1, memory_mib=8 * GIB, clustered=True)
    found = plan(stack(spec(1, "hv2")), inventory(host("hv1", vm), host("hv2", memory_free_mib=4 * GIB), host("hv3")))  # fmt: skip
    assert [each.id for each in found.steps[0].findings] == ["machine-clustered"]
