"""What the lab serves and what it does not: written from its tables of methods, and from what the public pages list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.service import unserved
from lab.wmi import published
from lab.wmi.associations import ASSOCIATIONS
from lab.wmi.classes import CLASSES, WmiClass
from lab.wmi.methods import METHODS
from tools.docs.tables import cell, code, row

INTRODUCTION = """# What the lab serves

A host does more than the lab. What the lab does not serve says so, so that nobody looks for the mistake in a client: the fault keeps the
shape and the code that a host would give for something that it does not have, its text begins with `Not served by the lab`, and
`bin/lab log` has a line `not-served` with what was asked, and by whom. What a host itself would refuse is refused in a host's words.

Classes, methods and actions of this page are written from the lab's code by `make docs-write`; which methods a class has on a host is from its public
page (MicrosoftDocs/win32). Any other class that these pages describe is not served either, and says so.
"""

PARTS = """## Parts of methods

What these methods do not do is answered by a ReturnValue, 32770 (not supported), and has its line in `bin/lab log`, too:

- `MigrateVirtualSystemToHost`: the options `AdvancedOptions` and `EnableVhdCompression`, and a `MigrationType` other than 32768 to 32771 (`refusal`).
- `ModifySystemSettings`: other properties than `ElementName`, `Notes`, `SnapshotDataRoot` and `SwapFileDataRoot`, where they would change (`not-served`).
- `DestroySystem` of a machine that is not a planned one (`violation`): the lab removes no machine.

`GetSummaryInformation` returns NULL for pictures, tasks, checkpoints, load and the guest's system.
"""
OUTSIDE = """Identify is served at `/wsman` and, without a login, at `/wsman-anon/identify`. Of the configuration of WinRM, Get of the whole
is (`winrm get winrm/config`), with the limits that are in force."""
QUERIES = """## Queries

WQL with conditions on properties, system properties (`__PATH`, `__SERVER`, `__CLASS` ...) and ISA; ASSOCIATORS OF and REFERENCES OF with ResultClass, AssocClass, Role,
ResultRole and KEYSONLY; the association filter (DSP0227) and the selector filter (DSP0226). Not served: schema queries (`meta_class`, ClassDefsOnly, SchemaOnly), event
queries (`WITHIN`, `GROUP`), qualifiers of classes but Association, Dynamic and Provider, and dates in another form than WMI's DATETIME.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION, _methods(), PARTS, _associations(), QUERIES, _resources(), _actions()]
    return "\n".join(parts)


def _methods() -> str:
    served = _by_class(METHODS)
    lines = ["## Methods", "", row("class", "served", "not served"), row(*["---"] * 3)]
    for each in sorted(CLASSES, key=lambda found: found.name.casefold()):
        missing = [name for name in _listed(each) if name not in served.get(each.name, ())]
        if missing or each.name in served:
            lines.append(row(code(each.name), _codes(sorted(served.get(each.name, ()))), _codes(missing)))
    return "\n".join(lines) + "\n"


def _listed(each: WmiClass) -> tuple[str, ...]:
    found = published.class_named(each.namespace, each.name)
    return () if found is None else found.methods


def _by_class(methods: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for class_name, method in methods:
        found.setdefault(class_name, []).append(method)
    return found


def _associations() -> str:
    lines = ["## Associations", "", row("class", "namespace", "refers by"), row(*["---"] * 3)]
    listed = sorted(ASSOCIATIONS, key=lambda found: found.name.casefold())
    lines += [row(code(each.name), code(each.namespace), _codes(each.ends)) for each in listed]
    return "\n".join(lines) + "\n"


def _resources() -> str:
    lines = ["## Resources that are no classes of WMI", "", row("what", "resource URI"), row("---", "---")]
    lines += [row(cell(what), code(f"{uri}...")) for uri, what in unserved.RESOURCES.items()]
    return "\n".join(lines) + "\n"


def _actions() -> str:
    listed = [*unserved.ACTIONS.values(), unserved.FRAGMENTS, unserved.EVENTS, unserved.PUSHED]
    lines = ["## Actions", "", "For no class:", "", *(f"- {cell(what)}" for what in listed)]
    lines += ["", OUTSIDE]
    return "\n".join(lines) + "\n"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(map(code, names))
