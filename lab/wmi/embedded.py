"""Embedded instances as VMMS reads and writes them: strict on what comes in, its own style on what goes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import CimType, Instance, Property, Value, xml
from hyperv_placement.wsman.values import cim_datetime, cim_interval, text_to_value
from lab.world.jobs import FAILED, INVALID_PARAMETER

from .schema import schema_of

_TYPES = frozenset(str(kind) for kind in CimType if kind != CimType.INTERVAL)
_ARRAY, _SCALAR = "PROPERTY.ARRAY", "PROPERTY"


class TextRefusedError(Exception):
    """VMMS refuses a method for one of its texts, with this ReturnValue."""

    def __init__(self, return_value: int, reason: str) -> None:
        super().__init__(reason)
        self.return_value = return_value
        self.reason = reason


def read(text: str, class_name: str, *, missing: Collection[str] = ()) -> Mapping[str, Value]:
    """Return the properties of an embedded instance of `class_name` by their own spelling.

    Raises TextRefusedError. Another class, an unknown property (also one of `missing`, which this build has not), a
    property of another type or without TYPE, a scalar for an array: 32773 (r4sd/go-wsman hyperv/embedded.go). `&amp;` in a
    value gives 32768, `&lt;` 32773 where numeric references pass (r4sd/go-wsman hyperv/embedded_escape_test.go).
    """
    if "&amp;" in text:
        raise TextRefusedError(FAILED, "its text holds &amp; where only numeric references pass")
    if "&lt;" in text:
        raise _bad("its text holds &lt; where only numeric references pass")
    try:
        root = xml.parse(text.strip().encode())
    except ProtocolError as error:
        raise _bad(error.message) from error
    if root.tag != "INSTANCE" or str(root.get("CLASSNAME")).casefold() != class_name.casefold():
        raise _bad(f"it is no INSTANCE of {class_name}")
    return dict(_property(item, class_name, missing) for item in root if not _is_system(item))


def _bad(reason: str) -> TextRefusedError:
    return TextRefusedError(INVALID_PARAMETER, reason)


def _is_system(item: xml.Element) -> bool:
    """Say whether this is `__PATH` or the like, which hosts take (recorded by nova)."""
    return str(item.get("NAME", "")).startswith("__")


def _property(item: xml.Element, class_name: str, missing: Collection[str]) -> tuple[str, Value]:
    name = str(item.get("NAME", ""))
    schema = schema_of(class_name)
    spec = schema.property(name) if schema else None
    if item.tag not in {_SCALAR, _ARRAY} or spec is None or spec.name in missing:
        raise _bad(f"{class_name} has no property {name!r}")
    kind = "datetime" if spec.type == CimType.INTERVAL else str(spec.type)
    given = str(item.get("TYPE", "")).lower()
    if given not in _TYPES or given != kind:
        raise _bad(f"{name} is of type {kind}, not {given or 'nothing'}")
    values = _values(item, spec)
    if values is None:
        return spec.name, None
    try:
        read_values = tuple(text_to_value(value, spec.type) for value in values)
    except ProtocolError as error:
        raise _bad(f"{name}: {error.message}") from error
    return spec.name, read_values if spec.array else read_values[0]


def _values(item: xml.Element, spec: Property) -> list[str] | None:
    """Return the texts of a property's values, None for NULL. A scalar in place of an array is refused."""
    if (item.tag == _ARRAY) != spec.array:
        raise _bad(f"{spec.name} is {'an array' if spec.array else 'no array'}")
    holder = item
    if spec.array:
        found = item.find("VALUE.ARRAY")
        if found is None:
            return None
        holder = found
    values = [xml.text_of(value) for value in holder if value.tag == "VALUE"]
    if not spec.array and len(values) > 1:
        raise _bad(f"{spec.name} has several values")
    return values if values or spec.array else None


def write(instance: Instance) -> str:
    """Return an instance as the host writes it: TRUE and FALSE, NULLs without value (recorded by nova)."""
    schema = schema_of(instance.class_name)
    if schema is None:
        raise LookupError(instance.class_name)
    content = "".join(_written(spec, instance[spec.name]) for spec in schema.properties)
    return f'<INSTANCE CLASSNAME="{instance.class_name}">{content}</INSTANCE>'


def _written(spec: Property, value: Value) -> str:
    kind = "datetime" if spec.type == CimType.INTERVAL else str(spec.type)
    tag = _ARRAY if spec.array else _SCALAR
    content = ""
    if isinstance(value, tuple):
        listed = "".join(xml.leaf("VALUE", _text(item)) for item in value)
        content = xml.tag("VALUE.ARRAY", listed)
    elif value is not None:
        content = xml.leaf("VALUE", _text(value))
    return xml.tag(tag, content, {"NAME": spec.name, "TYPE": kind})


def _text(value: Value) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime():
            return cim_datetime(value)
        case timedelta():
            return cim_interval(value)
        case _:
            return str(value)
