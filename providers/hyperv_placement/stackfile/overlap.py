"""Machines that two stack files declare: each run would take them to its own side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hyperv_placement.errors import StackFileError
from hyperv_placement.model.names import same
from hyperv_placement.model.stack import Stack, VmSpec

from .addresses import authority
from .findings import Findings


def declared_twice(stacks: Mapping[Path, Stack]) -> Mapping[Path, StackFileError]:
    """Return an error for each file with machines that an earlier file declares as well, a line for each of them.

    One machine is meant where both entries have its `id:`; by name alone, where the files share a host that it may be on.
    """
    wrong: dict[Path, StackFileError] = {}
    earlier: list[tuple[Path, Stack]] = []
    for path, stack in stacks.items():
        findings = Findings(path)
        for other_path, other_stack in earlier:
            for spec in stack.vms.values():
                if (other := _same(spec, stack, other_stack)) is not None:
                    findings.add(
                        "machine-in-two-files",
                        spec.line,
                        f"vms.{spec.label} is declared in {other_path}:{other.line} as well: each run would move it to its own"
                        " side; remove one of the two entries",
                    )
        if findings:
            wrong[path] = findings.error()
        earlier.append((path, stack))
    return wrong


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
