"""CIM instances as values: typed by their class's schema, rows of projections without class and types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeAlias

from hyperv_placement.errors import ProtocolError

from . import names
from .schema import ClassSchema, Property, schema_of
from .values import Scalar, Unreadable, lenient

Value: TypeAlias = "Scalar | Instance | tuple[Value, ...]"
"""What a CIM property can hold."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One CIM instance: class and properties. A property that the answer left out reads as NULL.

    One whose text is not of its type is kept as Unreadable: only `text` and `words` return it, everything else raises
    ProtocolError, for what is not known must not pass for NULL.
    """

    class_name: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    namespace: str = names.VIRTUALIZATION
    """The WMI namespace; empty where the resource is not WMI's."""
    uri: str = ""
    """The resource URI where it is not the one that class and namespace make: another spelling, or not WMI's."""

    def __getitem__(self, name: str) -> Value:
        """Return a property; NULL where it is missing, as Windows leaves NULL arrays out. Raises ProtocolError."""
        value = self.properties.get(name)
        if not self.is_readable(name):
            raise ProtocolError(
                f"{name} of {self.class_name} is {str(value)[:80]!r}, which is not of its type"
            )
        return value

    def is_readable(self, name: str) -> bool:
        """Say whether a property, and each part of an array, is of its type."""
        return not any(isinstance(part, Unreadable) for part in _parts(self.properties.get(name)))

    def get(self, name: str, default: Value = None) -> Value:
        """Return a property, or `default` where it is NULL. Raises ProtocolError."""
        value = self[name]
        return default if value is None else value

    def text(self, name: str) -> str:
        """Return a property as text, empty where it is NULL."""
        value = self.properties.get(name)
        if isinstance(value, Instance):
            return " ".join(value.words())
        return "" if value is None else str(value)

    def words(self) -> Iterator[str]:
        """Yield the texts of all properties, those of instances inside among them."""
        for value in self.properties.values():
            for part in _parts(value):
                yield from part.words() if isinstance(part, Instance) else (str(part),)

    def number(self, name: str) -> int | None:
        """Return a numeric property, None where it is NULL. Raises ProtocolError where it is Unreadable."""
        value = self[name]
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        """Return a boolean property, None where it is NULL. Raises ProtocolError where it is Unreadable."""
        value = self[name]
        return value if isinstance(value, bool) else None

    def many(self, name: str) -> tuple[Any, ...]:
        """Return an array property, empty where it is NULL. Raises ProtocolError where a part of it is Unreadable."""
        return _parts(self[name])

    def replace(self, **changes: Value) -> Self:
        """Return a copy with some properties changed."""
        return replace(self, properties={**self.properties, **changes})

    @property
    def resource_uri(self) -> str:
        """The class's resource URI."""
        return self.uri or names.resource_uri(self.class_name, self.namespace)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One row of a projection (`select a, b`): texts without types and without their class."""

    properties: Mapping[str, Value]

    def typed(self, class_name: str, namespace: str = names.VIRTUALIZATION) -> Instance:
        """Return the row as an instance of `class_name`; a text that is not of its property's type is Unreadable."""
        schema = schema_of(class_name)
        typed = {
            spec.name or name: _typed(value, spec)
            for name, value in self.properties.items()
            for spec in (property_of(schema, name),)
        }
        return Instance(class_name, typed, namespace)


def _parts(value: Value) -> tuple[Any, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _typed(value: Value, spec: Property) -> Value:
    if value is None:
        return None
    parts = value if isinstance(value, tuple) else (value,)
    read = tuple(lenient(p, spec.type) if isinstance(p, str) else p for p in parts)
    # An array of one looks like a scalar on the wire: only the schema tells them apart.
    return read if spec.array or len(read) > 1 else read[0]


def property_of(schema: ClassSchema | None, name: str) -> Property:
    """Return what the schema says of a property; a text where it says nothing."""
    found = schema.property(name) if schema else None
    return found or Property(name)
