"""Hosts of a small lab on real sockets, and clients that are not our own."""

from __future__ import annotations

import ssl
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Literal

import pytest
from winrm.exceptions import WinRMTransportError
from winrm.transport import Transport

from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Fault,
    Get,
    Instance,
    Invoke,
    InvokeResponse,
    Pull,
    PullResponse,
    Request,
    Response,
    Selector,
    decode_response,
    encode_request,
    resource_uri,
)
from lab.estate.building import build
from lab.estate.generated import SHARE
from lab.estate.spec import DiskSpec, EstateSpec
from lab.home import certificates, credentials
from lab.server import Servers, serve
from lab.world import LabVm, World, vmms
from tests.unit.lab.conftest import StillClock, estate, machine

Scheme = Literal["basic", "ntlm"]
TYPE = "application/soap+xml;charset=UTF-8"


class Seconds:
    """Monotonic seconds that move when told."""

    def __init__(self) -> None:
        """Start at zero."""
        self.passed = 0.0

    def __call__(self) -> float:
        """Return the seconds passed."""
        return self.passed


class Dialled:
    """pywinrm's transport to one host, speaking our codec's messages."""

    def __init__(self, transport: Transport, url: str) -> None:
        """Wrap a transport."""
        self.transport = transport
        self.url = url

    def send(self, message: Request, **options: Any) -> Response:
        """Send a message and return the answer; a fault is an answer."""
        return self.post(encode_request(message, to=self.url, message_id=str(uuid.uuid4()), **options))

    def post(self, envelope: bytes) -> Response:
        """Send an envelope as it stands."""
        try:
            return decode_response(self.transport.send_message(envelope))
        except WinRMTransportError as error:  # pywinrm hands a fault's envelope over as the text of an error
            if error.code == 500:
                return decode_response(error.response_text.encode())
            raise

    def fault(self, message: Request, **options: Any) -> Fault:
        """Send a message and expect a fault."""
        answer = self.send(message, **options)
        assert isinstance(answer, Fault), answer
        return answer

    def select(self, query: str, namespace: str = "root/virtualization/v2") -> list[Any]:
        """Return everything that a query yields, optimised."""
        uri = resource_uri("*", namespace)
        answer = self.send(Enumerate(resource_uri=uri, query=query, optimize=True, max_elements=32000))
        assert isinstance(answer, EnumerateResponse), answer
        items, context = list(answer.items or ()), answer.context
        while context:
            page = self.send(Pull(resource_uri=uri, context=context, max_elements=32000))
            assert isinstance(page, PullResponse), page
            items += page.items
            context = page.context
        return items

    def get(self, class_name: str, **selectors: Selector) -> Response:
        """Get one instance."""
        return self.send(Get(target=EndpointReference(resource_uri(class_name), selectors)))

    def call(self, target: EndpointReference, method: str, **arguments: Any) -> InvokeResponse:
        """Call a method and expect its outputs."""
        answer = self.send(Invoke(target=target, method=method, arguments=arguments))
        assert isinstance(answer, InvokeResponse), answer
        return answer


class Wire:
    """A lab whose hosts listen."""

    def __init__(self, world: World, clock: StillClock, servers: Servers, seconds: Seconds) -> None:
        """Wrap what was started."""
        self.world = world
        self.clock = clock
        self.servers = servers
        self.seconds = seconds
        self.account = credentials.read(world.home)
        self._open = ExitStack()

    @property
    def ca(self) -> str:
        """The CA's file."""
        return str(self.world.home / "ca.pem")

    def dial(
        self, host: str = "hv1", auth: Scheme = "ntlm", user: str | None = None, password: str | None = None
    ) -> Dialled:
        """Return a client of a host, with the lab's account unless another is given."""
        url = self.world.hosts[host].url
        transport = Transport(
            endpoint=url, username=user or self.account.username, password=password or self.account.password,
            ca_trust_path=self.ca, auth_method=auth, message_encryption="never", read_timeout_sec=30, proxy=None,
        )  # fmt: skip
        self._open.callback(transport.close_session)
        return Dialled(transport, url)

    def connect(self, host: str = "hv1") -> HTTPSConnection:
        """Return a bare connection to a host: one TCP connection, no authentication."""
        context = ssl.create_default_context(cafile=self.ca)
        connection = HTTPSConnection("127.0.0.1", self.world.hosts[host].port, context=context, timeout=30)
        self._open.callback(connection.close)
        return connection

    def vm(self, name: str) -> LabVm:
        """Return the machine of this name."""
        return next(vm for vm in self.world.vms() if vm.name == name)

    def pass_time(self, seconds: float) -> None:
        """Let the world's time pass in small steps."""
        for _ in range(round(seconds / 0.1)):
            self.clock.time += timedelta(seconds=0.1)
            vmms.advance(self.world)

    def log(self) -> str:
        """Return the lab's log."""
        file = self.world.home / "lab.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def close(self) -> None:
        """Close every client and stop the hosts."""
        self._open.close()
        self.servers.stop()


