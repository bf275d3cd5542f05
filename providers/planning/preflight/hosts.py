"""Whether two hosts migrate at all, and whether the destination is free of the machine."""

from __future__ import annotations

from collections.abc import Iterator

from providers.model.estate import HostFacts
from providers.model.plan import Finding, Move

from .findings import refusal, warning


def hosts(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield what is wrong with the migration services of both ends."""
    for name, facts in ((move.source, source), (move.destination, destination)):
        if not facts.migration.enabled:
            yield refusal(
                f"Live migration is disabled on {name}", f"Run Enable-VMMigration on {facts.full_name}"
            )
        elif not facts.migration.max_live:
            yield refusal(
                f"{name} allows no live migrations at once",
                f"Run Set-VMHost -MaximumVirtualMachineMigrations 2 on {facts.full_name}",
            )
    if not destination.migration.addresses:
        yield refusal(
            f"{move.destination} listens for migrations on no address",
            "Choose migration networks there (Set-VMHost -UseAnyNetworkForMigration $true)",
        )
    if source.migration.authentication != destination.migration.authentication:
        yield warning(
            f"{move.source} and {move.destination} use different authentication for migrations",
            "Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos on both",
        )


def leftovers(move: Move, destination: HostFacts) -> Iterator[Finding]:
    """Yield what lies at the destination under the machine's GUID."""
    if move.vm.id in destination.realized:
        yield refusal(
            f"{move.destination} has a machine with the GUID of {move.vm.name} already",
            "Find out which copy is the true one and remove the other by hand",
        )
    if move.vm.id in destination.planned:
        told = warning if move.is_staged else refusal  # only the log of this stack can say whether it is ours
        yield told(
            f"{move.destination} holds a planned system with the GUID of {move.vm.name}, left by an earlier attempt",
            "Wait half a minute and run again; if it stays, remove the planned virtual machine there",
        )
