"""How our client takes what goes wrong beneath the messages: each answer of HTTP, TLS and TCP has its error."""

from __future__ import annotations

import dataclasses
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hyperv_placement.errors import (
    AuthenticationError,
    CertificateError,
    HostUnreachableError,
    ProtocolError,
    WsmanFaultError,
)
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Connection, HostSpec
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.connection_errors import AnswerLostError
from hyperv_placement.winrm.faults import AbsentFaultError, BusyFaultError
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.winrm.transport import _translated, certificate
from hyperv_placement.wsman import (
    EndpointReference,
    Enumerate,
    EnumerateResponse,
    Fragment,
    GetResponse,
    Instance,
    InvokeResponse,
    Pull,
    PullResponse,
    Request,
    WsmanFault,
    catalogue,
    decode_request,
    resource_uri,
)
from lab.home import certificates
from tests.clocks import FastClock
from tests.fabric.scripted import Reply, Scripted, answer, drop, status

pytestmark = pytest.mark.lab
JOB = EndpointReference(resource_uri("Msvm_MigrationJob"), {"InstanceID": "X"})
RUNNING = answer(GetResponse(instance=Instance("Msvm_MigrationJob", {"InstanceID": "X", "JobState": 4})))
DONE = answer(InvokeResponse(resource_uri=JOB.resource_uri, method="Do", outputs={"ReturnValue": 0}))
Dial = Callable[..., tuple[Client, Scripted]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a CA, a certificate of hv1, and credentials."""
    certificates.ensure(tmp_path, [("hv1", "hv1.lab.example")])
    path = tmp_path / "credentials.yaml"
    path.write_text("username: 'LAB\\a'\npassword: s3cret\n", encoding="utf-8")
    path.chmod(0o600)
    return tmp_path


@pytest.fixture
def dial(home: Path) -> Iterator[Dial]:
    """Return a maker of a host with a script, and of a client that dials it."""
    with ExitStack() as open_:

        def make(*replies: Reply) -> tuple[Client, Scripted]:
            host = open_.enter_context(Scripted(home, replies))
            client = Client(spec(home, host.url), Logins(), FastClock())
            open_.callback(client.close)
            return client, host

        yield make


def spec(home: Path, url: str) -> HostSpec:
    """Return how the scripted host is reached."""
    connection = Connection(auth="basic", credentials=home / "credentials.yaml", ca=home / "ca.pem")
    return HostSpec(name=HostName("hv1"), endpoint=url, connection=connection)


def do(client: Client) -> InvokeResponse:
    """Call a method that changes something."""
    return client.invoke(JOB, "Do", {})


def test_a_read_is_repeated_after_a_cut_connection(dial: Dial) -> None:
    """Reading changes nothing: three times where the host has never answered, five times of one that has."""
    client, host = dial(*4 * [drop], drop, RUNNING, *5 * [drop], RUNNING, *6 * [drop])
    with pytest.raises(AnswerLostError):
        client.get(JOB)
    assert host.requests == 4
    assert client.get(JOB).number("JobState") == 4
    assert client.get(JOB).number("JobState") == 4
    with pytest.raises(AnswerLostError):
        client.get(JOB)
    assert host.requests == 18


def test_a_call_that_changes_something_is_never_repeated(dial: Dial) -> None:
    """It may have been carried out: the caller must look."""
    client, host = dial(RUNNING, drop, DONE)
    with pytest.raises(AnswerLostError, match="hv1 dropped the connection"):
        do(client)
    assert host.requests == 2


def test_an_order_is_sent_on_a_connection_that_has_answered(dial: Dial) -> None:
    """A read before it finds what is wrong with connection, login or service; it is repeated, the order is not sent."""
    client, host = dial(drop, RUNNING, DONE, status(503), drop, drop, status(503))
    assert do(client).return_value == 0
    with pytest.raises(HostUnreachableError, match="nothing was ordered") as caught:
        do(client)
    assert not isinstance(caught.value, AnswerLostError)
    assert [decode_request(body).header.action.rpartition("/")[2] for body in host.bodies] == [
        "Get", "Get", "Do", "Get", "Get", "Get", "Get",
    ]  # fmt: skip


@pytest.mark.parametrize("reply", [status(401), status(503)])
def test_what_is_not_the_services_own_answer_says_nothing_of_an_order(dial: Dial, reply: Reply) -> None:
    """It may have been carried out: no second one is sent."""
    client, host = dial(RUNNING, reply, DONE)
    with pytest.raises(AnswerLostError, match="in answer to an order"):
        do(client)
    assert host.requests == 2


def test_an_enumeration_that_is_cut_begins_anew(dial: Dial) -> None:
    """A page's context is good for one page, so half an enumeration is worth nothing."""
    begun = answer(EnumerateResponse(context="uuid:1", items=(Fragment({"Name": "a"}),)))
    rest = answer(PullResponse(items=(Fragment({"Name": "b"}),), end=True))
    client, host = dial(begun, drop, begun, rest)
    rows = client.query("Msvm_ComputerSystem", "Name")
    assert [row.text("Name") for row in rows] == ["a", "b"]
    assert host.requests == 4


def test_a_host_that_refuses_the_projection_is_asked_for_more_and_remembered(dial: Dial) -> None:
    """An older build may lack a property, another all of WQL; the rows are chosen here then."""
    refused = answer(catalogue.cannot_process_filter("HV1", "Invalid query"), 500)
    rows = tuple(Instance("Msvm_ComputerSystem", {"Name": name, "ElementName": "x"}) for name in ("a", "b"))
    begun = answer(EnumerateResponse(context="uuid:1"))
    rest = answer(PullResponse(items=rows, end=True))
    client, host = dial(refused, refused, begun, rest, begun, rest)
    for _ in range(2):
        found = client.query("Msvm_ComputerSystem", "Name", where={"Name": "B"})
        assert [row.text("Name") for row in found] == ["b"]
    assert host.requests == 6


def test_a_host_that_refuses_to_optimise_is_read_one_by_one(dial: Dial) -> None:
    """A plain Enumerate, then Pulls without MaxElements; that is remembered."""
    asked: list[Request] = []

    def heard(reply: Reply) -> Reply:
        def hear(handler: BaseHTTPRequestHandler, body: bytes) -> None:
            asked.append(decode_request(body))
            reply(handler, body)

        return hear

    refused = answer(catalogue.unsupported_feature("HV1", "OptimizedEnumeration"), 500)
    one = answer(PullResponse(context="uuid:2", items=(Fragment({"Name": "a"}),)))
    last = answer(PullResponse(items=(Fragment({"Name": "b"}),), end=True))
    begun = answer(EnumerateResponse(context="uuid:1"))
    client, _ = dial(*map(heard, (refused, begun, one, last, begun, last)))
    assert [row.text("Name") for row in client.query("Msvm_ComputerSystem", "Name")] == ["a", "b"]
    assert [row.text("Name") for row in client.query("Msvm_ComputerSystem", "Name")] == ["b"]
    enumerates = [request for request in asked if isinstance(request, Enumerate)]
    assert [request.optimize for request in enumerates] == [True, False, False]
    pulls = [request for request in asked if isinstance(request, Pull)]
    assert [request.max_elements for request in pulls] == [None] * 3


def test_an_envelope_that_is_too_large_for_a_host_is_asked_smaller(dial: Dial) -> None:
    """512000 bytes at first, 153600 from then on (MS-WSMV 2.2.4.10)."""
    sizes: list[int | None] = []

    def heard(reply: Reply) -> Reply:
        def hear(handler: BaseHTTPRequestHandler, body: bytes) -> None:
            sizes.append(decode_request(body).header.max_envelope_size)
            reply(handler, body)

        return hear

    limit = answer(catalogue.encoding_limit("HV1"), 500)
    client, _ = dial(*map(heard, (limit, RUNNING, RUNNING)))
    for _ in range(2):
        assert client.get(JOB).number("JobState") == 4
    assert sizes == [512000, 153600, 153600]


def test_a_busy_host_is_asked_again_for_what_changes_nothing(dial: Dial) -> None:
    """Quotas and HTTP 503 pass by themselves; a change is left to the caller."""
    busy = dataclasses.replace(
        catalogue.access_denied("HV1"), subcode="QuotaLimit", detail=WsmanFault(code=2150859174)
    )
    client, host = dial(answer(busy, 500), status(503), RUNNING, RUNNING, answer(busy, 500))
    assert client.get(JOB).text("InstanceID") == "X"
    with pytest.raises(BusyFaultError) as caught:
        do(client)
    assert caught.value.retryable
    assert host.requests == 5


def test_a_fault_is_an_answer_whose_text_does_not_matter(dial: Dial) -> None:
    """HTTP 500 carries it; codes decide, since texts are localised."""
    client, _ = dial(
        answer(catalogue.destination_unreachable("HV1"), 500),
        RUNNING,
        answer(catalogue.schema_validation_error("HV1"), 500),
    )
    with pytest.raises(AbsentFaultError):
        client.get(JOB)
    with pytest.raises(WsmanFaultError) as caught:
        do(client)
    assert (caught.value.code, caught.value.subcode) == (2150858817, "SchemaValidationError")


@pytest.mark.parametrize(
    ("reply", "error", "said"),
    [
        (status(401), AnswerLostError, r"refused the credential of LAB.a"),
        (status(413), ProtocolError, "too large"),
        (status(404, b"<html>"), ProtocolError, "HTTP 404 without a SOAP body"),
        (status(500), ProtocolError, "HTTP 500 without a SOAP body"),
        (status(200, b"<html>"), ProtocolError, "hv1: "),
        (status(200, b""), ProtocolError, "hv1: "),
        (
            status(307, Location="https://elsewhere.example/"),
            ProtocolError,
            "hv1 answered HTTP 307, a redirect",
        ),
    ],
)
def test_each_status_has_its_error(dial: Dial, reply: Reply, error: type[Exception], said: str) -> None:
    """One line each; the password is in none, and nothing is sent a second time or elsewhere."""
    client, host = dial(RUNNING, reply, DONE)
    with pytest.raises(error, match=said) as caught:
        do(client)
    assert "s3cret" not in f"{caught.value!r} {caught.value}"
    assert "\n" not in str(caught.value)
    assert host.requests == 2


def test_an_answer_to_another_question_is_no_answer(dial: Dial) -> None:
    """RelatesTo must name the request that was asked."""

    def stray(handler: object, body: bytes) -> None:
        head, _, tail = body.partition(b"uuid:")
        RUNNING(handler, head + b"uuid:" + b"0" * 36 + tail[36:])  # type: ignore[arg-type]

    client, _ = dial(stray)
    with pytest.raises(ProtocolError, match="another request"):
        client.get(JOB)


def test_nobody_at_the_port_is_unreachable(home: Path) -> None:
    """Nothing was sent, so nothing can have happened."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = Client(spec(home, f"https://127.0.0.1:{free.getsockname()[1]}/wsman"), Logins(), FastClock())
        with pytest.raises(HostUnreachableError, match=r"hv1 is unreachable.*refused") as caught:
            do(client)
    assert not isinstance(caught.value, AnswerLostError)


def test_a_certificate_of_a_stranger_is_refused(
    dial: Dial, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another CA is named: no request is sent."""
    _, host = dial(DONE)
    other = tmp_path_factory.mktemp("other")
    certificates.ensure(other, [("hv1", "hv1.lab.example")])
    strange = spec(home, host.url)
    strange = dataclasses.replace(
        strange, connection=dataclasses.replace(strange.connection, ca=other / "ca.pem")
    )
    client = Client(strange, Logins(), FastClock())
    with pytest.raises(CertificateError, match=r"certificate of hv1 is not trusted.*connection\.ca"):
        do(client)
    assert host.requests == 0


def expired(home: Path) -> datetime:
    """Have hv1 show a certificate of the lab's authority that has expired; return when."""
    path = certificates.certificate_file(home, "hv1")
    old = x509.load_pem_x509_certificate(path.read_bytes())
    own = serialization.load_pem_private_key(path.read_bytes(), None)
    authority = serialization.load_pem_private_key((path.parent / "ca.key").read_bytes(), None)
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    assert isinstance(authority, ec.EllipticCurvePrivateKey)
    end = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    made = x509.CertificateBuilder(
        issuer_name=old.issuer, subject_name=old.subject, public_key=own.public_key(), serial_number=7,
        not_valid_before=end - timedelta(days=9), not_valid_after=end, extensions=list(old.extensions),
    ).sign(authority, hashes.SHA256())  # fmt: skip
    key = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(key + made.public_bytes(serialization.Encoding.PEM))
    return end


def test_an_expired_certificate_says_since_when_and_how_the_listener_gets_another(
    dial: Dial, home: Path
) -> None:
    """It is believed no more than any other: no request is sent."""
    end = expired(home)
    client, host = dial(DONE)
    with pytest.raises(CertificateError) as caught:
        do(client)
    assert host.requests == 0
    assert (
        caught.value.message
        == f"The certificate of hv1 has expired: it was good until {end:%Y-%m-%d %H:%M} UTC"
    )
    assert "CertificateThumbprint" in caught.value.remedy


def test_a_host_that_says_nothing_is_told_with_the_time_that_it_took(home: Path) -> None:
    """TLS gives up sooner than an answer is waited for, and drips of an answer take longer."""
    reported = _translated(spec(home, "https://127.0.0.1:1/wsman"), requests.ReadTimeout(), 14.3)
    assert str(reported).startswith("hv1 did not answer within 14 s")
    knocked = _translated(spec(home, "https://127.0.0.1:1/wsman"), TimeoutError(110, "timed out"), 3.0)
    assert "no connection within 3 s" in str(knocked)


def test_the_other_scheme_than_the_address_has_is_said(home: Path) -> None:
    """A listener of TLS cuts plain requests, and one without answers what is no TLS: the remedy names the address."""
    reset = requests.ConnectionError(ConnectionResetError(104, "Connection reset by peer"))
    plain = _translated(spec(home, "http://127.0.0.1:1/wsman"), reset, 0.1)
    assert "connection reset by peer" in plain.message
    assert "write https://" in plain.remedy
    other = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")
    other.reason = "WRONG_VERSION_NUMBER"
    secure = _translated(spec(home, "https://127.0.0.1:1/wsman"), requests.exceptions.SSLError(other), 0.1)
    assert secure.message == "hv1 dropped the connection: what came is not TLS"
    assert "write http://" in secure.remedy
    assert "http" not in _translated(spec(home, "https://127.0.0.1:1/wsman"), reset, 0.1).remedy


def test_a_host_that_never_shows_its_certificate_is_said_with_the_seconds(home: Path) -> None:
    """It accepts the connection and keeps silent: that is no connection that was dropped."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(HostUnreachableError, match=r"hv1 did not show its certificate within [01] s"):
            certificate(spec(home, f"https://127.0.0.1:{port}/wsman"), seconds=0.3)


@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_a_bad_ca_file_is_named(dial: Dial, home: Path, content: str | None) -> None:
    """A missing file and one without a certificate are one clear line."""
    _, host = dial(DONE)
    path = home / "other.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    wrong = spec(home, host.url)
    wrong = dataclasses.replace(wrong, connection=dataclasses.replace(wrong.connection, ca=path))
    with pytest.raises(CertificateError, match=r"other\.pem"):
        do(Client(wrong, Logins(), FastClock()))


def test_the_environments_proxy_is_not_used(dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts are dialled directly, whatever the shell says."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    client, _ = dial(RUNNING, DONE)
    assert do(client).return_value == 0


def test_a_proxy_that_is_configured_is_used(dial: Dial, home: Path) -> None:
    """And where it is dead, the error names it."""
    _, host = dial(DONE)
    proxied = spec(home, host.url)
    connection = dataclasses.replace(proxied.connection, proxy="http://127.0.0.1:9")
    client = Client(dataclasses.replace(proxied, connection=connection), Logins(), FastClock())
    with pytest.raises(HostUnreachableError, match=r"127\.0\.0\.1:9"):
        do(client)
    assert host.requests == 0


def test_basic_over_plain_http_is_refused(home: Path) -> None:
    """It would show the password to everybody on the way."""
    client = Client(spec(home, "http://127.0.0.1:9/wsman"), Logins(), FastClock())
    with pytest.raises(AuthenticationError, match="plain HTTP"):
        do(client)
