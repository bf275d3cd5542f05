"""`bin/placement adopt`: one line of the stack file, or none at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import VmId
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.adopt import AdoptError, adopt
from hyperv_placement.stackfile import load
from tests.estates import guid, host, inventory, machine

HEAD = "hosts:\n  hv1: {address: hv1.lab.example}\n  hv2: {address: hv2.lab.example}\nvms:\n"
BODY = "  # the shop\n  VM001: {host: hv1}   # pinned\n  VM002:\n    host: hv1\n"


@pytest.fixture
def declared(tmp_path: Path) -> Callable[[], Stack]:
    """Return what loads a stack file with two machines, laid out by a person."""
    path = tmp_path / "lab.yaml"
    path.write_text(HEAD + BODY, encoding="utf-8")
    return lambda: load(path)


def seen(*numbers: int, silent: tuple[str, ...] = ()) -> Inventory:
    """Return a sweep that shows these machines on hv1."""
    return inventory(host("hv1", *(machine(number) for number in numbers)), host("hv2"), silent=silent)


def test_the_line_is_written_and_all_else_stays(declared: Callable[[], Stack]) -> None:
    """Comments, order and the other entry; the file says it once, and says so the second time."""
    known = Kept(machines={"VM001": guid(1), "VM002": guid(2)})
    done = adopt(declared(), seen(2, 9), known, "VM001", guid(9))
    text = declared().path.read_text(encoding="utf-8")
    assert text == HEAD + BODY.replace("{host: hv1}   #", f"{{host: hv1, id: {guid(9)}}}   #")
    assert f"+  VM001: {{host: hv1, id: {guid(9)}}}   # pinned" in done.diff
    assert done.notes == (
        f"VM001: the machine {guid(1)} is on no host any more; {guid(9)} is taken over in its place",
    )
    assert adopt(declared(), seen(2, 9), known, "VM001", guid(9)).diff == ""


@pytest.mark.parametrize(
    ("label", "number", "there", "known", "says"),
    [
        ("VM009", 9, seen(9), {}, "VM009 is not declared in"),
        ("VM001", 9, seen(1, 2), {}, "on any of 2 hosts"),
        ("VM001", 9, seen(1, 2, silent=("hv3",)), {}, "on the hosts that answer; hv3 did not answer"),
        ("VM001", 2, seen(1, 2), {}, "is the machine of VM002"),
        ("VM001", 9, seen(2, 9), {"VM002": guid(9)}, "is the machine of VM002"),
        ("VM001", 9, seen(1, 2, 9), {"VM001": guid(1)}, "and that one is 'VM001' on hv1"),
        (
            "VM001",
            9,
            seen(2, 9, silent=("hv3",)),
            {"VM001": guid(1)},
            "may be out of sight: hv3 did not answer",
        ),
    ],
)
def test_what_cannot_be_proven_is_not_written(
    declared: Callable[[], Stack],
    label: str,
    number: int,
    there: Inventory,
    known: dict[str, VmId],
    says: str,
) -> None:
    """One line says why, and the file is as it was."""
    kept = Kept(machines=known)
    with pytest.raises(AdoptError, match=says.replace(".", r"\.")):
        adopt(declared(), there, kept, label, guid(number))
    assert declared().path.read_text(encoding="utf-8") == HEAD + BODY


def test_a_replica_and_a_copy_are_no_machines_to_adopt(declared: Callable[[], Stack]) -> None:
    """Neither is one machine that a key could mean."""
    replica = inventory(host("hv1", machine(9, replication_mode=2)), host("hv2"))
    with pytest.raises(AdoptError, match="is a replica"):
        adopt(declared(), replica, NOTHING_KEPT, "VM001", guid(9))
    twice = inventory(host("hv1", machine(9)), host("hv2", machine(9, "hv2")))
    with pytest.raises(AdoptError, match="is seen on hv1, hv2"):
        adopt(declared(), twice, NOTHING_KEPT, "VM001", guid(9))
