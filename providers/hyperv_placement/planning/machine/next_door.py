"""What other stacks of the project say of this one's machines: that they declare them as well, or have them on their hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import tzinfo

from hyperv_placement import quoting
from hyperv_placement.model.calendar import shown
from hyperv_placement.model.estate import Inventory, VirtualMachine
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.identity import Kept
from hyperv_placement.model.names import VmId
from hyperv_placement.model.plan import Step
from hyperv_placement.model.siblings import SiblingEntry, SiblingPlace, Siblings, named
from hyperv_placement.model.stack import Stack

from .identify import identify

_TO_AND_FRO = "each run would move it to its own side"


def declared_twice(
    steps: Iterable[Step], siblings: Siblings
) -> Iterator[tuple[Step, tuple[SiblingEntry, ...]]]:
    """Yield each machine that another stack file declares as well, with where."""
    for step in steps if siblings.read else ():
        if entries := _entries(step.vm, step.vm_id, siblings):
            yield step, entries


def said_twice(label: str, entries: tuple[SiblingEntry, ...]) -> Finding:
    """Return that other stack files declare a machine as well."""
    return Finding.warning(
        "machine-in-two-stacks",
        f"{label} is declared in {named(entries)} as well: {_TO_AND_FRO}",
        "Remove one of the entries; a run of that stack then only forgets the machine",
    )


def twice_in(stack: Stack, inventory: Inventory, known: Kept) -> Iterator[tuple[str, Finding]]:
    """Yield the key of each machine that another stack file declares as well, with that finding."""
    for label, spec in stack.vms.items():
        found = identify(spec, inventory, known.machines.get(label))
        vm = found if isinstance(found, VirtualMachine) else None
        wanted = vm.id if vm is not None else spec.id or known.machines.get(label)
        if entries := _entries(vm, wanted, known.siblings):
            yield label, said_twice(label, entries)


def _entries(vm: VirtualMachine | None, wanted: VmId | None, siblings: Siblings) -> tuple[SiblingEntry, ...]:
    if vm is not None:
        return siblings.declaring(vm)
    return siblings.with_id(wanted) if wanted is not None else ()


def gone_over(finding: Finding, machine: VmId | None, siblings: Siblings, stack: Stack) -> Finding:
    """Return why a machine of `stack` is missing, with where another stack has it, if one is known to have: then it is not lost."""
    if machine is None or finding.id != "machine-missing" or not siblings.read:
        return finding
    places = siblings.places(machine)
    if not places:
        ask = quoting.own("bin/placement drift {} --siblings", stack.path.stem)
        return replace(finding, remedy=f"{finding.remedy}. Ask the hosts of the other stacks for it: {ask}")
    place, entries = places[0], siblings.with_id(machine)
    if entries:
        remedy = f"{named(entries)} declares it: remove the entry here, which only forgets it"
    else:
        remedy = (
            f"Move its entry to the file of stack {place.stack}, whose next run adopts it, while the next one here forgets it;"
            " or move the machine back"
        )
    return replace(finding, text=f"{finding.text}; it {where(place, stack.zone)}", remedy=remedy)


def where(place: SiblingPlace, zone: tzinfo) -> str:
    """Return where another stack has a machine, as `is on site7's hv3 (by its last run, 2026-12-01 03:00 UTC)`, by the clocks of `zone`."""
    if place.asked:
        return f"is on {place.stack}'s {place.host}"
    at = "" if place.at is None else f", {shown(place.at, zone)}"
    return f"is on {place.stack}'s {place.host} (by its last run{at})"


def known_of(vm: VirtualMachine, siblings: Siblings) -> str:
    """Return what other stacks say of a machine that no entry here means, as a clause to append; empty where they say nothing."""
    if entries := siblings.declaring(vm):
        return f"; {named(entries)} declares it"
    if places := siblings.places(vm.id):
        return f"; stack {places[0].stack} has managed it on its {places[0].host}"
    if namesakes := siblings.namesakes(vm):
        return f"; {named(namesakes)} declares a machine of that name, whose GUID is not known here"
    return ""
