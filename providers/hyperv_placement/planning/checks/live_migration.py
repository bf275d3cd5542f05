"""What of a host's migration settings is not as declared. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.model.live_migration import HostMigration
from hyperv_placement.model.stack import ANY_NETWORK, LiveMigration

STEP = 10
"""Between the metrics of two networks, so that somebody can put one between them."""


def new_metrics(wanted: Sequence[str]) -> Mapping[str, int]:
    """Return the metric of each declared subnet: the first is preferred; those of any network are all 0."""
    if set(wanted) == set(ANY_NETWORK):
        return dict.fromkeys(wanted, 0)
    return {subnet: STEP * (position + 1) for position, subnet in enumerate(wanted)}


def settings_of(actual: HostMigration) -> dict[str, Any]:
    """Return what a host has, under the names of the stack file."""
    return {
        "enabled": actual.enabled,
        "authentication": actual.authentication,
        "liveLimit": actual.live_limit,
        "storageLimit": actual.storage_limit,
        "performance": actual.performance,
        "networks": [_canonical(network.subnet) for network in actual.networks],
    }


def declared_settings(wanted: LiveMigration) -> dict[str, Any]:
    """Return what is declared of a host, under the same names; what is not managed is left out."""
    values = {
        "enabled": wanted.enabled,
        "authentication": wanted.authentication,
        "liveLimit": wanted.live_limit,
        "storageLimit": wanted.storage_limit,
        "performance": wanted.performance,
        "networks": None if wanted.networks is None else list(wanted.networks),
    }
    return {name: value for name, value in values.items() if value is not None}


def differing(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> list[str]:
    """Return the names of declared settings that the host has otherwise; the order of networks does not count where any network may be used."""
    return [
        name
        for name, value in wanted.items()
        if actual.get(name) != value
        # All networks of "any" have metric 0, so that their order says nothing.
        and not (name == "networks" and set(value) == set(ANY_NETWORK) == set(actual.get(name) or ()))
    ]


def by_hand(name: str, value: Any) -> str:
    """Return the lines for PowerShell on a host that set one declared setting (Set-VMHost page and its neighbours)."""
    match name:
        case "enabled":
            line = (
                quoting.powershell("Enable-VMMigration")
                if value
                else quoting.powershell("Disable-VMMigration")
            )
        case "authentication":
            line = quoting.powershell("Set-VMHost -VirtualMachineMigrationAuthenticationType {}", value)
        case "liveLimit":
            line = quoting.powershell("Set-VMHost -MaximumVirtualMachineMigrations {}", value)
        case "storageLimit":
            line = quoting.powershell("Set-VMHost -MaximumStorageMigrations {}", value)
        case "performance":
            line = quoting.powershell("Set-VMHost -VirtualMachineMigrationPerformanceOption {}", value)
        case _ if set(value) == set(ANY_NETWORK):
            line = quoting.powershell("Set-VMHost -UseAnyNetworkForMigration $true")
        case _:
            return "; ".join(str(quoting.powershell("Add-VMMigrationNetwork {}", subnet)) for subnet in value)
    return str(line)


def _canonical(subnet: str) -> str:
    try:
        return str(ipaddress.ip_network(subnet, strict=False))
    except ValueError:
        return subnet
