"""Faults of the lab as clients meet them: hosts down, slow answers, ordered faults, cut connections."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError

from hyperv_placement.errors import ProtocolError
from hyperv_placement.wsman import (
    Enumerate,
    GetResponse,
    Instance,
    Invoke,
    WsmanFault,
    catalogue,
    encode_request,
    resource_uri,
)
from lab.world.faults import Fault as Rule

from .conftest import Dialled, Wire, a_get, basic, envelope, post
from .test_migration import METHOD, SERVICE, order

REFUSED = (InvalidCredentialsError, PermissionError)
"""What pywinrm and requests_ntlm raise at a 401 that offers no more."""


def rule(wire: Wire, kind: str, **more: object) -> None:
    """Add a rule to the lab."""
    wire.world.faults.add(Rule(id=0, kind=kind, host="hv1", **more))  # type: ignore[arg-type]


def test_a_host_that_is_down_answers_nobody(wire: Wire) -> None:
    """Neither on an open connection nor on a new one; other hosts go on, and it comes back."""
    client = wire.dial()
    assert isinstance(client.send(a_get()), GetResponse)
    rule(wire, "host-down")
    with pytest.raises(requests.ConnectionError):
        client.send(a_get())
    with pytest.raises(requests.ConnectionError):
        wire.dial().send(a_get())
    assert len(wire.dial("hv2").select("SELECT * FROM Msvm_ComputerSystem")) == 1
    wire.world.faults.clear()
    assert isinstance(client.send(a_get()), GetResponse)


@pytest.mark.parametrize(
    ("code", "subcode"),
    [
        (None, "InternalError"),
        (catalogue.TIMED_OUT, "TimedOut"),
        (catalogue.ACCESS_DENIED, "AccessDenied"),
        (catalogue.INVALID_ENUMERATION_CONTEXT, "InvalidEnumerationContext"),
        (0x80041001 - (1 << 32), "InternalError"),
    ],
)
def test_an_ordered_fault_comes_once(wire: Wire, code: int | None, subcode: str) -> None:
    """The fault that was asked for, for the operation that was named, as often as said."""
    rule(wire, "wsman-fault", operation="Get", code=code, left=1)
    client = wire.dial()
    assert client.select("SELECT * FROM Msvm_ComputerSystem")
    fault = client.fault(a_get())
    assert fault.subcode == subcode
    assert fault.wsman_code == (code % (1 << 32) if code is not None else catalogue.MAX_OPERATIONS)
    assert isinstance(client.send(a_get()), GetResponse)


def test_a_dropped_answer_leaves_the_job(wire: Wire) -> None:
    """The migration is accepted, the connection cut: the client sees no answer, the host moves on."""
    rule(wire, "drop-answer", left=1)
    client, arguments = wire.dial(), order(wire, "WEB01")
    with pytest.raises(requests.ConnectionError):
        client.call(SERVICE, METHOD, **arguments)
    assert [job.vm_name for job in wire.world.jobs("hv1")] == ["WEB01"]


@pytest.mark.parametrize(("code", "status"), [(None, 503), (401, 401), (500, 500)])
def test_an_order_may_be_taken_and_answered_badly(wire: Wire, code: int | None, status: int) -> None:
    """The host moves on all the same."""
    rule(wire, "bad-answer", left=1, code=code)
    client, arguments = wire.dial(), order(wire, "WEB01")
    with pytest.raises((WinRMTransportError, InvalidCredentialsError)) as caught:
        client.transport.send_message(asked(client, arguments))
    assert getattr(caught.value, "code", 401) == status
    assert [job.vm_name for job in wire.world.jobs("hv1")] == ["WEB01"]


def asked(client: Dialled, arguments: dict[str, Any]) -> bytes:
    """Return the envelope of an order."""
    message = Invoke(target=SERVICE, method=METHOD, arguments=arguments)
    return encode_request(message, to=client.url, message_id=str(uuid.uuid4()))


def test_an_answer_may_be_broken(wire: Wire) -> None:
    """Half an envelope, with HTTP 200."""
    rule(wire, "bad-answer", left=1, text="broken")
    with pytest.raises(ProtocolError):
        wire.dial().call(SERVICE, METHOD, **order(wire, "WEB01"))
    assert [job.vm_name for job in wire.world.jobs("hv1")] == ["WEB01"]


def test_a_host_may_refuse_every_login(wire: Wire) -> None:
    """Those who are logged on are forgotten; when the rule goes they are taken again."""
    known, basic_ = wire.dial(), wire.dial(auth="basic")
    assert isinstance(known.send(a_get()), GetResponse)
    rule(wire, "login-refused")
    for client in (known, basic_, wire.dial()):
        with pytest.raises(REFUSED):
            client.send(a_get())
    assert wire.dial("hv2").select("SELECT * FROM Msvm_ComputerSystem")
    wire.world.faults.clear()
    assert isinstance(wire.dial().send(a_get()), GetResponse)


def test_a_password_may_change(wire: Wire) -> None:
    """The old one is refused, on connections that are logged on as well; the new one is taken."""
    known = wire.dial()
    assert isinstance(known.send(a_get()), GetResponse)
    rule(wire, "password-changed", text="n3w-Passw0rd")
    for auth in ("ntlm", "basic"):
        with pytest.raises(REFUSED):
            wire.dial(auth=auth).send(a_get())
        assert isinstance(wire.dial(auth=auth, password="n3w-Passw0rd").send(a_get()), GetResponse)
    with pytest.raises(REFUSED):
        known.send(a_get())


def test_a_certificate_may_change(wire: Wire) -> None:
    """Open connections end, new ones meet a certificate that their authority has not issued."""
    known = wire.dial()
    assert isinstance(known.send(a_get()), GetResponse)
    rule(wire, "certificate-changed")
    with pytest.raises(requests.ConnectionError):
        known.send(a_get())
    with pytest.raises(requests.exceptions.SSLError, match="certificate verify failed"):
        wire.dial().send(a_get())
    wire.world.faults.clear()
    assert isinstance(wire.dial().send(a_get()), GetResponse)


def test_a_right_may_be_lost(wire: Wire) -> None:
    """Access denied, for one operation or for all."""
    rule(wire, "right-lost", operation="Get")
    client = wire.dial()
    assert client.fault(a_get()).subcode == "AccessDenied"
    assert client.select("SELECT * FROM Msvm_ComputerSystem")
    rule(wire, "right-lost")
    assert client.fault(Enumerate(resource_uri=resource_uri("Msvm_ComputerSystem"))).subcode == "AccessDenied"


def test_stopping_does_not_wait_for_slow_answers(wire: Wire) -> None:
    """A host that would answer in an hour goes down at once, and its client sees the connection end."""
    rule(wire, "slow", seconds=3600.0)
    client, ended = wire.dial(auth="basic"), threading.Event()

    def ask() -> None:
        try:
            client.send(a_get())
        except requests.RequestException:
            ended.set()

    thread = threading.Thread(target=ask)
    thread.start()
    _until(lambda: any(t.name == "wsman" for t in threading.enumerate()))
    wire.servers.stop()
    thread.join(30)
    assert ended.is_set()


def test_after_stop_nothing_listens(wire: Wire) -> None:
    """Every port is free again and no thread of a connection is left."""
    wire.dial().send(a_get())
    port = wire.world.hosts["hv1"].port
    wire.servers.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
    assert not [thread for thread in threading.enumerate() if thread.name in {"wsman", "accept"}]
    assert '"event": "served"' in wire.log()


def test_many_connections_are_cheap(wire: Wire) -> None:
    """A hundred clients connected at once are all served."""
    clients = [wire.dial(auth="basic") for _ in range(100)]
    assert all(isinstance(client.send(a_get()), GetResponse) for client in clients)
    assert sum(thread.name == "wsman" for thread in threading.enumerate()) == 100


def _until(condition: Callable[[], bool]) -> None:
    """Wait, at most half a minute, until something is so."""
    pause = threading.Event()
    for _ in range(3000):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it never came to pass")


def test_an_unknown_class_is_told_as_wmi_tells_it(wire: Wire) -> None:
    """As recorded: the filter's code outside and within, from the host's own name, with the query; the words alone say what is wrong."""
    query = "SELECT * FROM Msvm_Nothing"
    fault = wire.dial().fault(Enumerate(resource_uri=resource_uri("*"), query=query))
    assert (fault.subcode, fault.wsman_code, fault.machine) == (
        "CannotProcessFilter", catalogue.CANNOT_PROCESS_FILTER, "127.0.0.1",
    )  # fmt: skip
    assert isinstance(fault.detail, WsmanFault)
    provider = fault.detail.provider
    assert provider is not None
    assert provider.inner is not None
    assert provider.extended is not None
    assert (provider.inner.code, provider.inner.machine) == (catalogue.CANNOT_PROCESS_FILTER, "HV1")
    assert provider.extended.properties == {
        "Description": None, "Operation": "ExecQuery", "ParameterInfo": query, "ProviderName": "WinMgmt", "StatusCode": None,
    }  # fmt: skip


def test_an_error_of_cim_in_place_of_a_fault(wire: Wire) -> None:
    """Too many shells come as MSFT_WmiError: no WSManFault, the code in error_Code and MessageID."""
    rule(wire, "wsman-fault", operation="Get", code=2150859173, left=1)
    fault = wire.dial().fault(a_get())
    assert (fault.subcode, fault.wsman_code) == ("QuotaLimit", 2150859173)
    assert isinstance(fault.detail, Instance)
    assert fault.detail["MessageID"] == "HRESULT 0x803381a5"


def test_one_connection_too_many_is_503(wire: Wire) -> None:
    """MaxConnections counts those that are open; when one ends the next is served."""
    wire.world.hosts["hv1"].winrm.connections = 1
    first, second = wire.connect(), wire.connect()
    text = envelope(a_get()).encode()
    assert post(first, text, Authorization=basic(wire))[0].status == 200
    assert post(second, text, Authorization=basic(wire))[0].status == 503
    first.close()
    end, pause = time.monotonic() + 10, threading.Event()
    while (status := post(wire.connect(), text, Authorization=basic(wire))[0].status) == 503:
        assert time.monotonic() < end
        pause.wait(0.05)
    assert status == 200
