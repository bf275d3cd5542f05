"""The messages of WS-Management as values: a client's requests and a host's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from . import names
from .epr import EndpointReference
from .fault import Fault
from .filters import Filter
from .header import EMPTY, Header
from .instance import Fragment, Instance, Value


class EnumerationMode(StrEnum):
    """What an enumeration yields (DSP0226 8.7)."""

    OBJECTS = ""
    EPRS = "EnumerateEPR"
    OBJECTS_AND_EPRS = "EnumerateObjectAndEPR"


@dataclass(frozen=True, slots=True)
class InstanceWithReference:
    """An item of EnumerateObjectAndEPR; of a projection the object is a row."""

    instance: Instance | Fragment
    reference: EndpointReference


@dataclass(frozen=True, slots=True)
class Malformed:
    """An argument of the wrong shape, which a host answers with SchemaValidationError; `what` says why."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """An entry of an event log (MS-EVEN6 2.2.13; forms of txwinrm, test/data_subscribe)."""

    id: int
    record: int
    """EventRecordID: the log's own number."""
    time: datetime
    """In UTC."""
    channel: str
    computer: str
    data: tuple[str, ...] = ()
    """Texts of EventData or UserData, in their order."""
    message: str = ""
    """In the language that was asked for; empty where it was not rendered."""


Item: TypeAlias = Instance | Fragment | EndpointReference | InstanceWithReference | LogEvent
Argument: TypeAlias = "Value | Instance | Malformed | tuple[Value | Instance | Malformed, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """Read one instance (DSP0226 7.3)."""

    target: EndpointReference
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumerate:
    """Begin an enumeration of a class, or of what a WQL query to class `*` yields (DSP0226 8.2)."""

    resource_uri: str
    query: str | None = None
    matching: Filter | None = None
    """A filter that is no query; then `query` is None."""
    dialect: str = names.WQL_DIALECT
    mode: EnumerationMode = EnumerationMode.OBJECTS
    optimize: bool = False
    """OptimizeEnumeration: the first page comes with the answer."""
    max_elements: int | None = None
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """Ask for the next page; without `max_elements` a page is one item."""

    resource_uri: str
    context: str
    max_elements: int | None = None
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """End an enumeration before its end."""

    resource_uri: str
    context: str
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Subscribe to the event log in pull mode, to what is there already as well (MS-WSMV 3.1.4.6)."""

    query: str
    """A QueryList, as Windows' event log takes it."""
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """End a subscription."""

    identifier: str
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke:
    """Call a method of an instance; an Instance as argument travels as embedded CIM-XML text."""

    target: EndpointReference
    method: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """A request with an action that the codec does not know."""

    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class GetResponse:
    """The instance asked for."""

    instance: Instance
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumerateResponse:
    """The enumeration's context, and its first page where that was asked for."""

    context: str | None = None
    items: tuple[Item, ...] | None = None
    """None where the answer was not optimised."""
    end: bool = False
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResponse:
    """A page, and the context for the next one; the last page has none."""

    context: str | None = None
    items: tuple[Item, ...] = ()
    end: bool = False
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseResponse:
    """The enumeration is gone."""

    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeResponse:
    """The subscription, and the context of the first Pull."""

    identifier: str
    context: str
    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeResponse:
    """The subscription is gone."""

    header: Header = EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeResponse:
    """A method's outputs in MOF order; ReturnValue, the last, is a number."""

    resource_uri: str
    method: str
    outputs: Mapping[str, Value] = field(default_factory=dict)
    header: Header = EMPTY

    @property
    def return_value(self) -> int | None:
        """ReturnValue; None where the method returns nothing."""
        value = self.outputs.get("ReturnValue")
        return value if isinstance(value, int) else None


Request: TypeAlias = Get | Enumerate | Pull | Release | Subscribe | Unsubscribe | Invoke | Unsupported
Response: TypeAlias = (
    GetResponse
    | EnumerateResponse
    | PullResponse
    | ReleaseResponse
    | SubscribeResponse
    | UnsubscribeResponse
    | InvokeResponse
    | Fault
)
