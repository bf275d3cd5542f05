"""From an object to what is associated with it: ASSOCIATORS OF, REFERENCES OF, and the association filter (DSP0227 8.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hyperv_placement.wsman import AssociationFilter, EndpointReference, Instance, namespace_of

from . import published
from .associations import ASSOCIATIONS
from .classes import WmiClass
from .paths import INVALID_OBJECT_PATH, ObjectPath, parse_path, reference_path
from .refusal import UNKNOWN_CLASS
from .related import Related
from .tokens import QueryError, QueryNotServedError

NOT_FOUND = "Not found "
"""WBEM_E_NOT_FOUND (wbemcli.h)."""
_ROLES = {each.name: each.ends for each in ASSOCIATIONS}
_OF_ALL = frozenset({"dynamic", "provider"})
"""Qualifiers of every class that a provider serves (win32, "WMI-Specific Qualifiers")."""
_OF_ASSOCIATIONS = _OF_ALL | {"association"}


Rows = Callable[[WmiClass], Mapping[EndpointReference, Instance]]
"""The instances of a class by their references."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An instance with its class."""

    of: WmiClass
    row: Instance

    @property
    def reference(self) -> EndpointReference:
        """Return its EPR."""
        return self.of.reference(self.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traversal:
    """Reads associations of one namespace of a host."""

    namespace: str
    build: int
    classes: tuple[WmiClass, ...]
    """Those of the namespace that the host's build has."""
    rows: Callable[[str], Rows]
    """A path -> what to read what it names from, and its associations."""
    servers: frozenset[str]
    """The host's names in paths, in lower case."""

    def source_of(self, text: str) -> Found:
        """Return the instance at a path.

        Raises QueryError: for a malformed path, one of another namespace or of another host, and for an instance that is
        not there; that the latter is "Not found" and no empty answer is a guess, as are the texts.
        """
        path = parse_path(text)
        elsewhere = path.namespace and path.namespace.casefold() != self.namespace.casefold()
        if elsewhere or (path.server and path.server.casefold() not in self.servers):
            raise QueryError(INVALID_OBJECT_PATH)
        if path.of_class:
            raise QueryNotServedError("schema queries (the associations of a class)")
        return self._instance(path, self.rows(text))

    def at(self, reference: EndpointReference) -> Found:
        """Return the instance that a reference names; its namespace may stand in a selector (microsoft/omi). Raises QueryError."""
        namespace = (
            namespace_of(reference.resource_uri) or reference.selector("__cimnamespace") or self.namespace
        )
        return self.source_of(f"{namespace}:{reference_path(reference)}")

    def _instance(self, path: ObjectPath, rows: Rows) -> Found:
        of = self._named(path.class_name)
        wanted = _wanted(path, of)
        for row in rows(of).values():
            if all(_same(row[key], wanted[key.casefold()]) for key in of.keys):
                return Found(of=of, row=row)
        raise QueryError(NOT_FOUND)

    def _named(self, name: str) -> WmiClass:
        found = next((each for each in self.classes if each.name.casefold() == name.casefold()), None)
        if found is None:
            self._expect(name)
            raise QueryError(NOT_FOUND)  # a superclass has no instances of its own
        return found

    def _expect(self, name: str) -> None:
        """Refuse the name of a class that the host does not have, or that the lab does not serve."""
        if not name or any(name.casefold() in each.lineage for each in self.classes):
            return
        if published.is_class(self.namespace, name, self.build):
            raise QueryNotServedError(f"{name} of {self.namespace}")
        raise QueryError(UNKNOWN_CLASS)

    def related(self, source: Found, wanted: Related) -> Iterator[Found]:
        """Yield the associations of the source, or what stands at their other ends: as often as there are associations.

        Raises QueryNotServedError for class definitions and for qualifiers that not all classes have, QueryError for a
        class that is not there (a guess: WMI may answer with nothing).
        """
        if wanted.class_definitions or wanted.schema:
            raise QueryNotServedError("class definitions (ClassDefsOnly, SchemaOnly)")
        self._expect(wanted.result_class)
        self._expect(wanted.association_class)
        _qualified(wanted.qualifier, _OF_ASSOCIATIONS if wanted.references else _OF_ALL)
        _qualified(wanted.association_qualifier, _OF_ASSOCIATIONS)
        links = wanted.result_class if wanted.references else wanted.association_class
        for link, other in self._links(source, wanted, links):
            if wanted.references:
                yield link
                continue
            found = self._end(other)
            if found is not None and _is_a(found.of, wanted.result_class):
                yield found

    def _links(
        self, source: Found, wanted: Related, class_name: str
    ) -> Iterator[tuple[Found, EndpointReference]]:
        """Yield each association that refers to the source, with the reference at its other end."""
        here = source.reference
        rows = self.rows(reference_path(here))
        for of in self.classes:
            if not of.association or not _is_a(of, class_name):
                continue
            for first, last in (_ROLES[of.name], _ROLES[of.name][::-1]):
                if not (_plays(first, wanted.role) and _plays(last, wanted.result_role)):
                    continue
                for row in rows(of).values():
                    other = row[last]
                    if row[first] == here and isinstance(other, EndpointReference):
                        yield Found(of=of, row=row), other

    def _end(self, reference: EndpointReference) -> Found | None:
        of = next((each for each in self.classes if each.name == reference.class_name), None)
        row = None if of is None else self.rows(reference_path(reference))(of).get(reference)
        return None if of is None or row is None else Found(of=of, row=row)


def as_related(found: AssociationFilter) -> Related:
    """Return what an association filter asks for."""
    return Related(
        references=found.associations,
        association_class=found.association_class,
        role=found.role,
        result_class=found.result_class,
        result_role=found.result_role,
    )


def _qualified(name: str, known: frozenset[str]) -> None:
    if name and name.casefold() not in known:
        raise QueryNotServedError(f"qualifiers of classes ({name})")


def _is_a(of: WmiClass, name: str) -> bool:
    return not name or name.casefold() in of.lineage


def _plays(role: str, wanted: str) -> bool:
    return not wanted or role.casefold() == wanted.casefold()


def _wanted(path: ObjectPath, of: WmiClass) -> Mapping[str, str]:
    """Return a path's values by the class's keys in lower case; only a class with one key may leave out its name."""
    keys = {key.casefold() for key in of.keys}
    if path.keys.keys() == {""} and len(keys) == 1:
        return dict.fromkeys(keys, path.keys[""])
    if path.keys.keys() != keys:
        raise QueryError(INVALID_OBJECT_PATH)
    return path.keys


def _same(value: object, text: str) -> bool:
    """Compare a key with its text in a path, where a reference is a path of its own."""
    if not isinstance(value, EndpointReference):
        return str(value).casefold() == text.casefold()
    return parse_path(text).folded == parse_path(reference_path(value)).folded
