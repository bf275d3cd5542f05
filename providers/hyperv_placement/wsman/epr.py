"""References to CIM instances: a resource URI and the selectors that are its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from hyperv_placement.errors import ProtocolError

from . import names, xml

Selector: TypeAlias = "str | EndpointReference"


@dataclass(frozen=True, slots=True)
class EndpointReference:
    """Points at one instance (DSP0226 5.1.2). Selectors have no order; their names compare without case."""

    resource_uri: str
    selectors: Mapping[str, Selector] = field(default_factory=dict)
    """Texts; a key that is itself a reference, as in an association, is an EndpointReference (DSP0226 5.1.2.2)."""
    address: str = field(default=names.ANONYMOUS, compare=False)

    def __hash__(self) -> int:
        """Hash by what equality compares."""
        return hash((self.resource_uri, frozenset(self.selectors.items())))

    @property
    def class_name(self) -> str:
        """The class that the reference points into."""
        return names.class_of(self.resource_uri)

    def selector(self, name: str) -> str | None:
        """Return a selector's text, None if it is a reference; names compare without case (MS-WSMV 3.1.4.1.2)."""
        wanted = name.casefold()
        found = next((v for k, v in self.selectors.items() if k.casefold() == wanted), None)
        return found if isinstance(found, str) else None


def encode_content(reference: EndpointReference) -> str:
    """Return Address and ReferenceParameters, as they stand directly within a reference property."""
    return xml.leaf("a:Address", reference.address) + xml.tag(
        "a:ReferenceParameters",
        xml.leaf("w:ResourceURI", reference.resource_uri) + encode_selectors(reference.selectors),
    )


def encode_selectors(selectors: Mapping[str, Selector]) -> str:
    """Return the SelectorSet; nothing where there are no selectors."""
    if not selectors:
        return ""
    content = "".join(
        xml.tag("w:Selector", xml.escaped(value) if isinstance(value, str) else encode(value), {"Name": name})
        for name, value in selectors.items()
    )
    return xml.tag("w:SelectorSet", content)


def encode(reference: EndpointReference) -> str:
    """Return the reference in an element of its own, as items and selectors have it."""
    return xml.tag("a:EndpointReference", encode_content(reference))


def is_reference(element: xml.Element) -> bool:
    """Say whether an element holds a reference's content directly."""
    return xml.child(element, names.ADDRESSING, "ReferenceParameters") is not None


def find(element: xml.Element) -> xml.Element | None:
    """Return the element that holds a reference's content: `element` or an EndpointReference in it; None if neither does."""
    if is_reference(element):
        return element
    return xml.child(element, names.ADDRESSING, "EndpointReference")


def decode_content(element: xml.Element) -> EndpointReference:
    """Read Address and ReferenceParameters within `element`. Raises ProtocolError where they are not there."""
    parameters = xml.need(element, names.ADDRESSING, "ReferenceParameters")
    uri = xml.child_text(parameters, names.WSMAN, "ResourceURI")
    if not uri:
        raise ProtocolError(f"The reference in {xml.local(element)} names no resource")
    return EndpointReference(
        resource_uri=uri,
        selectors=decode_selectors(parameters),
        address=xml.child_text(element, names.ADDRESSING, "Address") or names.ANONYMOUS,
    )


def decode_selectors(element: xml.Element) -> dict[str, Selector]:
    """Read the SelectorSet within `element`, if there is one."""
    found = xml.child(element, names.WSMAN, "SelectorSet")
    if found is None:
        return {}
    selectors: dict[str, Selector] = {}
    for item in xml.children(found):
        reference = xml.child(item, names.ADDRESSING, "EndpointReference")
        selectors[str(item.get("Name", ""))] = (
            _unindented(xml.text_of(item)) if reference is None else decode_content(reference)
        )
    return selectors


def _unindented(text: str) -> str:
    """Strip indentation around a key, as in messages printed in specifications: no key starts or ends with a line break."""
    stripped = text.strip()
    return stripped if text[:1] in {"\n", "\r"} or text.rstrip(" \t")[-1:] in {"\n", "\r"} else text
