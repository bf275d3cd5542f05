"""The same estate in English and in Japanese: our client sees no difference."""

from __future__ import annotations

import re

import pytest

from hyperv_placement.errors import PlacementError, WsmanFaultError
from hyperv_placement.model.names import HostName
from lab.estate.spec import EstateSpec
from tests.fabric.conftest import Fabric, Maker
from tests.fabric.test_moves import moved
from tests.unit.lab.conftest import estate, machine

LOCALES = ("en-US", "ja-JP")
_JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


def speaking(locale: str) -> EstateSpec:
    """Return an estate whose hosts speak a language."""
    return estate(
        machine("WEB01"), machine("OFF01", enabled_state=3), machine("SAVED01", enabled_state=6),
        machine("SNAP01", checkpoints=("one",)), machine("TPM01", vtpm=True), machine("OLD01", generation=1),
        machine("REPL01", replication_mode=1), machine("LONE01", switches=(None,), heartbeat=False),
        locale=locale,
    )  # fmt: skip


@pytest.mark.lab
def test_the_inventory_is_the_same_in_every_language(make_fabric: Maker) -> None:
    """Hosts, machines, disks, switches: equal values, while the rows carry other words."""
    english, japanese = (make_fabric(speaking(locale)) for locale in LOCALES)
    one, other = english.inventory(), japanese.inventory()
    assert list(one.vms()) == list(other.vms())
    facts = [[host.facts for host in found.hosts.values()] for found in (one, other)]
    assert [each.switches for each in facts[0] if each] == [each.switches for each in facts[1] if each] != []
    client = japanese.estate.client(HostName("hv1"))
    words = {row.text("Caption") for row in client.query("Msvm_ComputerSystem")}
    assert all(map(_JAPANESE.search, words))


@pytest.mark.lab
@pytest.mark.parametrize("code", [0x8009030E, 0x8007000E, 0x80070070, None])
def test_a_failed_move_is_the_same_error_in_every_language(make_fabric: Maker, code: int | None) -> None:
    """Class, remedy and code agree; only the host's own words differ."""
    errors = [failed(make_fabric(speaking(locale)), code) for locale in LOCALES]
    assert type(errors[0]) is type(errors[1])
    assert errors[0].remedy == errors[1].remedy
    codes = [re.findall(r"0x[0-9A-F]{8}", f"{error} {error.detail}") for error in errors]
    assert codes[0] == codes[1] != []
    assert _JAPANESE.search(f"{errors[1]} {errors[1].detail}")


def failed(fabric: Fabric, code: int | None) -> PlacementError:
    """Return the error of a move whose job fails with a code."""
    fabric.fault("migration-fails", vm="WEB01", code=code)
    with pytest.raises(PlacementError) as caught:
        fabric.run(fabric.order("WEB01", "hv2"))
    return caught.value


@pytest.mark.lab
def test_a_fault_is_the_same_error_in_every_language(make_fabric: Maker) -> None:
    """A query for a class that is not there, and a Get of a machine that is not: same class, same code."""
    seen, said = [], ""
    for locale in LOCALES:
        client = make_fabric(speaking(locale)).estate.client(HostName("hv1"))
        with pytest.raises(WsmanFaultError) as caught:
            client.query("Msvm_Nothing")
        seen.append((type(caught.value), caught.value.code, caught.value.subcode))
        said = caught.value.message
    assert seen[0] == seen[1]
    assert _JAPANESE.search(said)


@pytest.mark.lab
def test_a_move_between_japanese_hosts(make_fabric: Maker) -> None:
    """Nothing in a move depends on a word."""
    fabric = make_fabric(speaking("ja-JP"))
    moved(fabric, fabric.order("WEB01", "hv2", config="E:\\W", checkpoints="E:\\W", paging="E:\\W"))
