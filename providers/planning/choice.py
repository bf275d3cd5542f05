"""Which of several allowed hosts a machine goes to."""

from __future__ import annotations

from collections.abc import Mapping

from providers.model.estate import Inventory, VirtualMachine
from providers.model.names import HostName
from providers.model.stack import Rule, VmSpec


def choose_host(
    spec: VmSpec,
    vm: VirtualMachine,
    inventory: Inventory,
    promised: Mapping[HostName, int],
    taken: Mapping[str, HostName],
    rules: tuple[Rule, ...],
) -> HostName:
    """Return the host `vm` shall be on: where it is if that is allowed, else the emptiest allowed host.

    `promised`: MiB that other moves of this plan bring to a host. `taken`: label -> host, as decided so far.
    Hosts that did not answer come last, hosts that a rule forbids before them.
    """
    if not spec.hosts or vm.host in spec.hosts:
        return vm.host
    if len(spec.hosts) == 1:
        return spec.hosts[0]

    def rank(name: HostName) -> tuple[bool, bool, int]:
        host = inventory.hosts.get(name)
        known = host.facts.memory_free_mib if host and host.facts else None
        free = (known or 0) - promised.get(name, 0)
        return host is None, _forbidden(spec.label, name, taken, rules), -free

    return min(spec.hosts, key=rank)


def _forbidden(label: str, host: HostName, taken: Mapping[str, HostName], rules: tuple[Rule, ...]) -> bool:
    for rule in rules:
        if label not in rule.labels:
            continue
        others = {taken[other] for other in rule.labels if other != label and other in taken}
        if host in others if rule.kind == "apart" else others - {host}:
            return True
    return False
