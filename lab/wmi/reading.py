"""Which instances a host answers with: by reference, by class, by query."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hyperv_placement.wsman import (
    MSCLUSTER,
    AssociationFilter,
    EndpointReference,
    Enumerate,
    EnumerationMode,
    Fragment,
    Instance,
    InstanceWithReference,
    Item,
    Selector,
    SelectorFilter,
    Value,
    catalogue,
    names,
)
from lab.world import LabHost, World
from lab.world.objects import CLUSTER_RUNS

from . import coded, published, schema
from .absent import no_such_namespace
from .classes import CLASSES, WmiClass, class_named, classes_under, namespace_of
from .columns import Column, Columns
from .conditions import equals, test_of
from .paths import reference_path
from .refusal import (
    UNKNOWN_CLASS,
    RequestRefusedError,
    cluster_away,
    namespace_conflict,
    not_served,
    query_refused,
    wbem_access_denied,
)
from .related import is_related, parse_related
from .texts import texts_of
from .tokens import INVALID_QUERY, QueryError, QueryNotServedError
from .traversal import Found, Rows, Traversal, as_related
from .view import View
from .wql import Select, parse

_NAMESPACE_SELECTOR = "__cimnamespace"
_CLASS_FILTER = "The WS-Management service cannot process the request because the class name must be '*' for a WQL filter. "


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads of one request; hold the world's lock while it is in use."""

    world: World
    host: LabHost
    machine: str
    """The name that the client dialled, for faults."""
    closed: frozenset[str] = frozenset()
    """Classes whose instances the caller may not read."""
    _read: dict[str, Mapping[EndpointReference, Instance]] = field(default_factory=dict, compare=False)
    _narrowed: dict[str, Reader] = field(default_factory=dict, compare=False)
    """By a machine's id: readers of the host as if it had that machine alone."""

    @property
    def view(self) -> View:
        """What the classes show themselves from."""
        return View(self.world, self.host, texts_of(self.host.locale), self._all)

    def class_of(self, uri: str) -> WmiClass:
        """Return the class that a resource URI names. Raises RequestRefusedError."""
        namespace = self._namespace(uri)
        name = names.class_of(uri.strip())
        found = class_named(namespace, name)
        if found is None and published.is_class(namespace, name, self.host.build):
            raise not_served(catalogue.destination_unreachable(self.machine), f"{name} of {namespace}")
        if found is None or not schema.has_class(found.name, self.host.build):
            raise RequestRefusedError(catalogue.destination_unreachable(self.machine))
        return found

    def classes_of(self, uri: str) -> Sequence[WmiClass]:
        """Return the class that a resource URI names, and its subclasses. Raises RequestRefusedError."""
        return self._under(self._namespace(uri), names.class_of(uri.strip())) or (self.class_of(uri),)

    def find(self, target: EndpointReference) -> tuple[WmiClass, Instance]:
        """Return the one instance that has all these keys; that a superclass finds none of its subclasses' is a guess.

        A selector that is no key: InvalidSelectors (recorded by pypsrp). A key that is missing, as
        CreationClassName of a computer system, or an instance that is not there: DestinationUnreachable
        (r4sd/go-wsman, microsoft/omi). Raises RequestRefusedError.
        """
        found = self.class_of(target.resource_uri)
        selectors = self.selectors(target)
        known = {key.casefold() for key in found.keys}
        if selectors.keys() - known:
            raise RequestRefusedError(catalogue.invalid_selectors(self.machine))
        if selectors.keys() == known:
            for row in self.rows(found):
                if all(_key(row[key]) == selectors[key.casefold()] for key in found.keys):
                    return found, row
        raise RequestRefusedError(catalogue.destination_unreachable(self.machine))

    def selectors(self, target: EndpointReference) -> dict[str, str]:
        """Return the selectors in lower case, without the namespace, which must agree (MS-WSMV 3.1.4.1.2)."""
        try:
            selectors = {name.casefold(): _text(value).casefold() for name, value in target.selectors.items()}
        except QueryError as error:
            raise RequestRefusedError(catalogue.invalid_selectors(self.machine)) from error
        given = selectors.pop(_NAMESPACE_SELECTOR, None)
        own = names.namespace_of(target.resource_uri.strip()).casefold()
        if given is not None and given.replace("\\", "/") != own:
            raise RequestRefusedError(namespace_conflict(self.machine))
        return selectors

    def enumerate(self, request: Enumerate) -> list[Item]:
        """Return everything that an enumeration will yield. Raises RequestRefusedError."""
        if request.query is not None and request.dialect != names.WQL_DIALECT:
            raise RequestRefusedError(catalogue.filter_dialect_unavailable(self.machine))
        wildcard = names.class_of(request.resource_uri.strip()) == "*"
        if request.query is None and request.matching is None:
            if wildcard:  # MS-WSMV 2.2.4.1: "*" is for queries; which fault its absence gives is a guess
                raise RequestRefusedError(catalogue.destination_unreachable(self.machine))
            return [
                self._item(found, row, request.mode)
                for found in self.classes_of(request.resource_uri)
                for row in self._shuffled(found)
            ]
        if wildcard == isinstance(request.matching, SelectorFilter):
            # Of a query r4sd/go-wsman issue 80; of the other two filters a guess.
            if not wildcard:
                self.class_of(request.resource_uri)
            raise RequestRefusedError(catalogue.cannot_process_filter(self.machine, _CLASS_FILTER))
        try:
            return self._filtered(request)
        except QueryError as error:
            raise RequestRefusedError(query_refused(self.machine, str(error), request.query or "")) from error
        except QueryNotServedError as error:
            fault = query_refused(self.machine, INVALID_QUERY, request.query or "")
            raise not_served(fault, str(error)) from error

    def _filtered(self, request: Enumerate) -> list[Item]:
        match request.matching:
            case SelectorFilter(selectors=selectors):
                under = self.classes_of(request.resource_uri)
                return [item for each in under for item in self._selected_by(each, selectors, request.mode)]
            case AssociationFilter() as wanted:
                traversal = self._traversal(self._namespace(request.resource_uri))
                source = traversal.at(wanted.source)
                found = traversal.related(source, as_related(wanted))
                return self._ends(found, request.mode, properties=wanted.properties)
            case None:
                return self._queried(request)

    def _queried(self, request: Enumerate) -> list[Item]:
        namespace, query = self._namespace(request.resource_uri, by_query=True), request.query or ""
        if not is_related(query):
            return self._query(namespace, request)
        related, traversal = parse_related(query), self._traversal(namespace)
        source = traversal.source_of(related.source)
        return self._ends(traversal.related(source, related), request.mode, keys_only=related.keys_only)

    def _namespace(self, uri: str, *, by_query: bool = False) -> str:
        wanted = names.namespace_of(uri.strip())
        found = namespace_of(self.host, wanted)
        if found is None:
            fault = no_such_namespace(self.host.absent_form, self.machine, wanted, by_query=by_query)
            raise not_served(fault, wanted) if published.is_namespace(wanted) else RequestRefusedError(fault)
        return found

    def _query(self, namespace: str, request: Enumerate) -> list[Item]:
        select = parse(request.query or "")
        classes = self._under(namespace, select.class_name)
        if not classes:
            name = select.class_name
            known = class_named(namespace, name) is not None
            if not known and published.is_class(namespace, name, self.host.build):
                fault = query_refused(self.machine, UNKNOWN_CLASS, request.query or "")
                raise not_served(fault, f"{name} of {namespace}")
            raise QueryError(UNKNOWN_CLASS)
        self._check(namespace, select)
        return [item for found in classes for item in self._selected(found, select, request.mode)]

    def _under(self, namespace: str, name: str) -> Sequence[WmiClass]:
        """Return a class and its subclasses, as far as the host's build has them; none where it lacks the class itself."""
        asked = schema.entry_of(name, namespace)
        if asked is not None and self.host.build not in asked.builds:
            return ()
        found = classes_under(namespace, name)
        return [each for each in found if schema.has_class(each.name, self.host.build)]

    def _check(self, namespace: str, select: Select) -> None:
        """Refuse what the class that is asked lacks, although a subclass may have it. Raises QueryError."""
        asked = schema.entry_of(select.class_name, namespace)
        if asked is not None:
            whole = WmiClass(name=asked.schema.name, namespace=namespace, keys=(), rows=lambda _: ())
            columns = self._columns(whole)
            test_of(select.where, columns)
            for name in select.properties:
                columns.named(name)

    def _selected(self, found: WmiClass, select: Select, mode: EnumerationMode) -> list[Item]:
        """Return what a query yields of one class.

        A property that the class lacks, or lacks in this build, is an invalid query, rows or none (win32 page
        "Querying with WQL"; that an older build answers a newer property so is a guess).
        """
        columns = self._columns(found)
        test = test_of(select.where, columns)
        wanted = [columns.named(name) for name in select.properties]
        return [self._item(found, row, mode, wanted) for row in self._shuffled(found) if test(row)]

    def _selected_by(
        self, found: WmiClass, selectors: Mapping[str, Selector], mode: EnumerationMode
    ) -> list[Item]:
        """Return the instances with these values; a property that the class lacks is a wrong filter (a guess)."""
        columns = self._columns(found)
        tests = [(columns.named(name), _equal_to(value)) for name, value in selectors.items()]
        return [
            self._item(found, row, mode)
            for row in self._shuffled(found)
            if all(test(column.read(row)) for column, test in tests)
        ]

    def _ends(
        self,
        found: Iterable[Found],
        mode: EnumerationMode,
        *,
        keys_only: bool = False,
        properties: Sequence[str] = (),
    ) -> list[Item]:
        """Return what a traversal yields; a property that a class lacks is left out (a guess)."""
        items = []
        for each in found:
            row = _keys_alone(each.row, each.of.keys) if keys_only else each.row
            columns = self._columns(each.of)
            wanted = [columns.named(name) for name in properties if columns.has(name)]
            items.append(self._item(each.of, row, mode, wanted))
        random.Random(f"{self.host.name}/{len(items)}").shuffle(items)
        return items

    def _columns(self, found: WmiClass) -> Columns:
        missing = schema.missing(found.name, self.host.build)
        return Columns(found=found, server=self.host.computer_name, missing=missing)

    def _traversal(self, namespace: str) -> Traversal:
        return Traversal(
            namespace=namespace,
            build=self.host.build,
            classes=self._classes(namespace),
            rows=self._rows_about,
            servers=frozenset(
                {".", "localhost", *map(str.casefold, (self.host.computer_name, self.host.full_name))}
            ),
        )

    def _classes(self, namespace: str) -> tuple[WmiClass, ...]:
        return tuple(
            each
            for each in CLASSES
            if each.namespace == namespace and schema.has_class(each.name, self.host.build)
        )

    def by_reference(self, found: WmiClass) -> Mapping[EndpointReference, Instance]:
        """Return the instances of a class by their references, read once a request."""
        if found.name not in self._read:
            self._read[found.name] = {found.reference(row): row for row in self.rows(found)}
        return self._read[found.name]

    def _rows_about(self, path: str) -> Rows:
        """Return what to read what a path names from: where it is of one machine, a host that has no other."""
        machine = _machine_in(self.host, path.upper())
        if machine is None:
            return self.by_reference
        if machine not in self._narrowed:
            self._narrowed[machine] = replace(self, host=_alone(self.host, machine), _read={}, _narrowed={})
        return self._narrowed[machine].by_reference

    def _all(self, name: str, namespace: str) -> list[tuple[Instance, EndpointReference]]:
        return [
            (row, reference)
            for each in self._under(namespace, name)
            for reference, row in self.by_reference(each).items()
        ]

    def rows(self, found: WmiClass) -> Iterator[Instance]:
        """Yield the instances of a class with the properties that this host's build gives them.

        NULL arrays are left out (recorded by r4sd/go-wsman). Raises RequestRefusedError for what the caller may not read.
        """
        if found.name in self.closed:
            raise RequestRefusedError(wbem_access_denied(self.machine))
        if found.namespace == MSCLUSTER and self.host.cluster_service != CLUSTER_RUNS:
            raise RequestRefusedError(cluster_away(self.machine))
        missing, arrays = schema.missing(found.name, self.host.build), schema.arrays(found.name)
        language = coded.language_of(self.host.locale)
        for each in found.rows(self.view):
            row = each if language is None else coded.shown(each, language)
            kept = {
                name: value
                for name, value in row.properties.items()
                if name not in missing and (value is not None or name not in arrays)
            }
            yield Instance(row.class_name, kept, row.namespace)

    def _shuffled(self, found: WmiClass) -> list[Instance]:
        """Return the instances in no order that anybody could rely on (r4sd/go-wsman), yet always the same."""
        rows = list(self.rows(found))
        random.Random(f"{self.host.name}/{found.name}").shuffle(rows)
        return rows

    def _item(
        self, found: WmiClass, row: Instance, mode: EnumerationMode, wanted: Sequence[Column] = ()
    ) -> Item:
        match mode:
            case EnumerationMode.EPRS:
                return found.reference(row)
            case EnumerationMode.OBJECTS_AND_EPRS:
                return InstanceWithReference(_projected(row, wanted) if wanted else row, found.reference(row))
            case EnumerationMode.OBJECTS:
                return _projected(row, wanted) if wanted else row


