"""Embedded instances as VMMS reads and writes them: strict on what comes in, its own style on what goes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import CimType, Instance, Property, Value, xml
from hyperv_placement.wsman.values import cim_datetime, cim_interval
from lab.world.jobs import FAILED, INVALID_PARAMETER

from . import cim_literals
from .schema import schema_of

_TYPES = frozenset(str(kind) for kind in CimType if kind != CimType.INTERVAL)
_ARRAY, _SCALAR = "PROPERTY.ARRAY", "PROPERTY"
_QUALIFIER = "QUALIFIER"
"""Stands in what a host writes (recorded by nova), so in what clients send back."""


class TextRefusedError(Exception):
    """VMMS refuses a method for one of its texts, with this ReturnValue."""

    def __init__(self, return_value: int, reason: str) -> None:
        super().__init__(reason)
        self.return_value = return_value
        self.reason = reason


def read(text: str, class_name: str, *, missing: Collection[str] = ()) -> Mapping[str, Value]:
    """Return the properties of an embedded instance of `class_name` by their own spelling.

    Raises TextRefusedError. Another class, an unknown property (also one of `missing`, which this build has not), a
    property without TYPE, a scalar for an array, a malformed number: 32773 (r4sd/go-wsman hyperv/embedded.go). TYPE is
    compared by its name: string for a datetime gives 32768, as does a time in another form than CIM's (r4sd/go-wsman #119);
    that any other wrong TYPE gives 32773 is a guess. `&amp;` in a value gives 32768, `&lt;` 32773 where numeric references pass
    (r4sd/go-wsman hyperv/embedded_escape_test.go).
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
    return dict(_property(item, class_name, missing) for item in root if not _is_passed_over(item))


def _bad(reason: str) -> TextRefusedError:
    return TextRefusedError(INVALID_PARAMETER, reason)


def _is_passed_over(item: xml.Element) -> bool:
    """Say whether this is a qualifier, or `__PATH` or the like, which hosts take (recorded by nova)."""
    return item.tag == _QUALIFIER or str(item.get("NAME", "")).startswith("__")


def _property(item: xml.Element, class_name: str, missing: Collection[str]) -> tuple[str, Value]:
    name = str(item.get("NAME", ""))
    schema = schema_of(class_name)
    spec = schema.property(name) if schema else None
    if item.tag not in {_SCALAR, _ARRAY} or spec is None or spec.name in missing:
        raise _bad(f"{class_name} has no property {name!r}")
    kind = "datetime" if spec.type == CimType.INTERVAL else str(spec.type)
    given = str(item.get("TYPE", "")).lower()
    if given != kind:
        # A time under another type's name was seen to fail (r4sd/go-wsman #119).
        code = FAILED if kind == "datetime" and given in _TYPES else INVALID_PARAMETER
        raise TextRefusedError(code, f"{name} is of type {kind}, not {given or 'nothing'}")
    texts = _texts(item, spec)
    if texts is None:
        return spec.name, None
    values = tuple(_value(spec, text) for text in texts)
    return spec.name, values if spec.array else values[0]


def _value(spec: Property, text: str) -> Value:
    try:
        return cim_literals.read(text, spec.type)
    except (ValueError, OverflowError) as error:
        if spec.type in {CimType.DATETIME, CimType.INTERVAL}:
            raise TextRefusedError(FAILED, f"{spec.name} is no time in CIM's form: {text!r}") from error
        raise _bad(f"{spec.name} is no {spec.type}: {text!r}") from error


def _texts(item: xml.Element, spec: Property) -> list[str] | None:
    """Return the texts of a property's values, None for NULL. A scalar in place of an array is refused."""
    if (item.tag == _ARRAY) != spec.array:
        raise _bad(f"{spec.name} is {'an array' if spec.array else 'no array'}")
    holder = item
    if spec.array:
        found = item.find("VALUE.ARRAY")
        if found is None:
            return None
        holder = found
    listed = [value for value in holder if value.tag != _QUALIFIER]
    if any(value.tag != "VALUE" for value in listed) or not (spec.array or len(listed) <= 1):
        raise _bad(f"{spec.name} holds something else than {'values' if spec.array else 'a value'}")
    texts = [xml.text_of(value) for value in listed]
    return texts if texts or spec.array else None


def write(instance: Instance) -> str:
    """Return an instance as the host writes it: sorted by name, TRUE and FALSE, NULLs without value (recorded by nova)."""
    schema = schema_of(instance.class_name)
    if schema is None:
        raise LookupError(instance.class_name)
    listed = sorted(schema.properties, key=lambda spec: spec.name.casefold())
    content = "".join(_written(spec, instance[spec.name]) for spec in listed)
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
