"""CIM instances as elements of an envelope (DSP0230, WS-CIM): typed by the schema, written as Windows writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from providers.errors import ProtocolError

from . import epr, names, xml
from .epr import EndpointReference
from .schema import UNKNOWN, CimType, ClassSchema, Property, schema_of
from .values import Value, iso_datetime, iso_interval, text_to_value, value_to_text

_NIL = f"{{{names.XSI}}}nil"
_TIMES = frozenset({"Datetime", "Interval"})
_TIME_NAMESPACES = frozenset({names.CIM, ""})
"""In rows of a projection the time's element has no namespace (txwinrm's captures)."""
_FRAGMENT_NAMESPACES = {"xmlns:xsi": names.XSI, "xmlns:w": names.WSMAN}
_REFERENCE_NAMESPACES = {"xmlns:a": names.ADDRESSING, "xmlns:w": names.WSMAN}


@dataclass(frozen=True, slots=True)
class Instance:
    """One CIM instance: class and properties. A property that the answer left out reads as NULL."""

    class_name: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    namespace: str = names.VIRTUALIZATION

    def __getitem__(self, name: str) -> Value:
        """Return a property; NULL where it is missing, as Windows leaves NULL arrays out."""
        return self.properties.get(name)

    def get(self, name: str, default: Value = None) -> Value:
        """Return a property, or `default` where it is NULL."""
        value = self.properties.get(name)
        return default if value is None else value

    def text(self, name: str) -> str:
        """Return a property as text, empty where it is NULL."""
        value = self.properties.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        """Return a numeric property, None where it is NULL."""
        value = self.properties.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        """Return a boolean property, None where it is NULL."""
        value = self.properties.get(name)
        return value if isinstance(value, bool) else None

    def many(self, name: str) -> tuple[Any, ...]:
        """Return an array property, empty where it is NULL."""
        value = self.properties.get(name)
        if value is None:
            return ()
        return value if isinstance(value, tuple) else (value,)

    def replace(self, **changes: Value) -> Self:
        """Return a copy with some properties changed."""
        return replace(self, properties={**self.properties, **changes})

    @property
    def resource_uri(self) -> str:
        """The class's resource URI."""
        return names.resource_uri(self.class_name, self.namespace)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One row of a projection (`select a, b`): texts without types and without their class."""

    properties: Mapping[str, Value]

    def typed(self, class_name: str, namespace: str = names.VIRTUALIZATION) -> Instance:
        """Return the row as an instance of `class_name`. Raises ProtocolError where a value is not of its type."""
        schema = schema_of(class_name)
        typed = {
            spec.name or name: _typed(value, spec)
            for name, value in self.properties.items()
            for spec in (_property(schema, name),)
        }
        return Instance(class_name, typed, namespace)


def _typed(value: Value, spec: Property) -> Value:
    if value is None:
        return None
    parts = value if isinstance(value, tuple) else (value,)
    read = tuple(text_to_value(p, spec.type) if isinstance(p, str) else p for p in parts)
    return read if spec.array or len(read) > 1 else read[0]


def _property(schema: ClassSchema | None, name: str) -> Property:
    found = schema.property(name) if schema else None
    return found or Property(name, UNKNOWN.type)


def encode_instance(instance: Instance) -> str:
    """Return the instance's element: properties sorted without case, NULL arrays left out, other NULLs nil."""
    return xml.tag(
        f"p:{instance.class_name}",
        encode_properties(instance, sort=True),
        {
            "xmlns:xsi": names.XSI,
            "xmlns:p": instance.resource_uri,
            "xmlns:cim": names.CIM,
            "xsi:type": f"p:{instance.class_name}_Type",
        },
    )


def encode_properties(instance: Instance, *, sort: bool) -> str:
    """Return the property elements, with prefix `p`."""
    schema = schema_of(instance.class_name)
    listed = list(instance.properties)
    if sort:
        listed.sort(key=str.casefold)
    return "".join(_encode(f"p:{n}", instance.properties[n], _property(schema, n)) for n in listed)


def _encode(element: str, value: Value, spec: Property) -> str:
    if isinstance(value, tuple):
        return "".join(encode_scalar(element, item) for item in value)
    if value is None and spec.array:
        return ""
    return encode_scalar(element, value)


def encode_scalar(element: str, value: Value, prefix: str = "cim:") -> str:
    """Return one value as an element; NULL is nil, dates and intervals stand in an element of their own."""
    match value:
        case None:
            return xml.tag(element, None, {"xsi:nil": "true"})
        case EndpointReference():
            return xml.tag(element, epr.encode_content(value), _REFERENCE_NAMESPACES)
        case datetime():
            return xml.tag(element, xml.leaf(f"{prefix}Datetime", iso_datetime(value)))
        case timedelta():
            return xml.tag(element, xml.leaf(f"{prefix}Interval", iso_interval(value)))
        case tuple():
            return "".join(encode_scalar(element, item, prefix) for item in value)
        case _:
            return xml.leaf(element, value_to_text(value))


def encode_fragment(fragment: Fragment) -> str:
    """Return a row of a projection: children in no namespace, sorted, `Datetime` too (txwinrm's captures, `*_all_*`).

    That `Interval` and references are written alike is a guess.
    """
    content = "".join(
        encode_scalar(name, fragment.properties[name], prefix="")
        for name in sorted(fragment.properties, key=str.casefold)
    )
    return xml.tag("w:XmlFragment", content, _FRAGMENT_NAMESPACES)


def decode_instance(element: xml.Element) -> Instance:
    """Read an instance's element by its own class and namespace. Raises ProtocolError."""
    class_name, namespace = xml.local(element), names.namespace_of(xml.namespace(element))
    if not namespace:
        raise ProtocolError(f"{class_name} is no instance of a WMI class")
    schema = schema_of(class_name)
    properties: dict[str, Value] = {}
    for item in element:
        spec = _property(schema, xml.local(item))
        _add(properties, spec, decode_scalar(item, spec.type))
    return Instance(class_name, properties, namespace)


def _add(properties: dict[str, Value], spec: Property, value: Value) -> None:
    """An element that repeats is an array; the schema tells an array of one from a scalar."""
    if spec.name not in properties:
        properties[spec.name] = (value,) if spec.array and value is not None else value
        return
    before = properties[spec.name]
    properties[spec.name] = (*before, value) if isinstance(before, tuple) else (before, value)


def decode_fragment(element: xml.Element) -> Fragment:
    """Read a row of a projection."""
    properties: dict[str, Value] = {}
    for item in element:
        _add(properties, Property(xml.local(item), CimType.STRING), decode_scalar(item, CimType.STRING))
    return Fragment(properties)


def decode_scalar(element: xml.Element, kind: CimType) -> Value:
    """Read one property element: nil, a reference, a date in an element of its own, or text of type `kind`.

    Of an object embedded as elements (MSCluster_Resource.PrivateProperties) the texts are kept, a blank between them.
    """
    if element.get(_NIL) in {"true", "1"}:
        return None
    if len(element) == 0:
        return text_to_value(element.text or "", kind)
    if epr.is_reference(element):
        return epr.decode_content(element)
    inner = element[0]
    if xml.local(inner) in _TIMES and xml.namespace(inner) in _TIME_NAMESPACES:
        return text_to_value((inner.text or "").strip(), CimType.DATETIME)
    return text_to_value(" ".join(part for text in element.itertext() if (part := str(text).strip())), kind)