def basic(wire: Wire) -> str:
    """Return the Authorization header for basic with the lab's account."""
    return "Basic " + b64encode(f"{wire.account.username}:{wire.account.password}".encode()).decode()


def post(connection: HTTPSConnection, body: bytes = b"<x/>", **headers: str) -> tuple[HTTPResponse, bytes]:
    """POST on a bare connection and read the whole answer."""
    given = {"Content-Type": TYPE} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/wsman", body, given)
    answer = connection.getresponse()
    return answer, answer.read()


def envelope(message: Request, **options: Any) -> str:
    """Return a request's envelope as text, to be spoilt."""
    return encode_request(message, to="https://hv1/wsman", message_id=str(uuid.uuid4()), **options).decode()


def a_get() -> Get:
    """Return a Get that every host answers."""
    return Get(target=EndpointReference(resource_uri("Msvm_ComputerSystem"), keys("HV1")))


def keys(name: str, class_name: str = "Msvm_ComputerSystem") -> dict[str, str]:
    """Return the two keys of a computer system."""
    return {"CreationClassName": class_name, "Name": name}


def reference(class_name: str, **selectors: str) -> EndpointReference:
    """Return an EPR in root/virtualization/v2."""
    return EndpointReference(resource_uri(class_name), selectors)


def rows(items: list[Any]) -> list[Instance]:
    """Return items that must be whole instances."""
    assert all(isinstance(item, Instance) for item in items), items
    return items


def mixed() -> EstateSpec:
    r"""Return three hosts with one machine of each sort; hv3 stands in a cluster."""
    folder = "D:\\Hyper-V\\WEB01"
    return estate(
        machine("WEB01", disks=(DiskSpec(path=f"{folder}\\os.vhdx"), DiskSpec(path=f"{folder}\\data.vhdx"))),
        machine("OFF01", enabled_state=3),
        machine("SAVED01", enabled_state=6),
        machine("SNAP01", checkpoints=("before", "after")),
        machine("OLD01", generation=1),
        machine("TPM01", vtpm=True),
        machine("REPL01", replication_mode=1),
        machine("DVD01", disks=(
            DiskSpec(path="D:\\Hyper-V\\DVD01\\os.vhdx"),
            DiskSpec(path="D:\\ISO\\setup.iso", kind="iso"),
            DiskSpec(path="PHYSICALDRIVE1", kind="pass-through"),
            DiskSpec(path="D:\\Hyper-V\\DVD01\\shared.vhdx", shared=True, slot="scsi-1-0"),
        )),
        machine("SHARED01", folder=f"{SHARE}\\SHARED01"),
        machine("LONE01", switches=(None,), heartbeat=False),
    )  # fmt: skip


Maker = Callable[[EstateSpec], Wire]


@pytest.fixture
def make_wire(tmp_path: Path) -> Iterator[Maker]:
    """Return a maker of labs that listen."""
    made: list[Wire] = []

    def make(spec: EstateSpec) -> Wire:
        clock, seconds = StillClock(), Seconds()
        home = tmp_path / f"lab{len(made)}"
        world = build(spec, home, clock, ports={host.name: 0 for host in spec.hosts})
        credentials.ensure(home, world.settings.netbios)
        certificates.ensure(home, [(host.name, host.full_name) for host in world.hosts.values()])
        servers = serve(world, home, now=seconds)
        servers.start()
        made.append(Wire(world, clock, servers, seconds))
        return made[-1]

    yield make
    for wire in made:
        wire.close()


@pytest.fixture
def wire(make_wire: Maker) -> Wire:
    """A lab with one machine of each sort on hv1."""
    return make_wire(mixed())
