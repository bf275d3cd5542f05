"""The service of one host without sockets: envelopes in, envelopes out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from hyperv_placement.wsman import (
    EndpointReference,
    Fault,
    Get,
    GetResponse,
    Instance,
    Invoke,
    InvokeResponse,
    Request,
    Response,
    decode_response,
    encode_request,
    resource_uri,
)
from lab.estate.spec import EstateSpec
from lab.home import credentials
from lab.service.answering import Service
from lab.wmi.accounts import Accounts, Caller, User
from tests.unit.lab.conftest import Stage

MAKER = Callable[[EstateSpec], "Desk"]


class Desk:
    """A host's service with the words of these tests."""

    def __init__(self, stage: Stage, name: str = "hv1") -> None:
        """Stand before the service of this host."""
        self.stage = stage
        world = stage.world
        credentials.ensure(world.home, world.settings.netbios)
        self.service = Service(world, world.hosts[name], Accounts.of(world, world.home), lambda: 0.0)
        self.caller = Caller(user=User(name="LAB\\administrator", local=False), address="127.0.0.1")

    def post(self, envelope: bytes) -> bytes:
        """Send an envelope as it stands."""
        return self.service.answer(envelope, self.caller, "hv1").body

    def send(self, message: Request) -> Response:
        """Send a message of our codec."""
        return decode_response(
            self.post(encode_request(message, to="https://hv1/wsman", message_id=str(uuid.uuid4())))
        )

    def call(self, target: EndpointReference, method: str, **arguments: Any) -> InvokeResponse:
        """Call a method and expect its outputs."""
        answer = self.send(Invoke(target=target, method=method, arguments=arguments))
        assert isinstance(answer, InvokeResponse), answer
        return answer

    def fault(self, message: Request) -> Fault:
        """Send a message and expect a fault."""
        answer = self.send(message)
        assert isinstance(answer, Fault), answer
        return answer

    def get(self, target: EndpointReference) -> Instance:
        """Get an instance."""
        answer = self.send(Get(target=target))
        assert isinstance(answer, GetResponse), answer
        return answer.instance

    def machine(self, name: str) -> EndpointReference:
        """Return the EPR of a machine."""
        keys = {"CreationClassName": "Msvm_ComputerSystem", "Name": self.stage.vm(name).id}
        return EndpointReference(resource_uri("Msvm_ComputerSystem"), keys)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of the lab's log of one kind."""
        file = self.stage.world.home / "lab.log"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line for line in map(json.loads, lines) if line["event"] == event]


@pytest.fixture
def desk(stage: Callable[[EstateSpec], Stage]) -> MAKER:
    """Return a maker of services."""
    return lambda spec: Desk(stage(spec))
