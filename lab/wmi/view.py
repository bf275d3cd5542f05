"""Instances as a host shows them: every property that the class has, filled from the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from hyperv_placement.wsman import VIRTUALIZATION, EndpointReference, Instance, Value
from lab.world import LabHost, World

from .paths import escaped
from .schema import entry_of
from .texts import Texts

NEVER = datetime(1601, 1, 1, tzinfo=UTC)
"""How a host writes a time that never was (recorded by r4sd/go-wsman)."""


@dataclass(frozen=True, slots=True)
class View:
    """What a class needs to show itself: the world (locked meanwhile), the host asked, its language."""

    world: World
    host: LabHost
    texts: Texts
    instances: Callable[[str, str], Sequence[tuple[Instance, EndpointReference]]]
    """Class and namespace -> what `all` returns."""

    def all(
        self, class_name: str, namespace: str = VIRTUALIZATION
    ) -> Sequence[tuple[Instance, EndpointReference]]:
        """Return the instances of a class and its subclasses with their references; none where the host has no such class."""
        return self.instances(class_name, namespace)

    def shown_time(self, time: datetime) -> datetime:
        """Return a time as this host's clock has it."""
        return time + timedelta(seconds=self.host.clock_skew)

    def path(self, class_name: str, /, **keys: str) -> str:
        r"""Return a WMI object path: backslashes doubled within the quotes (r4sd/go-wsman)."""
        listed = ",".join(f'{name}="{escaped(value)}"' for name, value in keys.items())
        return f"\\\\{self.host.computer_name}\\root\\virtualization\\v2:{class_name}.{listed}"


def instance(class_name: str, values: Mapping[str, Value], *, namespace: str = VIRTUALIZATION) -> Instance:
    """Return an instance with every property of its class: where `values` says nothing, its page's default, or NULL.

    Raises LookupError for a value without property, which no host could show.
    """
    blank = _blank(class_name, namespace)
    if blank is None:
        return Instance(class_name, dict(values), namespace)
    if unknown := values.keys() - blank.keys():
        raise LookupError(f"{class_name} has no {', '.join(sorted(unknown))}")
    return Instance(class_name, {**blank, **values}, namespace)


@cache
def _blank(class_name: str, namespace: str) -> Mapping[str, Value] | None:
    found = entry_of(class_name, namespace)
    return {p.name: found.defaults.get(p.name) for p in found.schema.properties} if found else None
