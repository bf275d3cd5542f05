"""What HTTP and TLS refuse before any envelope is read."""

from __future__ import annotations

import socket
import ssl
import stat

import pytest
from cryptography import x509

from lab.home import certificates
from lab.server import serve

from .conftest import Wire, a_get, basic, envelope, post


@pytest.mark.parametrize("path", ["/", "/wsman/", "/WSMAN/test"])
def test_only_wsman_is_there(wire: Wire, path: str) -> None:
    """Anything but /wsman is 404."""
    connection = wire.connect()
    connection.request("POST", path, b"<x/>", {"Content-Type": "application/soap+xml"})
    assert connection.getresponse().status == 404


@pytest.mark.parametrize(
    "path", ["/WSMan", "/wsman?PSVersion=5.1", "http://hv1:5985/wsman", "HTTPS://hv1/WSMAN"]
)
def test_wsman_in_other_spellings(wire: Wire, path: str) -> None:
    """In any case, with a query, and as a whole URL."""
    connection = wire.connect()
    connection.request("POST", path, b"", {"Content-Type": "application/soap+xml"})
    assert connection.getresponse().status == 401


def test_other_methods_are_not_allowed(wire: Wire) -> None:
    """Only POST is served."""
    connection = wire.connect()
    connection.request("GET", "/wsman")
    assert connection.getresponse().status == 405


@pytest.mark.parametrize("kind", ["text/xml", "application/soap+xml;charset=iso-8859-1", "application/json"])
def test_other_content_types_are_refused(wire: Wire, kind: str) -> None:
    """A body that is no SOAP 1.2 in UTF-8 or UTF-16 is 415."""
    answer, body = post(wire.connect(), Content_Type=kind, Authorization=basic(wire))
    assert (answer.status, body) == (415, b"")


def test_no_credentials_is_401_with_the_offers_and_no_body(wire: Wire) -> None:
    """401 names the schemes, a header each, and carries no SOAP; the connection stays open."""
    connection = wire.connect()
    for _ in range(2):
        answer, body = post(connection)
        assert (answer.status, body) == (401, b"")
        assert answer.headers.get_all("WWW-Authenticate") == ["Negotiate", 'Basic realm="WSMAN"', "CredSSP"]
    assert post(connection, envelope(a_get()).encode(), Authorization=basic(wire))[0].status == 200


def test_a_request_over_the_limit_is_413_without_soap(wire: Wire) -> None:
    """More than MaxEnvelopeSizekb is refused before it is read."""
    answer, body = post(wire.connect(), b" " * 512001, Authorization=basic(wire))
    assert (answer.status, body) == (413, b"")


def test_chunked_bodies_are_read(wire: Wire) -> None:
    """A body without length, in chunks, is as good as one with."""
    text = envelope(a_get()).encode()
    connection = wire.connect()
    headers = {"Content-Type": "application/soap+xml;charset=UTF-8", "Authorization": basic(wire)}
    connection.request("POST", "/wsman", iter([text[:100], text[100:]]), headers, encode_chunked=True)
    assert connection.getresponse().status == 200


def test_a_body_without_length_is_411(wire: Wire) -> None:
    """Neither a length nor chunks: the host cannot know where the body ends."""
    connection = wire.connect()
    connection.putrequest("POST", "/wsman")
    connection.putheader("Content-Type", "application/soap+xml")
    connection.endheaders()
    assert connection.getresponse().status == 411


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Content-Length", "\xb2"),
        ("Content-Length", "9" * 5000),
        ("Content-Length", "-1"),
        ("Host", "hv1\x01"),
    ],
)
def test_headers_that_say_nothing_are_400(wire: Wire, name: str, value: str) -> None:
    """And are answered, not cut off."""
    given = {"Host": "hv1", "Content-Length": "0", name: value}
    sent = "".join(f"{key}: {text}\r\n" for key, text in given.items())
    connection = wire.connect()
    connection.connect()
    connection.sock.sendall(f"POST /wsman HTTP/1.1\r\n{sent}\r\n".encode("latin-1"))
    assert connection.sock.recv(64).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("line", "status"),
    [("POST /wsman", 400), ("GET", 400), ("POST /wsman HTTP/9.9", 505), ("POST /wsman HTTP/x", 400)],
)
def test_a_request_line_that_is_none_is_answered(wire: Wire, line: str, status: int) -> None:
    """With a status line, whatever version of HTTP it names."""
    connection = wire.connect()
    connection.connect()
    connection.sock.sendall(f"{line}\r\n\r\n".encode())
    assert connection.sock.recv(64).startswith(f"HTTP/1.1 {status}".encode())


@pytest.mark.parametrize("scheme", ["Negotiate", "Basic", "CredSSP"])
def test_a_login_that_is_no_base64_is_401(wire: Wire, scheme: str) -> None:
    """Not even ASCII."""
    answer, _ = post(wire.connect(), b"", Authorization=f"{scheme} \xe9")
    assert answer.status == 401


def test_plain_text_is_not_answered(wire: Wire) -> None:
    """The port speaks TLS and nothing else."""
    with socket.create_connection(("127.0.0.1", wire.world.hosts["hv1"].port), timeout=10) as plain:
        plain.sendall(b"POST /wsman HTTP/1.1\r\nHost: hv1\r\nContent-Length: 0\r\n\r\n")
        try:
            answer = plain.recv(64)
        except ConnectionResetError:
            answer = b""
    assert not answer.startswith(b"HTTP")


@pytest.mark.parametrize("name", ["hv1", "hv1.lab.example", "localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_each_name(wire: Wire, name: str) -> None:
    """Each name of a host stands in its certificate, which the lab's CA has signed."""
    context = ssl.create_default_context(cafile=wire.ca)
    address = ("127.0.0.1", wire.world.hosts["hv1"].port)
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        assert secure.version() in {"TLSv1.2", "TLSv1.3"}


def test_certificates_are_kept_and_private(wire: Wire) -> None:
    """A second start uses the same CA and keys; keys can be read by their owner alone."""
    home = wire.world.home
    file = certificates.certificate_file(home, "hv1")
    before = (home / "ca.pem").read_bytes(), file.read_bytes()
    certificates.ensure(home, [("hv1", "hv1.lab.example")])
    assert ((home / "ca.pem").read_bytes(), file.read_bytes()) == before
    for path in (file, file.parent / "ca.key", home / "ntlm-accounts"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_host_with_another_name_gets_another_certificate(wire: Wire) -> None:
    """A certificate that does not name its host is made anew."""
    home = wire.world.home
    certificates.ensure(home, [("hv1", "hv1.other.example")])
    made = x509.load_pem_x509_certificate(certificates.certificate_file(home, "hv1").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "hv1.other.example" in names.get_values_for_type(x509.DNSName)


def test_a_taken_port_is_an_error_and_nothing_listens(wire: Wire) -> None:
    """When one host's port is in use, none of the hosts comes up."""
    world = wire.world
    free = world.hosts["hv2"].port
    wire.servers.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", world.hosts["hv3"].port))
        taken.listen()
        again = serve(world, world.home)
        with pytest.raises(OSError, match="in use"):
            again.start()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free), timeout=10)
