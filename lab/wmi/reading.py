"""Which instances a host answers with: by reference, by class, by query."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerationMode,
    Fragment,
    Instance,
    InstanceWithReference,
    Item,
    catalogue,
    names,
)
from lab.world import LabHost, World

from . import coded, published, schema
from .classes import WmiClass, class_named, classes_under, namespace_of
from .conditions import property_named, test_of
from .refusal import (
    UNKNOWN_CLASS,
    RequestRefusedError,
    invalid_namespace,
    namespace_conflict,
    not_served,
    query_refused,
)
from .texts import texts_of
from .tokens import QueryError
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

    @property
    def view(self) -> View:
        """What the classes show themselves from."""
        return View(self.world, self.host, texts_of(self.host.locale))

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

    def find(self, target: EndpointReference) -> tuple[WmiClass, Instance]:
        """Return the one instance that has all these keys. Raises RequestRefusedError.

        A selector that is no key: InvalidSelectors (recorded by pypsrp). A key that is missing, as
        CreationClassName of a computer system, or an instance that is not there: DestinationUnreachable
        (r4sd/go-wsman, microsoft/omi).
        """
        found = self.class_of(target.resource_uri)
        selectors = self.selectors(target)
        known = {key.casefold() for key in found.keys}
        if selectors.keys() - known:
            raise RequestRefusedError(catalogue.invalid_selectors(self.machine))
        if selectors.keys() == known:
            for row in self.rows(found):
                if all(row.text(key).casefold() == selectors[key.casefold()] for key in found.keys):
                    return found, row
        raise RequestRefusedError(catalogue.destination_unreachable(self.machine))

    def selectors(self, target: EndpointReference) -> dict[str, str]:
        """Return the selectors in lower case, without the namespace, which must agree (MS-WSMV 3.1.4.1.2)."""
        selectors = {name.casefold(): _text(value).casefold() for name, value in target.selectors.items()}
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
        if request.query is None:
            if wildcard:  # MS-WSMV 2.2.4.1: "*" is for queries; which fault its absence gives is a guess
                raise RequestRefusedError(catalogue.destination_unreachable(self.machine))
            found = self.class_of(request.resource_uri)
            return [self._item(found, row, request.mode) for row in self._shuffled(found)]
        if not wildcard:  # r4sd/go-wsman issue 80
            self.class_of(request.resource_uri)
            raise RequestRefusedError(catalogue.cannot_process_filter(self.machine, _CLASS_FILTER))
        try:
            return self._query(self._namespace(request.resource_uri), request)
        except QueryError as error:
            raise RequestRefusedError(query_refused(self.machine, str(error), request.query or "")) from error

    def _namespace(self, uri: str) -> str:
        found = namespace_of(self.host, names.namespace_of(uri.strip()))
        if found is None:
            fault, wanted = invalid_namespace(self.machine), names.namespace_of(uri.strip())
            raise not_served(fault, wanted) if published.is_namespace(wanted) else RequestRefusedError(fault)
        return found

    def _query(self, namespace: str, request: Enumerate) -> list[Item]:
        select = parse(request.query or "")
        classes = [
            found
            for found in classes_under(namespace, select.class_name)
            if schema.has_class(found.name, self.host.build)
        ]
        if not classes:
            name = select.class_name
            known = class_named(namespace, name) is not None
            if not known and published.is_class(namespace, name, self.host.build):
                fault = query_refused(self.machine, UNKNOWN_CLASS, request.query or "")
                raise not_served(fault, f"{name} of {namespace}")
            raise QueryError(UNKNOWN_CLASS)
        return [item for found in classes for item in self._selected(found, select, request.mode)]

    def _selected(self, found: WmiClass, select: Select, mode: EnumerationMode) -> list[Item]:
        """Return what a query yields of one class.

        A property that the class has not, or not in this build, is an invalid query, rows or none (win32 page
        "Querying with WQL"; that an older build answers a newer property so is a guess).
        """
        missing = schema.missing(found.name, self.host.build)
        test = test_of(select.where, found.name, missing)
        wanted = [property_named(found.name, name, missing) for name in select.properties]
        return [self._item(found, row, mode, wanted) for row in self._shuffled(found) if test(row)]

    def rows(self, found: WmiClass) -> Iterator[Instance]:
        """Yield the instances of a class with the properties that this host's build gives them.

        NULL arrays are left out (recorded by r4sd/go-wsman).
        """
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
        self, found: WmiClass, row: Instance, mode: EnumerationMode, wanted: Sequence[str] = ()
    ) -> Item:
        match mode:
            case EnumerationMode.EPRS:
                return found.reference(row)
            case EnumerationMode.OBJECTS_AND_EPRS:
                return InstanceWithReference(row, found.reference(row))
            case EnumerationMode.OBJECTS:
                return _projected(row, wanted) if wanted else row


def _projected(row: Instance, wanted: Sequence[str]) -> Fragment:
    """Return the row of a projection; NULL arrays are left out there too (a guess)."""
    arrays = schema.arrays(row.class_name)
    return Fragment({name: row[name] for name in wanted if row[name] is not None or name not in arrays})


def _text(value: str | EndpointReference) -> str:
    """Return a selector's text; no class here has a key that is a reference, so such a one fits no instance."""
    return value if isinstance(value, str) else value.resource_uri
