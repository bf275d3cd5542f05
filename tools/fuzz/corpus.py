"""What is changed: messages of real hosts where they are at hand, golden ones, and ones that the codec wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from hyperv_placement.wsman import (
    Argument,
    AssociationFilter,
    CimType,
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Fault,
    Fragment,
    Get,
    GetResponse,
    Instance,
    InstanceWithReference,
    Invoke,
    InvokeResponse,
    Item,
    Property,
    Pull,
    PullResponse,
    Request,
    Response,
    SelectorFilter,
    Value,
    WsmanFault,
    catalogue,
    encode_embedded,
    encode_request,
    encode_response,
    resource_uri,
    schema_of,
)
from hyperv_placement.wsman.classes import CLASSES
from tests.recordings import FOLDER

_GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden" / "wsman"
_NAMES = sorted(CLASSES)
_TARGET = EndpointReference(resource_uri("Msvm_ComputerSystem"), {"Name": "A", "CreationClassName": "B"})

_ASSOCIATED = AssociationFilter(
    source=_TARGET, association_class="A", role="B", result_class="C", result_role="D", properties=("E", "F")
)


def files() -> tuple[bytes, ...]:
    """Return the messages in the folders of recordings and golden files, without the comments above them."""
    paths = sorted(FOLDER.glob("*.xml")) + sorted(_GOLDEN.glob("*.xml"))
    return tuple(path.read_bytes().partition(b"-->\n")[2] for path in paths)


def generated(chance: Random) -> bytes:
    """Return a message, or the text of an embedded instance, with values of all types."""
    match chance.randrange(6):
        case 0:
            return encode_embedded(_embeddable(_instance(chance))).encode()
        case 1 | 2:
            return encode_request(_request(chance), to="http://h:5985/wsman", message_id="1", locale="ja-JP")
        case _:
            return encode_response(_response(chance), relates_to="uuid:1", message_id="2", lang="ja-JP")


def _embeddable(instance: Instance) -> Instance:
    """References have no place in embedded instances."""
    kept = {n: v for n, v in instance.properties.items() if not isinstance(v, EndpointReference)}
    return Instance(instance.class_name, kept)


def _request(chance: Random) -> Request:
    uri = resource_uri(chance.choice(_NAMES))
    arguments: dict[str, Argument] = {
        "A": _TARGET,
        "B": _embeddable(_instance(chance)),
        "C": None,
        "D": ("1", "2"),
    }
    requests: list[Request] = [
        Get(target=_TARGET),
        Enumerate(resource_uri=uri, query="SELECT * FROM X", optimize=True, max_elements=chance.randrange(9)),
        Enumerate(resource_uri=uri, matching=SelectorFilter(selectors={"Name": "A", "Other": _TARGET})),
        Enumerate(resource_uri=uri, matching=_ASSOCIATED),
        Pull(resource_uri=uri, context="uuid:1", max_elements=5),
        Invoke(target=_TARGET, method="M", arguments=arguments),
    ]
    return chance.choice(requests)


def _response(chance: Random) -> Response:
    items = tuple(_item(chance) for _ in range(chance.randrange(4)))
    fault = WsmanFault(code=chance.randrange(2**32), machine="h", text="x")
    responses: list[Response] = [
        GetResponse(instance=_instance(chance)),
        PullResponse(context="uuid:1", items=items),
        EnumerateResponse(items=items, end=True),
        InvokeResponse(
            resource_uri=resource_uri("X"),
            method="M",
            outputs={
                "Job": _TARGET,
                "Objects": (_instance(chance), _instance(chance)),
                "Text": encode_embedded(_embeddable(_instance(chance))),
                "ReturnValue": 4096,
            },
        ),
        catalogue.internal_error("h", chance.randrange(2**32), "x"),
        Fault(code="Receiver", subcode="InternalError", detail=fault, reason="x"),
    ]
    return chance.choice(responses)


def _item(chance: Random) -> Item:
    instance = _instance(chance)
    pair = InstanceWithReference(instance, _TARGET)
    items: list[Item] = [instance, Fragment(instance.properties), _TARGET, pair]
    return chance.choice(items)


def _instance(chance: Random) -> Instance:
    schema = schema_of(chance.choice(_NAMES))
    assert schema is not None  # noqa: S101 - the names are the schema's own
    chosen = chance.sample(schema.properties, min(6, len(schema.properties)))
    properties: Mapping[str, Value] = {spec.name: _value(chance, spec) for spec in chosen}
    return Instance(schema.name, properties, schema.namespace)


def _value(chance: Random, spec: Property) -> Value:
    if spec.array:
        return tuple(_scalar(chance, spec.type) for _ in range(chance.randrange(1, 4)))
    return None if chance.randrange(10) == 0 else _scalar(chance, spec.type)


def _scalar(chance: Random, kind: CimType) -> Value:
    match kind:
        case CimType.STRING:
            return chance.choice(["", "a", "D:\\R & D\\<os>.vhdx", "仮想 🖥", "\r\n\t", "]]>"])
        case CimType.BOOLEAN:
            return chance.choice([True, False])
        case CimType.DATETIME:
            return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randrange(2**53))
        case CimType.INTERVAL:
            return timedelta(microseconds=chance.randrange(2**53))
        case CimType.REFERENCE:
            return _TARGET
        case _:
            return chance.randrange(2**7)
