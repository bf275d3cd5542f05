"""Little is asked before an order, and nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tools.bench.before_orders import FIRST, SECOND, asked_before_orders

pytestmark = pytest.mark.lab

FROM_EACH_END = {"SELECT * FROM Msvm_VirtualSystemMigrationService"}


def test_a_run_asks_little_before_its_orders_and_nothing_twice(tmp_path: Path) -> None:
    """The first move knows names and traits of its hosts, the second all that an administrator sets."""
    first, second = asked_before_orders(tmp_path / "lab")
    assert len(first) <= FIRST, first
    assert len(second) <= SECOND, second
    for asked in (first, second):
        twice = {each for each, times in Counter(asked).items() if times > 1} - FROM_EACH_END
        assert not twice
        # What protects a machine is asked anew for each order: its jobs, settings, files, state, and room where it goes.
        for what in (
            "Msvm_MigrationJob WHERE", "Msvm_VirtualSystemSettingData WHERE", "CIM_ResourceAllocationSettingData WHERE",
            "Get Msvm_ComputerSystem", "Win32_OperatingSystem", "Win32_Volume", "CIM_ComputerSystem",
        ):  # fmt: skip
            assert any(what in each for each in asked), what
