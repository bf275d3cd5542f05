"""Pools: one spelling and one unit for each kind, whoever counts."""

from __future__ import annotations

import pytest

from hyperv_placement.model.names import HostName
from hyperv_placement.model.pool import SHARES, Pool

HV1 = HostName("hv1")


@pytest.mark.parametrize(
    ("pool", "name", "amount"),
    [
        (Pool.memory(HV1), "memory of hv1", "2 GiB"),
        (Pool.on_volume(HV1, "D:\\"), "D:\\ of hv1", "2 KiB"),
        (Pool.on_volume(HV1, "memory card"), "memory card of hv1", "2 KiB"),
        (Pool.seat(HV1, rule=0, line=7), "a seat on hv1 by the rule in line 7", "2048"),
        (Pool.file_name("", "\\\\fs1\\vms\\a.vhdx"), "\\\\fs1\\vms\\a.vhdx", "2048"),
        (Pool.file_name("hv1", "D:\\a.vhdx"), "D:\\a.vhdx on hv1", "2048"),
        (SHARES, "shares", "2 KiB"),
    ],
)
def test_each_kind_has_its_words_and_its_unit(pool: Pool, name: str, amount: str) -> None:
    """The kind decides about the unit, and not how the name begins: a volume may be called anything."""
    assert str(pool) == name
    assert pool.amount(2048) == amount


def test_rules_in_one_line_have_seats_of_their_own() -> None:
    """`rules: [{apart: [A, B]}, {apart: [C, D]}]` is two rules: who sits by one does not fill the other."""
    assert Pool.seat(HV1, rule=0, line=7) != Pool.seat(HV1, rule=1, line=7)
