"""What microsoft/wmi found on live hosts: a Go struct for each class, with its superclass and its own properties."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_STRUCT = re.compile(r"^type (\w+) struct \{\n\t\*(\S+)\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^\t(\w+) (\S+)$", re.MULTILINE)
_TYPES: Mapping[str, str] = {
    "bool": "boolean", "string": "string", "float32": "real32", "float64": "real64", "int8": "sint8", "int16": "sint16",
    "int32": "sint32", "int64": "sint64", "uint8": "uint8", "uint16": "uint16", "uint32": "uint32", "uint64": "uint64",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeProperty:
    """A property as a struct has it: an enumeration's type is empty, for Go does not keep it."""

    name: str
    type: str
    object: str
    """The class of a reference or an embedded object; empty for the others."""
    array: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeClass:
    """A class as a struct has it."""

    name: str
    base: str
    properties: Mapping[str, TreeProperty]


def read(text: str) -> TreeClass | None:
    """Return the class of a source file, None for one without (an enumeration's)."""
    found = _STRUCT.search(text)
    if found is None:
        return None
    name, base, body = found.groups()
    properties = [_property(*field) for field in _FIELD.findall(body)]
    return TreeClass(
        name=name,
        base="" if base.startswith("cim.") else base,
        properties={each.name: each for each in properties},
    )


def _property(name: str, spelled: str) -> TreeProperty:
    bare = spelled.removeprefix("[]")
    known = bare.startswith(("CIM_", "Msvm_", "Win32_", "MSCluster_", "MSFT_"))
    return TreeProperty(
        name=name,
        type=_TYPES.get(bare, ""),
        object=bare if known else "",
        array=spelled != bare,
    )
