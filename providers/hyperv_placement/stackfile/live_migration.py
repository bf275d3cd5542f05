"""The section live_migration:, of the whole stack or of one host, as values."""

from __future__ import annotations

from typing import Literal, cast

from hyperv_placement.model.stack import ANY_NETWORK, LiveMigration, Performance

from .findings import Findings
from .nodes import Mapping, Scalar
from .options import flag, subnets


def read_live_migration(
    entry: Mapping | None, everywhere: LiveMigration, where: str, findings: Findings
) -> LiveMigration:
    """Return `everywhere` with what `entry`, called `where`, says put over it."""
    if entry is None:
        return everywhere
    authentication, performance = entry.scalar("authentication"), entry.scalar("performance")
    networks: tuple[str, ...] | None = None
    if entry.scalar("networks") is not None:  # the one text that the schema takes there: any
        networks = ANY_NETWORK
    elif entry.value("networks") is not None:
        networks = tuple(subnets(entry, f"{where}.networks", findings))
    return LiveMigration(
        enabled=flag(entry.scalar("enabled")),
        authentication=None
        if authentication is None
        else cast("Literal['credssp', 'kerberos']", authentication.text),
        live_limit=_number(entry.scalar("live_limit")),
        storage_limit=_number(entry.scalar("storage_limit")),
        performance=None if performance is None else cast("Performance", performance.text),
        networks=networks,
    ).over(everywhere)


def _number(node: Scalar | None) -> int | None:
    return None if node is None else int(node.text)
