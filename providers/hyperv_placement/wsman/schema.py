"""Types of the properties of the classes in use: on the wire a number looks like a text, and an array of one like a scalar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from .classes import CLASSES


class CimType(StrEnum):
    """Types of CIM properties (DSP0201); INTERVAL is a datetime that Windows writes as an interval."""

    BOOLEAN = "boolean"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    SINT8 = "sint8"
    SINT16 = "sint16"
    SINT32 = "sint32"
    SINT64 = "sint64"
    REAL32 = "real32"
    REAL64 = "real64"
    STRING = "string"
    DATETIME = "datetime"
    INTERVAL = "interval"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Property:
    """A property's name as the MOF spells it, its type, and whether it is an array."""

    name: str
    type: CimType = CimType.STRING
    array: bool = False


@dataclass(frozen=True, slots=True)
class ClassSchema:
    """The properties of a class, inherited ones among its own."""

    name: str
    namespace: str
    properties: tuple[Property, ...]
    by_name: Mapping[str, Property]
    """Lower-case name -> property."""

    def property(self, name: str) -> Property | None:
        """Return a property by its name in any case."""
        return self.by_name.get(name.lower())


@cache
def schema_of(class_name: str) -> ClassSchema | None:
    """Return the schema of a class by its name in any case, or None for a class that nothing here uses."""
    return _schemas().get(class_name.lower())


@cache
def _schemas() -> dict[str, ClassSchema]:
    return {name.lower(): _schema(name, namespace, text) for name, (namespace, text) in CLASSES.items()}


def _schema(name: str, namespace: str, text: str) -> ClassSchema:
    properties = []
    for line in text.split(";"):
        kind, _, listed = line.strip().partition(" ")
        for spelled in listed.split():
            bare = spelled.removesuffix("[]")
            properties.append(Property(bare, CimType(kind), spelled != bare))
    found = tuple(properties)
    return ClassSchema(name, namespace, found, {p.name.lower(): p for p in found})
