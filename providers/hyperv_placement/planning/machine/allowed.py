"""Which hosts a machine may be on: what it is declared for, less what rules and maintenance take away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Stack

from .displaced import is_displaced, ways_out
from .held import holding


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Machines that must share a host; most groups have one machine."""

    labels: tuple[str, ...]
    hosts: tuple[HostName, ...]
    """Where they may be, by name; one host for a pinned machine."""


def groups(stack: Stack, found: Mapping[str, VirtualMachine]) -> list[Group]:
    """Return the machines of `found` (label -> machine) in groups that must share a host, in the order of labels.

    Where `together` leaves no common host, each machine is a group of its own: the plan reports that the rule does
    not hold.
    """
    result = []
    for labels in tied(stack, sorted(found)):
        if len(labels) == 1:  # nearly all
            own = allowed(stack, labels[0], found[labels[0]])
            result.append(Group(labels=labels, hosts=own if len(own) == 1 else tuple(sorted(set(own)))))
            continue
        sets = [set(allowed(stack, label, found[label])) for label in labels]
        common = set.intersection(*sets)
        if common:
            result.append(Group(labels=labels, hosts=tuple(sorted(common))))
        else:
            result += [
                Group(labels=(label,), hosts=tuple(sorted(own)))
                for label, own in zip(labels, sets, strict=True)
            ]
    return result


def allowed(stack: Stack, label: str, vm: VirtualMachine) -> tuple[HostName, ...]:
    """Return the hosts that a machine may be on, without a preference among them.

    A machine without `host:` stays where it is, unless a rule names it or its host is in maintenance: then any host
    will do. Maintenance takes the place of a pin, and a hold keeps where it is what would go to a held host alone.
    """
    spec = stack.vms[label]
    if holding(stack, spec, vm) is not None:
        return (vm.host,)
    if label in stack.homes:
        return (stack.homes[label],)
    displaced = is_displaced(stack, spec)
    if len(spec.hosts) == 1 and not displaced:
        return spec.hosts
    rules = [rule for rule in stack.rules if label in rule.labels]
    if not spec.hosts and not rules and vm.host not in stack.maintenance:
        return (vm.host,)
    shut = {name for name, host in stack.hosts.items() if host.away is not None}
    shut |= {hold.host for hold in stack.holds if hold.host is not None}
    named = ways_out(stack.maintenance, stack.hosts, spec, stack.rules) if displaced else spec.hosts
    # A machine may stay on its host while that is away or held: nothing has to move for it.
    hosts = [
        name
        for name in named or _anywhere(stack, vm)
        if name not in stack.maintenance and (name == vm.host or name not in shut)
    ]
    for rule in rules:
        if rule.kind == "within":
            hosts = [name for name in hosts if name in rule.hosts]
    return tuple(hosts) or spec.hosts or (vm.host,)


def _anywhere(stack: Stack, vm: VirtualMachine) -> Iterable[HostName]:
    """Return the hosts for a machine whose entry names none: while its own is in maintenance, those that `to:` says."""
    own = stack.maintenance.get(vm.host)
    return own.to if own is not None and own.to else stack.hosts


def tied(stack: Stack, labels: Iterable[str]) -> list[tuple[str, ...]]:
    """Return labels in groups that `together` rules connect."""
    group = {label: [label] for label in labels}
    for rule in stack.rules:
        if rule.kind != "together":
            continue
        known = [label for label in rule.labels if label in group]
        for label in known[1:]:
            one, other = group[known[0]], group[label]
            if one is not other:
                one += other
                for each in other:
                    group[each] = one
    return [tuple(sorted(each)) for label, each in group.items() if min(each) == label]
