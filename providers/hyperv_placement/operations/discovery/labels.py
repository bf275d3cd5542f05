"""Which key each machine gets in a stack file, and what must be said besides so that it alone is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hyperv_placement.model.estate import VirtualMachine
from hyperv_placement.model.names import VmId, folded
from hyperv_placement.visible import hidden

from .scalars import quoted

_SOUND = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?")
_ORDER = re.compile(r"::|##\[")
"""Parts the names in a URN of Pulumi, and orders a pipeline's runner."""
_LONGEST_KEY = 1000
"""Characters as written: a key of YAML on the line of its value has 1,024 at most (YAML 1.1, 7.2.1)."""
_MERGE_KEY = "<<"
_SHORT = 8
"""Digits of a GUID that tell namesakes apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A machine's key, with `id:` and `name:` where the key alone does not say which machine is meant."""

    key: str
    id: VmId | None = None
    name: str | None = None


def is_sound(name: str) -> bool:
    """Say whether the reader of stack files takes `name` as a key (the pattern of a label in schemas/stack.schema.json)."""
    shows = not any(map(hidden, name)) and _ORDER.search(name) is None
    return shows and _is_name(name) and name != _MERGE_KEY and len(quoted(name)) <= _LONGEST_KEY


def labels(
    declared: Iterable[VirtualMachine], seen: Iterable[VirtualMachine], *, complete: bool = True
) -> Mapping[VmId, Label]:
    """Return the label of each machine of `declared`: its name, where among all machines `seen` it is the only one of that.

    Namesakes (Windows' names have no case) and names that cannot be keys get a part of the GUID, and `id:`. Where not every
    host was read (`complete`), each gets `id:`: a silent host may hold a namesake.
    """
    names = Counter(folded(vm.name) for vm in seen)
    found: dict[VmId, Label] = {}
    others = []
    for vm in declared:
        if names[folded(vm.name)] == 1 and is_sound(vm.name):
            found[vm.id] = Label(key=vm.name, id=None if complete else vm.id)
        else:
            others.append(vm)
    taken = {folded(label.key) for label in found.values()}
    for vm in others:
        shown = " ".join("".join(char if char.isprintable() else " " for char in vm.name).split())
        start = shown if is_sound(f"{shown} {vm.id}") else "VM"
        short = f"{start} {vm.id[:_SHORT]}"
        # Two GUIDs may begin alike: then only the whole one tells them apart.
        key = short if folded(short) not in taken else f"{start} {vm.id}"
        taken.add(folded(key))
        found[vm.id] = Label(key=key, id=vm.id, name=vm.name if _is_name(vm.name) else None)
    return found


def _is_name(text: str) -> bool:
    return _SOUND.fullmatch(text) is not None


def free_name(name: str, taken: Collection[str]) -> str:
    """Return `name`, with a number where it has gone."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name}-{number}"
    return free
