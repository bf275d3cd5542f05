"""What a machine needs of a processor and what a host offers, as the migration service reports both."""

from __future__ import annotations

from hyperv_placement.errors import ProtocolError, WsmanFaultError
from hyperv_placement.model.estate import Vector
from hyperv_placement.winrm.client import Client
from hyperv_placement.wsman import EndpointReference, Instance, Value, objects_in, resource_uri

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
    """Return the vectors in an out parameter; None where one of them cannot be read.

    They are objects, not texts (win32 GetSystemCompatibilityVectors; microsoft/wmi). In which form WS-Management carries
    these is unverified: every known one is read.
    """
    try:
        found = tuple(_vector(row) for row in objects_in(value, "Msvm_CompatibilityVector"))
    except ProtocolError:
        # All or nothing: a vector that is left out would pass for one that every host satisfies.
        return None
    return found or None


def _vector(row: Instance) -> Vector:
    identity, operation, info = (
        row.number(name) for name in ("VectorId", "CompareOperation", "CompatibilityInfo")
    )
    if identity is None or operation is None or info is None:
        raise ProtocolError("A compatibility vector lacks a number")
    return Vector(id=identity, operation=operation, value=info)
