"""Where a machine without a pin was before maintenance drove it away, and whether it goes back there now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.identity import Home, Kept
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Rule, Stack, VmSpec

_DIGITS = 16


def fingerprint(spec: VmSpec) -> str:
    """Return what an entry says of a machine's place, as a short text that changes with it."""
    storage = spec.storage
    said = None if storage is None else (
        storage.config, storage.checkpoints, storage.paging, storage.all_disks, sorted(storage.disks.items()), storage.layout,
    )  # fmt: skip
    return hashlib.sha256(repr((spec.hosts, said)).encode("utf-8")).hexdigest()[:_DIGITS]


def to_keep(stack: Stack, spec: VmSpec, vm: VirtualMachine, known: Home | None) -> Home | None:
    """Return the home to keep of a machine while it is elsewhere; None where it has none, is back, or its entry has changed.

    The first host that it was driven from counts as long as that is in maintenance: it may be driven on.
    """
    if len(spec.hosts) == 1 or (known is None and vm.host not in stack.maintenance):
        return None
    mark = fingerprint(spec)
    if known is not None and known.entry == mark and known.host in stack.hosts:
        if known.host in stack.maintenance:
            return known
        if known.host != vm.host and vm.host not in stack.maintenance:
            return known
    return Home(host=vm.host, entry=mark) if vm.host in stack.maintenance else None


def returning(stack: Stack, there: Mapping[str, VirtualMachine], kept: Kept) -> Mapping[str, HostName]:
    """Return the machines of `there` (label -> machine) that go back to where they were, and whereto.

    Nobody goes back to a host that is in maintenance, away or held, that his entry or a rule forbids, or that a machine has taken from which
    he must be apart.
    """
    found: dict[str, HostName] = {}
    for label, vm in sorted(there.items()) if kept.homes else ():
        home = kept.homes.get(vm.id)
        if home is None or vm.host == home.host or stack.holds_machine(label):
            continue
        if to_keep(stack, stack.vms[label], vm, home) == home and _is_open(
            stack, stack.vms[label], home.host
        ):
            found[label] = home.host
    for rule in stack.rules if found else ():
        for label in list(_against(rule, there, found)):
            found.pop(label, None)
    return found


def _is_open(stack: Stack, spec: VmSpec, host: HostName) -> bool:
    shut = host in stack.maintenance or stack.hosts[host].away is not None or stack.holds_host(host)
    return not shut and (not spec.hosts or host in spec.hosts)


def _against(rule: Rule, there: Mapping[str, VirtualMachine], found: Mapping[str, HostName]) -> Iterator[str]:
    """Yield machines whose return a rule would forbid; what else the plan does with the others is not known yet."""
    ends = {label: found.get(label, there[label].host) for label in rule.labels if label in there}
    for label, end in ends.items():
        others = [other for name, other in ends.items() if name != label]
        if label in found and (
            (rule.kind == "within" and end not in rule.hosts)
            or (rule.kind == "apart" and end in others)
            or (rule.kind == "together" and any(other != end for other in others))
        ):
            yield label
