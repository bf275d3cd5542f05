"""Why a machine belongs where the plan puts it, in a few words: a line of the stack file, or what makes it go."""

from __future__ import annotations

from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Rule, Stack, VmSpec

from .displaced import is_displaced


def why(stack: Stack, spec: VmSpec, vm: VirtualMachine, target: HostName) -> str:
    """Return why a machine belongs on `target`: it is declared there, must leave its host, or makes room for others."""
    declared = f"declared in {stack.path.name}:{spec.line}"
    if target != vm.host and (because := _by_maintenance(stack, spec, vm, target)):
        return because
    if target == vm.host or (spec.hosts and vm.host not in spec.hosts):
        return declared
    rules = [rule for rule in stack.rules if spec.label in rule.labels]
    if rule := next((rule for rule in rules if rule.kind == "within" and vm.host not in rule.hosts), None):
        return f"{_of(rule, spec)}, by the rule in line {rule.line}"
    if rules:
        return f"{_of(rules[0], spec)}, by the rule in line {rules[0].line}"
    return f"makes room on {vm.host}, allowed by {stack.path.name}:{spec.line}"


def _by_maintenance(stack: Stack, spec: VmSpec, vm: VirtualMachine, target: HostName) -> str:
    """Return what maintenance, or its end, has to do with a move; an empty text where that is nothing."""
    if vm.host in stack.maintenance:
        return f"{vm.host} is in maintenance"
    if stack.homes.get(spec.label) == target:
        return f"goes back to {target}, where it was before maintenance"
    if is_displaced(stack, spec):
        return f"{' and '.join(spec.hosts)} {'is' if len(spec.hosts) == 1 else 'are'} in maintenance"
    return ""


def _of(rule: Rule, spec: VmSpec) -> str:
    if rule.kind == "within":
        return f"belongs on {' or '.join(rule.hosts)}"
    return (
        f"{rule.kind} from {_others(rule, spec)}"
        if rule.kind == "apart"
        else f"together with {_others(rule, spec)}"
    )


def _others(rule: Rule, spec: VmSpec) -> str:
    others = [label for label in rule.labels if label != spec.label]
    more = len(others) - 2
    return ", ".join(others[:2]) + (f" and {more} more" if more > 0 else "")
