"""WS-Management without sockets: messages are values that encode and decode in both directions."""

from . import catalogue, names, wql
from .cimxml import decode_embedded, encode_embedded
from .decode import decode_request, decode_response
from .encode import MAX_ENVELOPE_SIZE, encode_items, encode_request, encode_response
from .epr import EndpointReference, Selector
from .fault import Fault, ProviderFault, WsmanFault
from .filters import AssociationFilter, SelectorFilter
from .header import Header
from .instance import Fragment, Instance, Value
from .messages import (
    Argument,
    Enumerate,
    EnumerateResponse,
    EnumerationMode,
    Get,
    GetResponse,
    InstanceWithReference,
    Invoke,
    InvokeResponse,
    Item,
    LogEvent,
    Malformed,
    Pull,
    PullResponse,
    Release,
    ReleaseResponse,
    Request,
    Response,
    Subscribe,
    SubscribeResponse,
    Unsubscribe,
    UnsubscribeResponse,
    Unsupported,
)
from .names import (
    CIMV2,
    DEVICE_GUARD,
    MSCLUSTER,
    VIRTUALIZATION,
    WQL_DIALECT,
    class_of,
    namespace_of,
    resource_uri,
)
from .objects import objects_in
from .schema import CimType, ClassSchema, Property, schema_of
from .values import Unreadable

__all__ = [
    "CIMV2", "DEVICE_GUARD", "MAX_ENVELOPE_SIZE", "MSCLUSTER", "VIRTUALIZATION", "WQL_DIALECT", "Argument", "AssociationFilter", "CimType", "ClassSchema",
    "EndpointReference", "Enumerate", "EnumerateResponse", "EnumerationMode", "Fault", "Fragment", "Get",
    "GetResponse", "Header", "Instance", "InstanceWithReference", "Invoke", "InvokeResponse", "Item", "LogEvent", "Malformed",
    "Property", "ProviderFault", "Pull", "PullResponse", "Release", "ReleaseResponse", "Request", "Response",
    "Selector", "SelectorFilter", "Subscribe", "SubscribeResponse", "Unreadable", "Unsubscribe", "UnsubscribeResponse", "Unsupported", "Value",
    "WsmanFault",
    "catalogue", "class_of", "decode_embedded", "decode_request", "decode_response", "encode_embedded",
    "encode_items", "encode_request", "encode_response", "names", "namespace_of", "objects_in", "resource_uri", "schema_of", "wql",
]  # fmt: skip
