"""What a person types on a host that did not take a setting."""

from __future__ import annotations

from typing import Any

import pytest

from hyperv_placement.model.stack import ANY_NETWORK
from hyperv_placement.planning.checks.live_migration import by_hand


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("enabled", True, "Enable-VMMigration"),
        ("enabled", False, "Disable-VMMigration"),
        ("authentication", "kerberos", "Set-VMHost -VirtualMachineMigrationAuthenticationType 'kerberos'"),
        ("liveLimit", 3, "Set-VMHost -MaximumVirtualMachineMigrations 3"),
        ("storageLimit", 4, "Set-VMHost -MaximumStorageMigrations 4"),
        ("performance", "smb", "Set-VMHost -VirtualMachineMigrationPerformanceOption 'smb'"),
        ("networks", list(ANY_NETWORK), "Set-VMHost -UseAnyNetworkForMigration $true"),
        (
            "networks",
            ["10.0.1.0/24", "fd00::/64"],
            "Add-VMMigrationNetwork '10.0.1.0/24'; Add-VMMigrationNetwork 'fd00::/64'",
        ),
    ],
)
def test_each_setting_has_its_line(name: str, value: Any, line: str) -> None:
    """Set-VMHost page, Add-VMMigrationNetwork page."""
    assert by_hand(name, value) == line
