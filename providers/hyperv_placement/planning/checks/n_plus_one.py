"""Checks whether a group of hosts can lose any one of them: N + 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.memory import held_mib, in_memory, needed_mib
from hyperv_placement.model.names import HostName, folded
from hyperv_placement.model.stack import Rule, Stack
from hyperv_placement.model.units import MIB, format_bytes

from .survival import Survival, group_survival

_NAMED = 5
"""Machines that a line names."""


def n_plus_one_findings(
    rule: Rule, stack: Stack, inventory: Inventory, ends: Mapping[str, HostName]
) -> Iterator[Finding]:
    """Yield a warning for each host of a rule whose running machines the others could not take, by the plan's end.

    What a host keeps free stays free. Where it could be neither shown nor refuted, the warning says that instead.
    """
    rule = serving(rule, stack)
    free = _free_in_the_end(rule, stack, inventory, ends)
    if free is None:
        return
    nobody_knows = unread([vm for name in rule.hosts for vm in _running_on(name, stack, inventory, ends)])
    if nobody_knows:
        yield Finding.warning(
            "rule-n-plus-1-unknown",
            f"Whether the rule in line {rule.line} (n_plus_1) holds is not known: how much memory"
            f" {', '.join(nobody_knows[:_NAMED])} {'needs' if len(nobody_knows) == 1 else 'need'} could not be read",
            "Run again; if it stays so, see what the hosts report of them",
            topic=Topic.RULE,
        )
        return
    running = {
        name: [needed_mib(vm) or 0 for vm in _running_on(name, stack, inventory, ends)] for name in rule.hosts
    }
    for lost, found in group_survival(free, running).items():
        lacking = format_bytes(sum(found.homeless) * MIB)
        without = (
            f"without {lost} the others find no room for {len(found.homeless)} of its {len(running[lost])} running machines"
            f" ({lacking} of memory)"
        )
        if found.verdict == Survival.FAILS:
            yield Finding.warning(
                "rule-n-plus-1",
                f"The rule in line {rule.line} (n_plus_1) does not hold: {without}",
                "Place fewer machines on these hosts, or add one",
                topic=Topic.RULE,
            )
        elif found.verdict == Survival.UNKNOWN:
            yield Finding.warning(
                "rule-n-plus-1-unknown",
                f"The rule in line {rule.line} (n_plus_1) could not be shown to hold within the search's budget: in the best packing found,"
                f" {without}",
                "Keep more memory free on these hosts, so that it is plain",
                topic=Topic.RULE,
            )


def serving(rule: Rule, stack: Stack) -> Rule:
    """Return a rule (n_plus_1) of the hosts that are not in maintenance.

    One that is takes nobody: while it is serviced the others have to do without it, and without one more.
    """
    return replace(rule, hosts=tuple(name for name in rule.hosts if name not in stack.maintenance))


def unread(machines: Iterable[VirtualMachine]) -> list[str]:
    """Return the names of running machines of which it could not be read how much memory they need."""
    return sorted(vm.name for vm in machines if in_memory(vm) and needed_mib(vm) is None)


def _free_in_the_end(
    rule: Rule, stack: Stack, inventory: Inventory, ends: Mapping[str, HostName]
) -> dict[HostName, int] | None:
    """Return the MiB that each host of a rule has free when the plan is done; None while that is not known."""
    free: dict[HostName, int] = {}
    for name in rule.hosts:
        host = inventory.hosts.get(name)
        if host is None or host.facts is None or host.facts.memory_free_mib is None:
            return None
        free[name] = stack.hosts[name].reserve.left_of_memory(host.facts.memory_free_mib)
        # What is free now plus what runs now, less what runs in the end: a host's own need is never estimated.
        free[name] += sum(held_mib(vm) or 0 for vm in host.vms)
        free[name] -= sum(
            (held_mib(vm) if vm.host == name else needed_mib(vm)) or 0
            for vm in _running_on(name, stack, inventory, ends)
        )
    return free


def _running_on(
    name: HostName, stack: Stack, inventory: Inventory, ends: Mapping[str, HostName]
) -> Iterator[VirtualMachine]:
    """Yield the running machines that are on a host in the end, declared or not."""
    by_name = {folded(spec.name): label for label, spec in stack.vms.items()}
    by_id = {spec.id: label for label, spec in stack.vms.items() if spec.id}
    for vm in inventory.vms():
        label = by_id.get(vm.id) or by_name.get(folded(vm.name))
        if in_memory(vm) and ends.get(label or "", vm.host) == name:
            yield vm
