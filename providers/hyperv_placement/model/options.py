"""How a machine is moved: the options of a migration that a stack file may choose."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Literal

Transport = Literal["tcp", "smb"]
CpuCap = Literal["normal", "low", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationOptions:
    """Options of Msvm_VirtualSystemMigrationSettingData (win32 page of the class). None = as the hosts are set."""

    transport: Transport | None = None
    """TransportType, of a move to another host; None: SMB where both hosts are set to it, as Move-VM does."""
    compression: bool | None = None
    """EnableCompression; None: as the source is set."""
    networks: tuple[str, ...] = ()
    """Subnets (CIDR): of the destination's listener addresses those within, in this order; none = all."""
    retain_vhd_copies_on_source: bool | None = None
    """RetainVhdCopiesOnSource: read-only disks (parents, those of checkpoints) stay at the source, too."""
    avoid_removing_vhds: bool | None = None
    """AvoidRemovingVHDs: no disk is removed, at the source after success, at the destination after failure."""
    cancel_if_blackout_threshold_exceeded: bool | None = None
    """CancelIfBlackoutThresholdExceeded."""
    cpu_cap: CpuCap | None = None
    """CPUCappingMagnitude."""
    check: Literal["staged"] | None = None
    """A planned machine first, on which the destination checks what it can, then the move."""
    parents: Literal["copy"] | None = None
    """What becomes of parents of differencing disks that nothing attaches; None: such a move is refused."""

    def over(self, other: MigrationOptions) -> MigrationOptions:
        """Return `other` with what is chosen here put over it."""
        # No networks is nothing chosen, as None is; False is a choice.
        chosen = {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) not in (None, ())
        }
        return replace(other, **chosen)


AS_HOSTS_ARE_SET = MigrationOptions()
"""Nothing chosen."""


def reached_by(addresses: Iterable[str], networks: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of a host's migration addresses that lie within `networks`, in their order; all of them where `networks` is empty."""
    known = tuple(addresses)
    if not networks:
        return known
    found = (
        address
        for network in map(ipaddress.ip_network, networks)
        for address in known
        if _within(address, network)
    )
    return tuple(dict.fromkeys(found))


def _within(address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        # A host reports its addresses as text: one that cannot be read lies in no network, and ends no plan.
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False
