"""Machines of others: which they are, and that an entry's own machine is never one of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName, VmId
from hyperv_placement.model.others import Others, OthersSeen
from hyperv_placement.model.siblings import Sibling, SiblingEntry, Siblings
from hyperv_placement.model.stack import Maintenance, Stack
from hyperv_placement.planning.machine.others import of_others, undeclared
from hyperv_placement.planning.plan import plan
from tests.estates import guid, host, inventory, machine, spec, stack

SEEN = inventory(host("hv1", machine(1), machine(2)), host("hv2", machine(3, "hv2"), machine(4, "hv2")))


def saying(*entries: Others, declared: Stack | None = None) -> Stack:
    """Return a stack that declares VM001 and says this of others."""
    return replace(declared or stack(spec(1, "hv1")), others=entries, has_others=True)


def whose(declared: Stack, seen: Inventory = SEEN, known: Kept = NOTHING_KEPT) -> dict[str, str]:
    """Return the machines of others by name, with whose they are."""
    found = of_others(declared, seen, known)
    assert found is not None
    return {each.name: each.whose for each in found.machines}


def entry(name: str, machine_id: VmId | None = None, line: int = 9) -> SiblingEntry:
    """Return an entry of stacks/site7.yaml."""
    return SiblingEntry(
        stack="site7", label=name, name=name, id=machine_id, path=Path("stacks/site7.yaml"), line=line
    )


def beside(*entries: SiblingEntry, hosts: tuple[str, ...] = ("hv1", "hv2")) -> Kept:
    """Return what is known where site7 has these entries and shares these hosts."""
    site7 = Sibling(stack="site7", entries=entries, hosts=frozenset(map(HostName, hosts)))
    return Kept(siblings=Siblings(read=(site7,)))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("VM002", ["VM002"]),
        ("vm00?", ["VM002", "VM003", "VM004"]),
        ("*3", ["VM003"]),
        ("VM00", []),
        ("VM00[23]", []),
    ],
)
def test_names_and_patterns(pattern: str, names: list[str]) -> None:
    """Whole names, without regard to case; only * and ? mean something else than themselves."""
    assert whose(saying(Others(names=(pattern,)))) == dict.fromkeys(names, pattern)


def test_nothing_is_said_without_the_key_and_none_is_said_with_it() -> None:
    """An entry that is over counts for nothing, and the count is there yet."""
    assert of_others(stack(spec(1, "hv1")), SEEN, NOTHING_KEPT) is None
    over = saying(Others(names=("*",), until=date(2026, 11, 30))).on(date(2026, 12, 1))
    assert of_others(over, SEEN, NOTHING_KEPT) == OthersSeen()


def test_a_declared_guid_or_name_is_never_hidden() -> None:
    """A second machine of a declared name, and one that was managed here under a key, are looked at by somebody."""
    everything = Others(names=("*",))
    twin = replace(machine(5, "hv2"), name="vm001")
    seen = inventory(host("hv1", machine(1)), host("hv2", twin, machine(2, "hv2")))
    by_id = saying(everything, declared=stack(spec(1, "hv1", id=guid(1))))
    assert whose(by_id, seen) == {"VM002": "*"}
    assert [vm.id for vm in undeclared(by_id, seen, NOTHING_KEPT)] == [guid(5), guid(2)]
    # Under its old name it is the machine of the key yet.
    renamed = inventory(host("hv1", replace(machine(1), name="SQL1")), host("hv2"))
    kept = Kept(machines={"VM001": guid(1)})
    assert whose(saying(everything), renamed, kept) == {}


def test_what_siblings_declare_is_theirs_by_guid_or_by_name_on_a_host_of_both() -> None:
    """A name alone says nothing of a host that the sibling does not have; a GUID says it wherever the machine is."""
    siblings = saying(Others(siblings=True))
    assert whose(siblings, known=beside(entry("VM002"), entry("VM003"), hosts=("hv1",))) == {
        "VM002": "stack site7"
    }
    assert whose(siblings, known=beside(entry("OTHER", guid(3)), hosts=())) == {"VM003": "stack site7"}
    # It means another machine than the one that has its name here.
    assert whose(siblings, known=beside(entry("VM002", guid(77)))) == {}
    assert whose(saying(Others(names=("SQL*",))), known=beside(entry("VM002"))) == {}


def test_a_sibling_that_cannot_be_read_is_said_where_siblings_count() -> None:
    """Its machines are not known as its own."""
    known = Kept(siblings=Siblings(unread={"site7": "stacks/site7.yaml:3: no list"}))
    found = of_others(saying(Others(siblings=True)), SEEN, known)
    assert found == OthersSeen(unread=("site7: stacks/site7.yaml:3: no list",))
    assert of_others(saying(Others(names=("x",))), SEEN, known) == OthersSeen()


def test_a_host_that_must_be_empty_names_whose_machines_stay() -> None:
    """Their team has to be asked: nothing is moved that is theirs."""
    emptied = replace(saying(Others(names=("VM002",))), maintenance={HostName("hv1"): Maintenance()})
    seen = inventory(host("hv1", machine(2), machine(3)), host("hv2", machine(1, "hv2")), host("hv3"))
    (finding,) = (each for each in plan(emptied, seen).findings if each.id == "maintenance-not-empty")
    assert finding.text == (
        "hv1 is in maintenance and will not be empty: VM002 (of others: VM002), VM003 (not declared)"
    )
