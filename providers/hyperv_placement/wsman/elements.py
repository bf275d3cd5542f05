"""CIM instances and values as elements of an envelope (DSP0230, WS-CIM): written as Windows writes them, read leniently."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from hyperv_placement.errors import ProtocolError

from . import epr, names, xml
from .epr import EndpointReference
from .instance import Fragment, Instance, Value, property_of
from .schema import CimType, ClassSchema, Property, schema_of
from .values import Unreadable, iso_datetime, iso_interval, lenient, value_to_text

_NIL = f"{{{names.XSI}}}nil"
_TYPE = f"{{{names.XSI}}}type"
_LOCATION = f"{{{names.CIM}}}Location"
"""Elements that locate an instance and are not properties of it (MS-WSMV 4.1.1)."""
_TIMES = frozenset({"Datetime", "Interval", "CIM_DateTime", "Date", "Time"})
"""Elements that hold a time (DSP0230, cimDateTime); Windows writes the first two."""
_TIME_NAMESPACES = frozenset({names.CIM, names.CIM_2005, ""})
"""In rows of a projection the time's element has no namespace (txwinrm's captures)."""
_DECLARED = {
    "cimBoolean": CimType.BOOLEAN,
    "cimUnsignedByte": CimType.UINT8,
    "cimUnsignedShort": CimType.UINT16,
    "cimUnsignedInt": CimType.UINT32,
    "cimUnsignedLong": CimType.UINT64,
    "cimByte": CimType.SINT8,
    "cimShort": CimType.SINT16,
    "cimInt": CimType.SINT32,
    "cimLong": CimType.SINT64,
    "cimFloat": CimType.REAL32,
    "cimDouble": CimType.REAL64,
}
"""Types that a service may declare on a property (DSP0230); the others are texts, or recognisable by their content."""
_FRAGMENT_NAMESPACES = {"xmlns:xsi": names.XSI, "xmlns:w": names.WSMAN}
_REFERENCE_NAMESPACES = {"xmlns:a": names.ADDRESSING, "xmlns:w": names.WSMAN}


def encode_instance(instance: Instance) -> str:
    """Return the instance's element: properties sorted without case, NULL arrays left out, other NULLs nil."""
    attributes = {
        "xmlns:xsi": names.XSI,
        "xmlns:p": instance.resource_uri,
        "xmlns:cim": names.CIM,
        "xsi:type": f"p:{instance.class_name}_Type",
    }
    return xml.tag(f"p:{instance.class_name}", _properties("p", instance), attributes)


def _properties(prefix: str, instance: Instance) -> str:
    schema = schema_of(instance.class_name)
    # MS-WSMV 3.1.4.1.26 has nil for every NULL; the recorded host leaves NULL arrays out (r4sd/go-wsman).
    return "".join(
        encode_value(f"{prefix}:{name}", instance.properties[name])
        for name in sorted(instance.properties, key=str.casefold)
        if instance.properties[name] is not None or not property_of(schema, name).array
    )


def _object(element: str, instance: Instance) -> str:
    """Return an object inside another; it declares what it uses, for in a row of a projection nothing else does."""
    around, _, _ = element.rpartition(":")
    # Another prefix than the element's own, which this declaration would bind anew.
    prefix = f"n{int(around[1:]) + 1}" if around[1:].isdecimal() else "n1"
    attributes = {
        f"xmlns:{prefix}": instance.resource_uri,
        "xmlns:xsi": names.XSI,
        "xmlns:cim": names.CIM,
        "xsi:type": f"{prefix}:{instance.class_name}_Type",
    }
    return xml.tag(element, _properties(prefix, instance), attributes)


def encode_value(  # noqa: PLR0911 - one for each kind of value
    element: str, value: Value, prefix: str = "cim:"
) -> str:
    """Return a value as elements; NULL is nil, dates and intervals stand in an element of their own.

    An object inside another has its properties in the namespace of its own class (virt-who reads SummaryInformation so).
    That it declares its class as xsi:type is a guess.
    """
    match value:
        case Instance():
            return _object(element, value)
        case None:
            return xml.tag(element, None, {"xsi:nil": "true"})
        case EndpointReference():
            return xml.tag(element, epr.encode_content(value), _REFERENCE_NAMESPACES)
        case datetime():
            return xml.tag(element, xml.leaf(f"{prefix}Datetime", iso_datetime(value)))
        case timedelta():
            return xml.tag(element, xml.leaf(f"{prefix}Interval", iso_interval(value)))
        case tuple():
            return "".join(encode_value(element, item, prefix) for item in value)
        case _:
            return xml.leaf(element, value_to_text(value))


def encode_fragment(fragment: Fragment) -> str:
    """Return a row of a projection: children in no namespace, sorted, `Datetime` too (txwinrm's captures, `*_all_*`).

    That `Interval` and references are written alike is a guess.
    """
    content = "".join(
        encode_value(name, fragment.properties[name], prefix="")
        for name in sorted(fragment.properties, key=str.casefold)
    )
    return xml.tag("w:XmlFragment", content, _FRAGMENT_NAMESPACES)


