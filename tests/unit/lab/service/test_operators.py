"""What members of Hyper-V Administrators and Remote Management Users read of a host, whichever way they ask."""

from __future__ import annotations

import pytest

from hyperv_placement.wsman import (
    CIMV2,
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Get,
    Request,
    resource_uri,
)
from lab.directory.accounts import HOST_OPERATORS
from lab.wmi.accounts import Caller, User
from tests.unit.lab.conftest import estate

from .conftest import MAKER, Desk

OPERATOR = Caller(
    user=User(name="LAB\\op", local=False, groups=frozenset({HOST_OPERATORS})), address="127.0.0.1"
)
SYSTEM = 'Win32_ComputerSystem.Name="HV1"'


def asking(query: str) -> Enumerate:
    """Return a query of root/cimv2."""
    return Enumerate(resource_uri=resource_uri("*", CIMV2), query=query, optimize=True, max_elements=100)


@pytest.fixture
def at(desk: MAKER) -> Desk:
    """A host that such a member asks."""
    found = desk(estate())
    found.caller = OPERATOR
    return found


@pytest.mark.parametrize(
    "message",
    [
        asking("SELECT * FROM win32_service"),
        asking("SELECT * FROM CIM_Service"),
        asking("SELECT Name FROM CIM_ManagedSystemElement"),
        asking(f"ASSOCIATORS OF {{{SYSTEM}}}"),
        asking(f"ASSOCIATORS OF {{{SYSTEM}}} WHERE ResultClass = Win32_Service"),
        asking(f"REFERENCES OF {{{SYSTEM}}}"),
        asking("ASSOCIATORS OF {Win32_Service.Name='vmms'}"),
        asking("SELECT * FROM Win32_SystemServices"),
        Enumerate(resource_uri=resource_uri("Win32_Service", CIMV2)),
        Enumerate(resource_uri=resource_uri("CIM_Service", CIMV2)),
        Get(target=EndpointReference(resource_uri("Win32_Service", CIMV2), {"Name": "vmms"})),
    ],
    ids=lambda message: getattr(message, "query", None) or type(message).__name__,
)
def test_services_are_denied_whichever_way_they_are_asked(at: Desk, message: Request) -> None:
    """By class, by superclass and by association."""
    fault = at.fault(message)
    assert fault.subcode == "InternalError"
    assert fault.texts[-1] == "Access denied"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM CIM_OperatingSystem",
        f"ASSOCIATORS OF {{{SYSTEM}}} WHERE AssocClass = Win32_SystemOperatingSystem",
    ],
)
def test_other_classes_are_not(at: Desk, query: str) -> None:
    """Nor are associations that lead elsewhere."""
    answer = at.send(asking(query))
    assert isinstance(answer, EnumerateResponse)
    assert answer.items
