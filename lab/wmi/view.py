"""Instances as a host shows them: every property that the class has, filled from the world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hyperv_placement.wsman import VIRTUALIZATION, Instance, Value, schema_of
from lab.world import LabHost, World

from .texts import Texts

NEVER = datetime(1601, 1, 1, tzinfo=UTC)
"""How a host writes a time that never was (recorded by r4sd/go-wsman)."""


@dataclass(frozen=True, slots=True)
class View:
    """What a class needs to show itself: the world (locked meanwhile), the host asked, its language."""

    world: World
    host: LabHost
    texts: Texts

    def path(self, class_name: str, /, **keys: str) -> str:
        r"""Return a WMI object path: backslashes doubled within the quotes (r4sd/go-wsman)."""
        listed = ",".join(f'{name}="{escaped(value)}"' for name, value in keys.items())
        return f"\\\\{self.host.computer_name}\\root\\virtualization\\v2:{class_name}.{listed}"


def escaped(text: str) -> str:
    """Return `text` as it stands within the quotes of a WMI path."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def instance(
    class_name: str,
    values: Mapping[str, Value],
    *,
    namespace: str = VIRTUALIZATION,
    without: Iterable[str] = (),
) -> Instance:
    """Return an instance with every property of its class, NULL where `values` says nothing."""
    schema = schema_of(class_name)
    properties: dict[str, Value] = dict.fromkeys(p.name for p in schema.properties) if schema else {}
    properties.update(values)
    for name in without:
        properties.pop(name, None)
    return Instance(class_name, properties, namespace)
