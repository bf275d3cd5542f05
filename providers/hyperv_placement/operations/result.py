"""What the last run of a stack has come to: the hosts as they are now, and what the audit log last said of each machine."""

from __future__ import annotations

from contextlib import closing

from hyperv_placement.clock import SystemClock
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.migration.audit_tail import last_words
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.outcome import Outcome, outcome_of
from hyperv_placement.winrm.credentials import check_some
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.stacks import PROJECT

from .plan import compare


def read_outcome(stack: Stack) -> Outcome:
    """Return whether every declared machine is in its place. Raises PlacementError where there are no credentials at all."""
    check_some({name: host.connection for name, host in stack.hosts.items()})
    log = last_words(audit_path(PROJECT, stack.path.stem))
    with closing(Estate(stack.hosts, clock=SystemClock())) as estate:
        inventory, plan = compare(stack, estate, known=kept_of(stack, PROJECT))
    return outcome_of(stack, plan, inventory, log)
