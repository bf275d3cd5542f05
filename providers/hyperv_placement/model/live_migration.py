"""How a host takes part in migrations, as it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .stack import Performance


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationNetwork:
    """A subnet on which migrations may come."""

    subnet: str
    """`10.0.1.0/24`."""
    metric: int
    """Lower is preferred."""
    instance_id: str = ""
    """InstanceID of its row; empty for one that is yet to be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMigration:
    """Settings of a host's migration service, and the networks that people have chosen for it."""

    enabled: bool
    authentication: Literal["credssp", "kerberos", "unknown"]
    live_limit: int
    storage_limit: int
    performance: Performance
    networks: tuple[MigrationNetwork, ...]
    """The preferred first."""
