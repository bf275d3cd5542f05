"""The one rule of memory: what a machine holds, and what it needs elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_placement.model.estate import VmState
from hyperv_placement.model.memory import held_mib, needed_mib, shown_mib
from tests.estates import machine


@pytest.mark.parametrize(
    ("vm", "held", "needed", "shown"),
    [
        ({"memory_mib": 4096}, 4096, 4096, 4096),
        ({"memory_mib": 16384, "memory_assigned_mib": 3072}, 3072, 16384, 3072),
        ({"memory_mib": 1024, "memory_assigned_mib": 3072}, 3072, 3072, 3072),
        ({"memory_mib": 4096, "memory_certain": False}, 4096, 4096, 4096),
        ({"memory_mib": 4096, "state": VmState.PAUSED}, 4096, 4096, 4096),
        ({"memory_mib": 4096, "state": VmState.OTHER}, 4096, 4096, 4096),
        ({"memory_mib": 4096, "state": VmState.OFF}, 0, 0, 4096),
        ({"memory_mib": 4096, "state": VmState.SAVED}, 0, 0, 4096),
        ({"memory_mib": None}, None, None, None),
        ({"memory_mib": None, "state": VmState.OFF}, 0, 0, None),
    ],
)
def test_what_comes_free_is_what_is_held_and_what_is_needed_is_no_less_than_a_start_takes(
    vm: dict[str, Any], held: int | None, needed: int | None, shown: int | None
) -> None:
    """The two differ for dynamic memory alone."""
    found = machine(1, **vm)
    assert (held_mib(found), needed_mib(found), shown_mib(found)) == (held, needed, shown)
