"""Filters of an enumeration that are no query: by selectors (DSP0226, annex on SelectorFilter) and by associations (DSP0227 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hyperv_placement.errors import ProtocolError

from . import epr, names, xml
from .epr import EndpointReference, Selector

SELECTOR_DIALECT = f"{names.WSMAN_FAULTS}/SelectorFilter"
ASSOCIATION_DIALECT = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
_ASSOCIATED, _ASSOCIATIONS = "AssociatedInstances", "AssociationInstances"
_PREFIX = {"xmlns:b": names.CIMBINDING}


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorFilter:
    """Instances whose properties have these values."""

    selectors: Mapping[str, Selector]

    def __hash__(self) -> int:
        """Hash by what equality compares."""
        return hash(frozenset(self.selectors.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociationFilter:
    """Instances that are associated with one, or the associations themselves; an empty name asks for any."""

    source: EndpointReference
    associations: bool = False
    """The associations (AssociationInstances) instead of what stands at their other end (AssociatedInstances)."""
    association_class: str = ""
    role: str = ""
    """The property of the association that refers to the source."""
    result_class: str = ""
    result_role: str = ""
    """The property of the association that refers to the result."""
    properties: tuple[str, ...] = ()
    """What to return of each result; everything where it is empty."""


Filter: TypeAlias = SelectorFilter | AssociationFilter


def encode(found: Filter) -> tuple[str, str]:
    """Return the dialect of a filter, and its content."""
    match found:
        case SelectorFilter(selectors=selectors):
            return SELECTOR_DIALECT, epr.encode_selectors(selectors)
        case AssociationFilter():
            return ASSOCIATION_DIALECT, _associated(found)


def _associated(found: AssociationFilter) -> str:
    listed = (
        ("AssociationClassName", found.association_class),
        ("Role", found.role),
        ("ResultClassName", found.result_class),
        ("ResultRole", found.result_role),
        *(("IncludeResultProperty", name) for name in found.properties),
    )
    content = xml.tag("b:Object", epr.encode_content(found.source))
    content += "".join(xml.leaf(f"b:{name}", text) for name, text in listed if text)
    return xml.tag(f"b:{_ASSOCIATIONS if found.associations else _ASSOCIATED}", content, _PREFIX)


def decode(dialect: str, element: xml.Element) -> Filter | None:
    """Read a Filter element; None where its dialect is neither of these two. Raises ProtocolError."""
    if dialect == SELECTOR_DIALECT:
        return _by_selectors(element)
    return _by_association(element) if dialect == ASSOCIATION_DIALECT else None


def _by_selectors(element: xml.Element) -> SelectorFilter:
    selectors = epr.decode_selectors(element)
    if not selectors:
        raise ProtocolError("The filter names no selector")
    return SelectorFilter(selectors=selectors)


def _by_association(element: xml.Element) -> AssociationFilter:
    found = next((each for each in element if xml.namespace(each) == names.CIMBINDING), None)
    if found is None or xml.local(found) not in {_ASSOCIATED, _ASSOCIATIONS}:
        raise ProtocolError("The filter asks for neither associated instances nor associations")

    def text(name: str) -> str:
        # Clients write the elements that they do not use empty (openwsman's wsman.js).
        return xml.child_text(found, names.CIMBINDING, name) or ""

    listed = (each for each in found if each.tag == f"{{{names.CIMBINDING}}}IncludeResultProperty")
    return AssociationFilter(
        source=epr.decode_content(xml.need(found, names.CIMBINDING, "Object")),
        associations=xml.local(found) == _ASSOCIATIONS,
        association_class=text("AssociationClassName"),
        role=text("Role"),
        result_class=text("ResultClassName"),
        result_role=text("ResultRole"),
        properties=tuple(name for each in listed if (name := xml.text_of(each).strip())),
    )
