"""The program's part in the audit log: what earlier runs began gets its end, and this run its first line."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pulumi

from hyperv_placement.audit.origin import origin
from hyperv_placement.audit.ticket import TICKET, check_ticket
from hyperv_placement.clock import Clock
from hyperv_placement.errors import AuditRefusedError
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.plan import Schedule
from hyperv_placement.model.stack import Stack
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.handoff import fingerprint

from . import program_log


def audit_of(stack: Stack, path: Path, clock: Clock) -> AuditLog:
    """Return the log of a stack, for a run."""
    of = partial(origin, os.environ, stack.path, stack.digest)
    return AuditLog(path, clock=clock, of=of, required=stack.must_be_audited)


def open_audit(log: AuditLog, inventory: Inventory, schedule: Schedule) -> None:
    """Append how moves ended whose runs were killed or cut, as far as hosts show it, and that this run begins; a preview writes nothing.

    Raises AuditRefusedError where the log cannot be written, and must be; PlacementError where the environment's ticket is none.
    """
    if ticket := os.environ.get(TICKET):
        check_ticket(ticket)
    if pulumi.runtime.is_dry_run():
        return
    log.go_by(fingerprint(schedule))
    # First the ends that killed runs have left open, so that the log tells them before what this run begins.
    trouble = log.close(inventory)
    if trouble is None and (schedule.moves or log.required):
        lifted = {"allowed": sorted(allowed)} if (allowed := allowances(os.environ)) else {}
        trouble = log.append({"event": "run", "moves": len(schedule.moves), **lifted})
    if trouble and log.required:
        raise AuditRefusedError(f"Nothing was started: {trouble}", remedy="Make it writable, then run again")
    if news := log.news():
        program_log.warn(news)
