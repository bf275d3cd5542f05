"""What a machine needs of a processor and what a host offers, as the migration service reports both."""

from __future__ import annotations

from hyperv_placement.errors import ProtocolError, WsmanFaultError
from hyperv_placement.model.estate import Vector
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import EndpointReference, Instance, Value, decode_embedded, resource_uri

_METHOD = "GetSystemCompatibilityVectors"


def read_vectors(client: Client, service: EndpointReference, name: str) -> tuple[Vector, ...] | None:
    """Ask for the vectors of a machine (by its GUID) or of the host (by its computer name); None where there is no answer.

    Since Windows Server 2012 R2 (win32 page of the method).
    """
    system = EndpointReference(
        resource_uri("Msvm_ComputerSystem"), {"CreationClassName": "Msvm_ComputerSystem", "Name": name}
    )
    try:
        answer = client.ask(service, _METHOD, {"ComputerSystem": system})
    except WsmanFaultError:
        return None
    value = answer.outputs.get("CompatibilityVectors")
    return vectors_in(value) if answer.return_value == 0 else None


def vectors_in(value: Value) -> tuple[Vector, ...] | None:
    """Return the vectors in an out parameter: texts of instances, or the instances; None where it cannot be read.

    In which form they travel over WS-Management is unverified.
    """
    parts = value if isinstance(value, tuple) else (value,)
    found = [vector for part in parts if (vector := _vector(part)) is not None]
    # All or nothing: a vector that is left out would pass for one that every host satisfies.
    return tuple(found) if found and len(found) == len(parts) else None


def _vector(part: Value) -> Vector | None:
    try:
        row = decode_embedded(part) if isinstance(part, str) else part
    except ProtocolError:
        return None
    if not isinstance(row, Instance):
        return None
    numbers = [row.number(name) for name in ("VectorId", "CompareOperation", "CompatibilityInfo")]
    identity, operation, info = numbers
    if identity is None or operation is None or info is None:
        return None
    return Vector(id=identity, operation=operation, value=info)
