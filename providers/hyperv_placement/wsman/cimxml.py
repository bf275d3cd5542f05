"""Embedded instances: a CIM instance as CIM-XML text within a string (DSP0201, the CimDtd20 form of WMI)."""

from __future__ import annotations

from datetime import datetime, timedelta

from hyperv_placement.errors import ProtocolError

from . import names, xml
from .epr import EndpointReference
from .instance import Instance, Value
from .schema import CimType, Property, schema_of
from .values import Unreadable, cim_datetime, cim_interval, lenient, value_to_text


def encode_embedded(instance: Instance) -> str:
    """Return the text that Hyper-V's methods take: one INSTANCE, arrays as PROPERTY.ARRAY, NULLs without value.

    Only properties in the schema are written as numbers: TYPE is required, and must be the class's own.
    Booleans in lower case and characters as numeric references, both of which a host was seen to accept where
    `&amp;` was refused (r4sd/go-wsman hyperv/embedded.go, hyperv/embedded_escape_test.go).
    """
    schema = schema_of(instance.class_name)
    content = "".join(
        _property(name, value, schema.property(name) if schema else None)
        for name, value in instance.properties.items()
    )
    return f'<INSTANCE CLASSNAME="{_escaped(instance.class_name)}">{content}</INSTANCE>'


def _property(name: str, value: Value, spec: Property | None) -> str:
    kind = _kind(spec, value)
    start = f'NAME="{_escaped(name)}" TYPE="{kind}"'
    if isinstance(value, tuple) or (spec is not None and spec.array):
        if value is None:
            return f"<PROPERTY.ARRAY {start}></PROPERTY.ARRAY>"
        # A single value, too: HostResource as a scalar is refused with 32773 (r4sd/go-wsman #114).
        items = value if isinstance(value, tuple) else (value,)
        listed = "".join(f"<VALUE>{_text(item)}</VALUE>" for item in items)
        return f"<PROPERTY.ARRAY {start}><VALUE.ARRAY>{listed}</VALUE.ARRAY></PROPERTY.ARRAY>"
    content = "" if value is None else f"<VALUE>{_text(value)}</VALUE>"
    return f"<PROPERTY {start}>{content}</PROPERTY>"


def _kind(spec: Property | None, value: Value) -> str:
    if spec is not None:
        # Hosts write intervals as ISO 8601, and take them only in CIM's form as a datetime (r4sd/go-wsman #119).
        return "datetime" if spec.type == CimType.INTERVAL else str(spec.type)
    sample = value[0] if isinstance(value, tuple) and value else value
    match sample:
        case bool():
            return "boolean"
        case datetime() | timedelta():
            return "datetime"
        case int() | float():
            # Ten types of CIM look alike as Python numbers: nothing here tells which of them TYPE must name.
            raise ProtocolError(f"The type of {sample} is unknown, and a host refuses a wrong one", remedy="")
        case _:
            return "string"


def _text(value: Value) -> str:
    match value:
        case datetime():
            return cim_datetime(value)
        case timedelta():
            return cim_interval(value)
        case EndpointReference() | None:
            raise ProtocolError(f"{value!r} cannot stand in an embedded instance", remedy="")
        case _:
            return _escaped(value_to_text(value))


def _escaped(text: str) -> str:
    """As a host was seen to take it: `&#38;`, `&#60;` and `&#34;` where it refused `&amp;` and `&lt;`; `&gt;` passed."""
    plain = xml.escaped(text)  # raises for what XML cannot carry
    for named, numeric in (("&amp;", "&#38;"), ("&lt;", "&#60;"), ('"', "&#34;")):
        plain = plain.replace(named, numeric)
    return plain


def decode_embedded(text: str, namespace: str = names.VIRTUALIZATION) -> Instance:
    """Read the text of an embedded instance. Raises ProtocolError.

    CLASSORIGIN, PROPAGATED and qualifiers may be there (recorded by nova) and are ignored, as are references. A value
    that is not of its declared type, or of an unknown one, is Unreadable.
    """
    try:
        content = text.strip().encode()
    except UnicodeEncodeError as error:
        raise ProtocolError("The text of an embedded instance holds half a character") from error
    root = xml.parse(content)
    if xml.local(root) != "INSTANCE" or root.get("CLASSNAME") is None:
        raise ProtocolError(f"An embedded instance starts with INSTANCE, not {xml.local(root)}")
    class_name = str(root.get("CLASSNAME"))
    properties: dict[str, Value] = {}
    for item in root:
        if xml.local(item) in {"PROPERTY", "PROPERTY.ARRAY"}:
            name, value = _read(item, class_name)
            properties[name] = value
    return Instance(class_name, properties, namespace)


def _read(item: xml.Element, class_name: str) -> tuple[str, Value]:
    name, spelled = item.get("NAME"), (item.get("TYPE") or "string").lower()
    if not name:
        raise ProtocolError(f"A property of an embedded {class_name} has no NAME")
    # The declared type decides how it is read; of our schema only the spelling of the name is taken.
    schema = schema_of(class_name)
    spec = schema.property(name) if schema else None
    kind = CimType(spelled) if spelled in set(CimType) else None
    if xml.local(item) == "PROPERTY.ARRAY":
        array = xml.child(item, "", "VALUE.ARRAY")
        items = None if array is None else tuple(_read_value(value, kind) for value in array)
        return (spec.name if spec else name), items
    value = xml.child(item, "", "VALUE")
    return (spec.name if spec else name), None if value is None else _read_value(value, kind)


def _read_value(value: xml.Element, kind: CimType | None) -> Value:
    if xml.local(value) == "VALUE.NULL":
        return None
    text = xml.text_of(value)
    return Unreadable(text) if kind is None else lenient(text, kind)
