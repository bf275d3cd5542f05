"""Names that only look alike: blanks at the ends, letters composed or decomposed, characters that do not show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from hyperv_placement.visible import hidden, visible

from .estate import VirtualMachine
from .names import folded

_SHOWN = 3
"""How many near names are listed: more would be another problem."""


@lru_cache(maxsize=8192)  # each missing machine is held against all names of an estate
def looks(name: str) -> str:
    """Return a form that is the same for names that people can hardly distinguish."""
    seen = "".join(char for char in unicodedata.normalize("NFKC", name) if not hidden(char) or char.isspace())
    # Normalized again behind folding, which can leave letters decomposed (Unicode 3.13, caseless matching).
    return folded(unicodedata.normalize("NFKC", folded(" ".join(seen.split()))))


def near(name: str, others: Iterable[str]) -> list[str]:
    """Return those of `others` that look like `name` and are other names, in their order."""
    form = looks(name)
    found = (other for other in others if looks(other) == form and folded(other) != folded(name))
    return list(dict.fromkeys(found))


def oddness(name: str) -> str:
    """Return what of a name does not show, in words; empty where it is as it looks."""
    odd = list[str]()
    if name != name.rstrip():
        odd.append("blank at its end")
    if name != name.lstrip():
        odd.append("blank at its start")
    inner = name.strip()
    if " ".join(inner.split()) != inner:
        odd.append("another blank within")
    for char in dict.fromkeys(char for char in inner if hidden(char) and not char.isspace()):
        odd.append(f"with U+{ord(char):04X}, which does not show")
    if unicodedata.normalize("NFC", inner) != inner:
        odd.append("its letters are decomposed")
    elif unicodedata.normalize("NFKC", inner) != inner:
        odd.append("letters of another width or form")
    return ", ".join(odd)


def reported(name: str) -> str:
    """Return a name as it is, or quoted and with what of it does not show."""
    odd = oddness(name)
    return f"{quoted(name)} ({odd})" if odd else name


def quoted(name: str) -> str:
    """Return a name in quotes, with escapes for what does not show."""
    return f"'{visible(name)}'"


def near_machines(name: str, vms: Iterable[VirtualMachine]) -> str:
    """Return `; 'A7 ' (blank at its end) is on hv1` for machines whose names look like `name`; empty where there is none."""
    machines = list(vms)
    alike = set(near(name, (vm.name for vm in machines)))
    found = [vm for vm in machines if vm.name in alike][:_SHOWN]
    return "".join(f"; {_reported_beside(vm.name, name)} is on {vm.host}" for vm in found)


def near_ones(name: str, others: Iterable[str]) -> str:
    """Return `; it has 'External ' (blank at its end)` for names of a host that look like `name`; empty where there is none."""
    found = near(name, others)[:_SHOWN]
    return f"; it has {', '.join(_reported_beside(each, name) for each in found)}" if found else ""


def _reported_beside(name: str, wanted: str) -> str:
    odd = oddness(name)
    if not odd:
        other = oddness(wanted)
        odd = f"the name looked for: {other}" if other else "it looks alike"
    return f"{quoted(name)} ({odd})"