def _machine_in(host: LabHost, path: str) -> str | None:
    """Return the only machine whose id, or whose checkpoint's, stands in a path; None where none does, or several."""
    found = {
        vm.id
        for vm in (*host.planned.values(), *host.realized.values())
        if any(each in path for each in (vm.id, *(checkpoint.id for checkpoint in vm.checkpoints)))
    }
    return found.pop() if len(found) == 1 else None


def _alone(host: LabHost, machine: str) -> LabHost:
    """Return the host as if it had this machine alone."""
    return replace(
        host,
        realized={key: vm for key, vm in host.realized.items() if vm.id == machine},
        planned={key: vm for key, vm in host.planned.items() if vm.id == machine},
    )


def _projected(row: Instance, wanted: Sequence[Column]) -> Fragment:
    """Return the row of a projection; NULL arrays are left out there too (a guess)."""
    values = {column.name: (column.read(row), column.array) for column in wanted}
    return Fragment(
        {name: value for name, (value, array) in values.items() if value is not None or not array}
    )


def _keys_alone(row: Instance, keys: Sequence[str]) -> Instance:
    """Return the row with nothing but its keys set (win32, "WQL (SQL for WMI)", KEYSONLY)."""
    kept = {
        name: value if name in keys else None
        for name, value in row.properties.items()
        if name not in schema.arrays(row.class_name)
    }
    return Instance(row.class_name, kept, row.namespace)


def _equal_to(value: Selector) -> Callable[[Value], bool]:
    """Return a test for properties that are this, a text or a reference."""
    if isinstance(value, str):
        return equals(value)
    wanted = _text(value).casefold()
    return lambda found: _key(found) == wanted


def _text(value: Selector) -> str:
    """Return a selector's text; a reference becomes a text that no string selector is."""
    return value if isinstance(value, str) else f"\0{reference_path(value)}"


def _key(value: Value) -> str:
    """Return a key in the form of `_text`, in lower case."""
    found = value if isinstance(value, EndpointReference) else "" if value is None else str(value)
    return _text(found).casefold()
