"""Checks whether both hosts allow migrations, and whether the destination already has the machine."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement import quoting
from hyperv_placement.model.estate import UNREPORTED, HostFacts
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import VmId
from hyperv_placement.planning.machine.computers import NAME_IT_ONCE, is_one_computer, one_host
from hyperv_placement.planning.machine.doubles import about_copies

from .delegation_settings import AUTHENTICATIONS


def hosts(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield what keeps the migration services of the two hosts from making the move."""
    for name, facts in ((move.source, source), (move.destination, destination)):
        if not facts.migration.enabled:
            yield Finding.refusal(
                "migration-disabled",
                f"Live migration is disabled on {name}",
                f"On {facts.full_name} run {quoting.powershell('Enable-VMMigration')}",
            )
        elif not facts.migration.max_live:
            yield Finding.refusal(
                "migration-limit-zero",
                f"{name} allows no live migrations at once",
                f"On {facts.full_name} run {quoting.powershell('Set-VMHost -MaximumVirtualMachineMigrations 2')}",
            )
    # A teaming or switch change can leave the listener without an address (SupportArticles-docs): it is enabled, and nobody answers.
    if not destination.migration.addresses:
        yield Finding.refusal(
            "migration-no-address",
            f"{move.destination} listens for migrations on no address",
            "Choose migration networks there (Set-VMHost -UseAnyNetworkForMigration $true)",
        )
    for name, facts in ((move.source, source), (move.destination, destination)):
        if facts.migration.authentication not in AUTHENTICATIONS:
            yield Finding.warning(
                "migration-authentication-unknown",
                f"How {name} authenticates migrations is not known: its AuthenticationType is"
                f" {_shown(facts.migration.authentication)}",
                f"On {facts.full_name} run {quoting.powershell('Get-VMHost | Format-List VirtualMachineMigrationAuthenticationType')}",
            )
    if source.migration.authentication != destination.migration.authentication:
        yield Finding.warning(
            "migration-authentication-differs",
            f"{move.source} and {move.destination} use different authentication for migrations",
            "Set-VMHost -VirtualMachineMigrationAuthenticationType Kerberos on both",
        )


def _shown(authentication: int) -> str:
    return (
        "not reported" if authentication == UNREPORTED else f"{authentication}, which its page does not name"
    )


def leftovers(move: Move, source: HostFacts, destination: HostFacts) -> Iterator[Finding]:
    """Yield what the destination has under the machine's GUID.

    While a migration of the machine runs, it made what is there. A second machine is reported only where both hosts show it
    at once and are two computers.
    """
    vm = move.vm
    # First, for all that follows would be found twice on one computer, and look like a copy.
    if is_one_computer(source, destination):
        yield Finding.refusal(
            "hosts-are-one", one_host(move.source, move.destination, source.full_name), NAME_IT_ONCE
        )
        return
    if any(job.vm_id == vm.id for job in (*source.jobs, *destination.jobs)):
        if vm.id in {*destination.realized, *destination.planned}:
            yield Finding.refusal(
                "machine-migrating",
                f"{vm.name} is being migrated right now",
                "Run again when that migration has ended",
            )
        return
    if vm.id in destination.realized:
        if vm.id in source.realized:
            yield Finding.refusal(
                "machine-there-twice",
                f"{move.source} and {move.destination} both have a machine with the GUID of {vm.name}",
                about_copies(vm.id),
            )
        else:
            yield Finding.refusal(
                "machine-arrived",
                f"{vm.name} has come to {move.destination} meanwhile",
                "Run again: the next plan starts from there",
            )
    # A planned system is what a migration makes before the machine arrives; here no job runs that needs it.
    if vm.id in destination.planned:
        text = f"{move.destination} holds a planned system with the GUID of {vm.name}, left by an earlier attempt"
        remedy = _gone_by_hand(vm.id, destination.full_name)
        # Staging may have left it, and only the audit log of this stack shows that: asked at the start.
        if move.is_staged:
            yield Finding.warning("planned-system-left", text, remedy)
        else:
            yield Finding.refusal("planned-system-left", text, remedy)


def _gone_by_hand(vm: VmId, host: str) -> str:
    """Return how a person removes a planned system, and what to check first: Hyper-V Manager does not show it."""
    running = quoting.powershell("Get-CimInstance -Namespace root/virtualization/v2 Msvm_MigrationJob")
    one = quoting.powershell(
        "$planned = Get-CimInstance -Namespace root/virtualization/v2 Msvm_PlannedComputerSystem -Filter {}",
        f"Name={quoting.wql(vm)}",
    )
    gone = quoting.powershell(
        "Get-CimInstance -Namespace root/virtualization/v2 Msvm_VirtualSystemManagementService | Invoke-CimMethod"
        " -MethodName DestroySystem -Arguments @{AffectedSystem=$planned}"
    )
    return (
        f"Wait half a minute and run again. If it stays, see on both hosts that no migration of it runs ({running}),"
        f" and on {host} that this shows exactly one: {one}. Only then: {gone}"
    )