def decode_instance(element: xml.Element) -> Instance:
    """Read an instance's element by its own class and namespace. Raises ProtocolError."""
    uri = xml.namespace(element)
    if not uri:
        raise ProtocolError(f"{xml.local(element)} is no instance of a class")
    return _instance(element, xml.local(element), uri)


def _instance(element: xml.Element, class_name: str, uri: str) -> Instance:
    namespace = names.namespace_of(uri)
    schema = schema_of(class_name)
    properties = gathered(_decoded(item, schema) for item in element if item.tag != _LOCATION)
    same = namespace and uri == names.resource_uri(class_name, namespace)
    return Instance(class_name, properties, namespace, "" if same else uri)


def _decoded(item: xml.Element, schema: ClassSchema | None) -> tuple[Property, Value]:
    name = xml.local(item)
    spec = schema.property(name) if schema else None
    if spec is not None:
        return spec, decode_value(item, spec.type)
    # A property that no schema knows is read by the type it declares.
    declared = item.get(_TYPE)
    kind = None if declared is None else _DECLARED.get(declared.strip().rpartition(":")[2])
    if kind is not None and len(item) == 0 and not is_nil(item):
        return Property(name), lenient(item.text or "", kind)
    return Property(name), decode_value(item, CimType.STRING)


def gathered(values: Iterable[tuple[Property, Value]]) -> dict[str, Value]:
    """Return values by name: repeated elements are an array; the schema distinguishes an array of one from a scalar."""
    lists: dict[str, list[Value]] = {}
    arrays: set[str] = set()
    for spec, value in values:
        found = lists.setdefault(spec.name, [])
        found.extend(value if isinstance(value, tuple) else (value,))
        if len(found) > 1 or (spec.array and value is not None):
            arrays.add(spec.name)
    return {name: tuple(found) if name in arrays else found[0] for name, found in lists.items()}


def decode_fragment(element: xml.Element) -> Fragment:
    """Read a row of a projection."""
    return Fragment(gathered(_decoded(item, None) for item in element))


def decode_value(element: xml.Element, kind: CimType) -> Value:
    """Read one property of an answer: nil, a reference, a time in an element of its own, or text of type `kind`.

    Reads more than Windows writes: a reference inside an EndpointReference element, as other services send it, and an
    object inside another in each form that is known (`_inner`). What is not of type `kind` is Unreadable, and the rest of
    the answer is kept. Raises ProtocolError for a reference that names no resource.
    """
    if is_nil(element):
        return None
    if len(element) == 0:
        return _empty(element) or lenient(element.text or "", kind)
    if is_time(element):
        return _time(element[0], kind)
    if (reference := epr.find(element)) is not None:
        return epr.decode_content(reference)
    if kind is not CimType.STRING:
        return Unreadable(xml.text_of(element))
    return _inner(element)


def _inner(element: xml.Element) -> Value:
    """Read an object inside another, or several.

    Its properties stand directly in the element, or in elements of its class. The class is that of the element within, or
    the xsi:type, or the one in whose namespace the properties are; else it is called like the property.
    """
    if all(_is_class(item) for item in element):
        found = tuple(decode_instance(item) for item in element)
        return found if len(found) > 1 else found[0]
    uri = xml.namespace(element[0])
    class_name = names.class_of(uri) if names.is_wmi(uri) else xml.local(element)
    declared = (element.get(_TYPE) or "").strip().rpartition(":")[2]
    return _instance(element, declared.removesuffix("_Type") or class_name, uri)


def _empty(element: xml.Element) -> Instance | None:
    """Return the object without properties that an element without content declares by its xsi:type, as `n1:Class_Type`.

    Its namespace is known from the schema alone: to look up a prefix costs as much as all that are declared around it.
    """
    declared = (element.get(_TYPE) or "").strip().rpartition(":")[2]
    if not declared.endswith("_Type") or (element.text or "").strip():
        return None
    schema = schema_of(declared.removesuffix("_Type"))
    return Instance(declared.removesuffix("_Type"), {}, schema.namespace if schema else "")


def _is_class(item: xml.Element) -> bool:
    """Say whether an element is called like the WMI class in whose namespace it is, and has properties."""
    uri = xml.namespace(item)
    return (
        len(item) > 0 and names.is_wmi(uri) and names.class_of(uri).casefold() == xml.local(item).casefold()
    )


def is_nil(element: xml.Element) -> bool:
    """Say whether the element is NULL."""
    return (element.get(_NIL) or "").strip() in {"true", "1"}


def is_time(element: xml.Element) -> bool:
    """Say whether the element holds a time in an element of its own."""
    inner = element[0]
    return xml.local(inner) in _TIMES and xml.namespace(inner) in _TIME_NAMESPACES


def _time(inner: xml.Element, kind: CimType) -> Value:
    """A time that cannot be read is kept as text: it may contain asterisks (DSP0004 5.2.4)."""
    text = (inner.text or "").strip()
    read = lenient(text, CimType.DATETIME)
    return text if kind is CimType.STRING and isinstance(read, Unreadable) else read
