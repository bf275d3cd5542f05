"""The reserve: one rule, asked by all who count room."""

from __future__ import annotations

import ast

import pytest

from hyperv_placement.model.estate import Volume
from hyperv_placement.model.reserve import NO_RESERVE, Reserve
from tools.workspace import PROJECT

PRODUCT = PROJECT / "providers" / "hyperv_placement"
VOLUME = Volume(path="D:\\", capacity_bytes=1001, free_bytes=300)


@pytest.mark.parametrize(
    ("reserve", "kept"),
    [
        (NO_RESERVE, 0),
        (Reserve(disk_bytes=200), 200),
        (Reserve(disk_percent=25), 250),
        (Reserve(disk_bytes=251, disk_percent=25), 251),
        (Reserve(disk_bytes=400), 400),
    ],
)
def test_the_larger_of_bytes_and_percent_stays_free(reserve: Reserve, kept: int) -> None:
    """Whole bytes; what is left is negative where less than that is free."""
    assert reserve.on(VOLUME) == kept
    assert reserve.left_on(VOLUME) == 300 - kept


def test_memory_is_kept_in_mib() -> None:
    """Of what is free, as of what there is in all."""
    assert Reserve(memory_mib=512).left_of_memory(500) == -12


def test_nobody_counts_the_reserve_for_himself() -> None:
    """Percent and bytes of it are read where the rule stands, and written where the stack file is read."""
    readers = {
        path.relative_to(PRODUCT).as_posix()
        for path in PRODUCT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"disk_percent", "disk_bytes"}
    }
    assert readers == {"model/reserve.py"}
