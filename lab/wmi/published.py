"""What hosts have by the public pages of classes and methods, so that the lab can tell a gap of its own from a client's mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hyperv_placement.wsman import CIMV2, VIRTUALIZATION

from .schema import entry_of

_FILE = Path(__file__).with_suffix(".txt")
_FOLDERS = {"HyperV_v2": VIRTUALIZATION, "CIMWin32Prov": CIMV2}
NAMESPACES = (
    "root/default", "root/Hardware", "root/interop", "root/Microsoft/Windows/SMB", "root/Microsoft/Windows/Storage",
    "root/Rsop", "root/SECURITY", "root/StandardCimv2", "root/subscription", "root/WMI",
)  # fmt: skip
"""Namespaces of every Windows Server (microsoft/wmi, tree server2019; win32 pages of their providers), without any class that the lab serves."""
_COUNTERS = ("win32_perfformatteddata_", "win32_perfrawdata_")
"""How the names of root/cimv2's classes of performance counters begin: there is one for each set of counters, and no page for
most of them (win32 pages of Win32_PerfFormattedData and Win32_PerfRawData)."""
_FOLDED = frozenset(name.casefold() for name in NAMESPACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedClass:
    """A class as its page has it."""

    name: str
    namespace: str
    methods: tuple[str, ...]


def class_named(namespace: str, name: str) -> PublishedClass | None:
    """Return a class by its name in any case, None where no page describes one."""
    return _classes().get((namespace.casefold(), name.casefold()))


def is_class(namespace: str, name: str, build: int) -> bool:
    """Say whether hosts of this build have the class: by the lists of properties, or by a page alone."""
    if namespace.casefold() == CIMV2.casefold() and name.casefold().startswith(_COUNTERS):
        return True
    listed = entry_of(name, namespace)
    return class_named(namespace, name) is not None if listed is None else build in listed.builds


def method_named(namespace: str, class_name: str, method: str) -> str | None:
    """Return a method in the page's spelling, None where the class's page has no such method."""
    found = class_named(namespace, class_name)
    listed = () if found is None else found.methods
    return next((each for each in listed if each.casefold() == method.casefold()), None)


def is_namespace(namespace: str) -> bool:
    """Say whether hosts have this namespace and the lab does not."""
    return namespace.replace("\\", "/").casefold() in _FOLDED


@cache
def _classes() -> Mapping[tuple[str, str], PublishedClass]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    found = (_class(*line.split()) for line in lines if not line.startswith("#"))
    return {(each.namespace.casefold(), each.name.casefold()): each for each in found}


def _class(folder: str, name: str, *methods: str) -> PublishedClass:
    return PublishedClass(name=name, namespace=_FOLDERS[folder], methods=methods)
