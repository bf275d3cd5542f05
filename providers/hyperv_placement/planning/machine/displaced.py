"""Where a machine may be while every host of its entry must be empty: maintenance overrides a pin for as long as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import HostSpec, Maintenance, Rule, Stack, VmSpec


def is_displaced(stack: Stack, spec: VmSpec) -> bool:
    """Say whether maintenance takes away every host that the entry of a machine names."""
    if not stack.maintenance or not spec.hosts:
        return False
    return all(name in stack.maintenance for name in spec.hosts)


def names_its_place(stack: Stack, spec: VmSpec) -> bool:
    """Say whether the stack file, or a return after maintenance, names the one host that a machine belongs on; otherwise it is chosen."""
    return spec.label in stack.homes or (len(spec.hosts) == 1 and not is_displaced(stack, spec))


def ways_out(
    maintenance: Mapping[HostName, Maintenance],
    hosts: Mapping[HostName, HostSpec],
    spec: VmSpec,
    rules: Iterable[Rule],
) -> tuple[HostName, ...]:
    """Return where a machine may go whose hosts are all in maintenance, by name alone: what `to:` says of them, else any other host."""
    named = {name for own in spec.hosts for name in maintenance[own].to}
    found = [name for name in hosts if name not in maintenance and (not named or name in named)]
    for rule in rules:
        if rule.kind == "within" and spec.label in rule.labels:
            found = [name for name in found if name in rule.hosts]
    return tuple(found)
