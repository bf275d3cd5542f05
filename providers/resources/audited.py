"""The program's part in the audit log: what earlier runs began, and nobody has seen the end of, gets its end."""

from __future__ import annotations

import pulumi

from providers.hyperv.audit import AuditLog
from providers.model.estate import Inventory

from . import saying


def close_audit(log: AuditLog, inventory: Inventory) -> None:
    """Append how moves ended whose runs were killed or cut, as far as hosts show it; a preview writes nothing."""
    if pulumi.runtime.is_dry_run():
        return
    if trouble := log.close(inventory):
        saying.warn(trouble)
