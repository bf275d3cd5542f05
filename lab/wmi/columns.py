"""What a query may name of an instance: the properties of its class, and WMI's system properties (win32, "WMI System Properties")."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from hyperv_placement.wsman import CimType, EndpointReference, Instance, Value

from .classes import WmiClass
from .paths import reference_path, relative_path
from .schema import entry_of
from .tokens import INVALID_QUERY, QueryError

THIS = "__this"
"""The instance itself, for ISA (win32, "WHERE Clause (WMI)")."""
_SPELLED = {
    name.casefold(): name
    for name in (
        "__CLASS",
        "__DERIVATION",
        "__DYNASTY",
        "__GENUS",
        "__NAMESPACE",
        "__PATH",
        "__PROPERTY_COUNT",
        "__RELPATH",
        "__SERVER",
        "__SUPERCLASS",
    )
}
_INSTANCE = 2
"""__GENUS of what is no class."""


@dataclass(frozen=True, slots=True)
class Column:
    """Something that a query names, in its own spelling, and how it is read."""

    name: str
    read: Callable[[Instance], Value]
    array: bool = False
    reference: bool = False
    """Its values are references; conditions compare them as paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What queries may name of one class on one host; that WinRM writes system properties into the rows of a projection is a guess."""

    found: WmiClass
    server: str
    """The host's computer name."""
    missing: Collection[str] = field(default=frozenset())
    """Properties that the host's build does not have."""

    def named(self, name: str) -> Column:
        """Return a property by its name in any case. Raises QueryError where the class does not have it."""
        spelled = _SPELLED.get(name.casefold())
        if spelled is not None:
            return Column(spelled, lambda row: self._system(row, spelled), spelled == "__DERIVATION")
        entry = entry_of(self.found.name, self.found.namespace)
        spec = entry.schema.property(name) if entry else None
        if spec is None or spec.name in self.missing:
            raise QueryError(INVALID_QUERY)
        return Column(spec.name, lambda row: row[spec.name], spec.array, spec.type == CimType.REFERENCE)

    def has(self, name: str) -> bool:
        """Say whether there is such a property."""
        try:
            self.named(name)
        except QueryError:
            return False
        return True

    def is_a(self, name: str) -> bool:
        """Say whether the class is this one or inherits from it."""
        return name.casefold() in self.found.lineage

    def _system(self, row: Instance, name: str) -> Value:
        match name:
            case "__RELPATH":
                return self._relative(row)
            case "__PATH":
                return f"\\\\{self.server}\\{self._namespace}:{self._relative(row)}"
            case _:
                return self._constants()[name]

    def _relative(self, row: Instance) -> str:
        """Return the path within the namespace; a key that is a reference stands there as a full path."""
        values = {key: row[key] for key in self.found.keys}
        return relative_path(
            self.found.name,
            {
                key: reference_path(value, self.server)
                if isinstance(value, EndpointReference)
                else row.text(key)
                for key, value in values.items()
            },
        )

    @property
    def _namespace(self) -> str:
        return self.found.namespace.replace("/", "\\")

    def _constants(self) -> Mapping[str, Value]:
        """Return what is the same for all instances of the class."""
        bases = self.found.line
        entry = entry_of(self.found.name, self.found.namespace)
        return {
            "__CLASS": self.found.name,
            "__DERIVATION": bases or None,
            "__DYNASTY": bases[-1] if bases else self.found.name,
            "__GENUS": _INSTANCE,
            "__NAMESPACE": self._namespace,
            "__PROPERTY_COUNT": len(entry.schema.properties) - len(self.missing) if entry else 0,
            "__SERVER": self.server,
            "__SUPERCLASS": bases[0] if bases else None,
        }
