"""One machine under two keys: an import that would make that is refused, and what has come of one is reported with the way out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from hyperv_placement import quoting
from hyperv_placement.errors import NotDeclaredError, PlacementError
from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import VmId
from hyperv_placement.model.stack import Stack

from .fleet import Fleet
from .identity import check_named


def check_importable(fleet: Fleet, label: str, vm: VirtualMachine) -> None:
    """Raise NotDeclaredError where `pulumi import` would take a machine in under a key that does not mean it, or a second time."""
    file, kept = fleet.stack.path.name, fleet.identities.kept().machines
    other = next(
        (
            key
            for key, machine in kept.items()
            if machine == vm.id and key != label and key in fleet.stack.vms
        ),
        None,
    )
    if other is not None:
        raise NotDeclaredError(
            f"{label} is not imported: the machine {vm.id} is managed as {other} already",
            remedy="Nothing is to be done: one machine has one key",
        )
    remedy = f"Write an entry for it into {file} first; the next run adopts the machine by itself, without an import"
    if label not in fleet.stack.vms:
        raise NotDeclaredError(f"{label} is not imported: {file} has no entry of that key", remedy=remedy)
    try:
        check_named(fleet, label, vm, fleet.kept(label))
    except NotDeclaredError as error:
        raise NotDeclaredError(f"{label} is not imported: {error.message}", remedy=remedy) from error


def check_managed_once(stack: Stack, reported: Mapping[str, VmId], urn_of: Callable[[str], str]) -> None:
    """Raise PlacementError where state has a declared machine under another key as well.

    `reported`: key -> GUID as state was read in this run; `urn_of`: returns the engine's name of a key's resource.
    """
    if lines := list(_twice(stack, reported, urn_of)):
        raise PlacementError(". ".join(lines), remedy="")


def _twice(stack: Stack, reported: Mapping[str, VmId], urn_of: Callable[[str], str]) -> Iterator[str]:
    keys: dict[VmId, list[str]] = defaultdict(list)
    for label, machine in reported.items():
        keys[machine].append(label)
    for machine, labels in keys.items():
        declared = [label for label in labels if label in stack.vms]
        # Where no entry is left, the run forgets all of them.
        if len(labels) < 2 or not declared:  # noqa: PLR2004 - twice
            continue
        stays = next((label for label in declared if stack.vms[label].id == machine), declared[0])
        for label in labels:
            if label != stays:
                yield (
                    f"{label} and {stays} are one machine in the state, {machine}. To take {label} out of the state,"
                    f" which touches no machine: {removal(urn_of(label))}"
                )


def removal(urn: str) -> quoting.Command:
    """Return the command that takes a resource out of the state; an import protects it, which `--force` overrides."""
    return quoting.own("bin/pulumi state delete --force --yes {}", urn)
