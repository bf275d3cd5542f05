"""Objects inside answers, in whatever form they came: a property or an out parameter holds instances or their texts."""

from __future__ import annotations

from hyperv_placement.errors import ProtocolError

from . import names, xml
from .cimxml import decode_embedded
from .elements import decode_instance
from .instance import Fragment, Instance, Value


def objects_in(
    value: Value, class_name: str = "", namespace: str = names.VIRTUALIZATION
) -> tuple[Instance, ...]:
    """Return the instances that `value` holds, as `class_name`; none where it is NULL or an empty text.

    WMI knows embedded objects (EmbeddedObject, as of Msvm_CompatibilityVector[]) and texts of instances
    (EmbeddedInstance). Read are elements of the object with and without its type, an element of its class within them
    (the codec makes instances of those), its text in CIM DTD 2.0 (DSP0201), and its element as text (DSP0230,
    r4sd/go-wsman hyperv/embedded.go). Raises ProtocolError for anything else.
    """
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(_object(part, class_name, namespace) for part in parts if part not in (None, ""))


def _object(part: Value, class_name: str, namespace: str) -> Instance:
    read = _in_text(part, namespace) if isinstance(part, str) else part
    if not isinstance(read, Instance):
        raise ProtocolError(f"{read!r} is no object of {class_name or 'a class'}")
    if not class_name or read.class_name.casefold() == class_name.casefold():
        return read
    # Its element named another class, or none: its properties are texts until the class says what they are.
    return Fragment(read.properties).typed(class_name, namespace)


def _in_text(text: str, namespace: str) -> Instance:
    try:
        content = text.strip().encode()
    except UnicodeEncodeError as error:
        raise ProtocolError("The text of an object holds half a character") from error
    root = xml.parse(content)
    return decode_instance(root) if names.is_wmi(xml.namespace(root)) else decode_embedded(text, namespace)
