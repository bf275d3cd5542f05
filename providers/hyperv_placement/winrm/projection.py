"""Rows of an enumeration as instances, whichever form the host sent them in, and the filter it did not apply."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    EndpointReference,
    Fragment,
    Instance,
    InstanceWithReference,
    Item,
    LogEvent,
)

Where = Mapping[str, str | int | bool | tuple[int, ...] | tuple[str, ...]]
Like = Mapping[str, str | tuple[str, ...]]
"""Prefixes; of several, one has to fit."""


def typed(item: Item, class_name: str, namespace: str) -> Instance:
    """Return an item as an instance: projections come without class and types. Raises ProtocolError."""
    match item:
        case Instance():
            return item
        case Fragment():
            return item.typed(class_name, namespace)
        case InstanceWithReference(instance=found):
            return typed(found, class_name, namespace)
        case EndpointReference() | LogEvent():
            raise ProtocolError(f"A query of {class_name} was not answered with rows")


def fits(instance: Instance, where: Where, like: Like) -> bool:
    """Say whether a row fits; a property that a projection left out was filtered by the host."""
    equal = all(
        name not in instance.properties or _same(instance[name], value) for name, value in where.items()
    )
    prefixes = {name: (each,) if isinstance(each, str) else each for name, each in like.items()}
    # Without case, as WQL compares texts: what the host has chosen must not be narrowed here.
    return equal and all(
        name not in instance.properties
        or instance.text(name).casefold().startswith(tuple(prefix.casefold() for prefix in wanted))
        for name, wanted in prefixes.items()
    )


def _same(actual: object, wanted: str | int | bool | tuple[int, ...] | tuple[str, ...]) -> bool:
    if isinstance(wanted, tuple):
        return any(_same(actual, each) for each in wanted)
    if isinstance(wanted, str):
        return str(actual).casefold() == wanted.casefold()
    return actual == wanted
