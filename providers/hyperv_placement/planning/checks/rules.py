"""Checks whether the rules of a stack file hold at the end of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.identity import NOTHING_KEPT, Kept
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.machine.others import of_others

from .n_plus_one import n_plus_one_findings


def broken_rules(
    stack: Stack,
    inventory: Inventory,
    ends: Mapping[str, HostName],
    staying: Mapping[str, HostName],
    known: Kept = NOTHING_KEPT,
) -> Iterator[Finding]:
    """Yield a warning for each rule that the plan's end (`ends`: label -> host) would break.

    `staying`: label -> host of machines that are wanted elsewhere and will not go. `known`: what other stacks declare.
    """
    for rule in stack.rules:
        if rule.kind == "n_plus_1":
            yield from n_plus_one_findings(rule, stack, inventory, ends)
            continue
        where = {label: ends[label] for label in rule.labels if label in ends}
        hosts = set(where.values())
        if rule.kind == "within":
            broken = not hosts <= set(rule.hosts)
        else:
            broken = len(hosts) < len(where) if rule.kind == "apart" else len(hosts) > 1
        if broken:
            shown = ", ".join(f"{label} on {host}" for label, host in where.items())
            yield Finding.warning(
                "rule-broken",
                f"The rule in line {rule.line} ({rule.kind}) does not hold: {shown}",
                "Correct host: of one of them, or the rule",
                topic=Topic.RULE,
            )
    yield from _left_in_maintenance(stack, inventory, {**ends, **staying}, known)


def _left_in_maintenance(
    stack: Stack, inventory: Inventory, ends: Mapping[str, HostName], known: Kept
) -> Iterator[Finding]:
    """Yield a warning for each host in maintenance that keeps machines, with their names, and whose they are where that is said."""
    if not stack.maintenance:
        return
    seen = of_others(stack, inventory, known)
    whose = {each.vm_id: f"of others: {each.whose}" for each in seen.machines} if seen is not None else {}
    declared = {vm.id for vm in stack.vms.values() if vm.id} | {folded(vm.name) for vm in stack.vms.values()}
    for name in stack.maintenance:
        host = inventory.hosts.get(name)
        staying = [label for label, end in ends.items() if end == name]
        # Machines that no entry means stay as well: nobody has declared where else they could go.
        others = [vm for vm in host.vms if not {vm.id, folded(vm.name)} & declared] if host else []
        if staying or others:
            unmeant = (f"{vm.name} ({whose.get(vm.id, 'not declared')})" for vm in others)
            shown = ", ".join([*staying, *unmeant])
            yield Finding.warning(
                "maintenance-not-empty",
                f"{name} is in maintenance and will not be empty: {shown}",
                "Declare those that no entry means, do what the line of each other one says, or move them by hand",
                topic=Topic.RULE,
            )
