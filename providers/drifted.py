"""Read and compare, for drift: the comparison that serves every run, and beside it settings, delegation and our own log."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from providers.actual import compare
from providers.delegated import plan_delegation
from providers.errors import PlacementError
from providers.hyperv.audit import AuditLog
from providers.hyperv.estate import WORKERS, Estate
from providers.hyperv.host_settings import read_migration
from providers.model.estate import Inventory
from providers.model.live_migration import HostMigration
from providers.model.names import HostName
from providers.model.plan import Plan
from providers.model.stack import Stack
from providers.planning.drift import DriftReport, Readings, drift_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Drift, and what it was told from."""

    report: DriftReport
    inventory: Inventory
    plan: Plan


def read_drift(stack: Stack, estate: Estate, audit: AuditLog) -> Found:
    """Return what is not as `stack` declares. Hosts are only read; one that does not answer is unknown.

    The settings of hosts are read where the stack declares some, the directory where it declares delegation.
    """
    inventory, plan = compare(stack, estate, orders=False)
    readings = Readings(
        settings=_settings(stack, estate, inventory),
        delegation=plan_delegation(stack, estate, inventory, estate.clock),
        names=estate.all_names(_with_recent_moves(inventory)),
        past=audit.moved(),
        now=estate.clock.utc(),
    )
    report = drift_of(stack, inventory, plan, readings)
    return Found(report=report, inventory=inventory, plan=plan)


def _with_recent_moves(inventory: Inventory) -> set[HostName]:
    """Return the hosts of machines that jobs tell of: by its names a host is known as a job's destination."""
    moved = {job.vm_id for host in inventory.hosts.values() for job in host.recent}
    return {vm.host for vm in inventory.vms() if vm.id in moved}


def _settings(stack: Stack, estate: Estate, inventory: Inventory) -> Mapping[HostName, HostMigration | str]:
    def read(name: HostName) -> HostMigration | str:
        try:
            return read_migration(estate.client(name))
        except PlacementError as error:
            return str(error)

    hosts = [name for name, host in stack.hosts.items() if host.live_migration and name in inventory.hosts]
    if not hosts:
        return {}
    with ThreadPoolExecutor(min(WORKERS, len(hosts))) as pool:
        return dict(zip(hosts, pool.map(read, hosts), strict=True))
