"""Machines that two stack files declare: each run would take them to its own side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hyperv_placement.model.names import same
from hyperv_placement.model.stack import Stack, VmSpec

from .addresses import authority


def declared_twice(stacks: Mapping[Path, Stack]) -> Mapping[Path, tuple[str, ...]]:
    """Return, for each file, a line for each of its machines that an earlier file declares as well.

    One machine is meant where both entries have its `id:`; by name alone, where the files share a host that it may be on.
    """
    found: dict[Path, tuple[str, ...]] = {}
    earlier: list[tuple[Path, Stack]] = []
    for path, stack in stacks.items():
        found[path] = tuple(
            f"{path}:{spec.line}: vms.{spec.label} is declared in {other_path}:{other.line} as well: each run would move it to"
            " its own side; remove one of the two entries"
            for other_path, other_stack in earlier
            for spec in stack.vms.values()
            if (other := _same(spec, stack, other_stack)) is not None
        )
        earlier.append((path, stack))
    return found


def _same(spec: VmSpec, stack: Stack, other: Stack) -> VmSpec | None:
    """Return the entry of `other` that means the machine of `spec`."""
    shared = _endpoints(stack) & _endpoints(other)
    for each in other.vms.values():
        if spec.id is not None and each.id is not None:
            if spec.id == each.id:
                return each
        elif shared and same(spec.name, each.name):
            return each
    return None


def _endpoints(stack: Stack) -> set[str]:
    return {authority(host.endpoint) for host in stack.hosts.values()}
