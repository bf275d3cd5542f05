"""Who is let in, and that NTLM belongs to a connection."""

from __future__ import annotations

from base64 import b64decode, b64encode
from http.client import HTTPSConnection
from typing import Any, cast

import pytest
import spnego
from spnego.channel_bindings import GssChannelBindings
from winrm.exceptions import InvalidCredentialsError
from winrm.transport import Transport

from hyperv_placement.wsman import GetResponse
from lab.home import certificates

from .conftest import Dialled, Scheme, Wire, a_get, basic, envelope, post

NAMES = ["LAB\\administrator", "lab\\ADMINISTRATOR", "administrator@lab.example", "Administrator@LAB.EXAMPLE"]


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize("user", NAMES)
def test_the_account_is_let_in_under_each_of_its_names(wire: Wire, auth: Scheme, user: str) -> None:
    """Domain name and user principal name, in any case, both ways."""
    assert isinstance(wire.dial(auth=auth, user=user).send(a_get()), GetResponse)


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
@pytest.mark.parametrize(
    ("user", "password"),
    [(None, "wrong"), ("LAB\\nobody", None), ("HV2\\administrator", None), ("OTHER\\administrator", None)],
)
def test_others_are_not(wire: Wire, auth: Scheme, user: str | None, password: str | None) -> None:
    """A wrong password, an unknown account, another host's local one, and one of a strange domain."""
    with pytest.raises(InvalidCredentialsError):
        wire.dial(auth=auth, user=user, password=password).send(a_get())


def shake_hands(
    wire: Wire, connection: HTTPSConnection, protocol: str, options: spnego.NegotiateOptions
) -> int:
    """Authenticate the connection by hand and return the last status."""
    client = spnego.client(
        wire.account.username, wire.account.password, hostname="hv1", service="http", protocol=protocol,
        options=options,
    )  # fmt: skip
    token, status = client.step(), 401
    for _ in range(4):
        sent = b64encode(token or b"").decode()
        answer, _ = post(connection, envelope(a_get()).encode(), Authorization=f"Negotiate {sent}")
        status = answer.status
        if status != 401:
            break
        offer = (answer.headers.get("WWW-Authenticate") or "").partition(" ")[2]
        token = client.step(b64decode(offer))
    return status


SCHEMES = [
    ("ntlm", spnego.NegotiateOptions.use_ntlm),
    ("negotiate", spnego.NegotiateOptions.use_negotiate),
]


@pytest.mark.parametrize(("protocol", "options"), SCHEMES)
def test_one_handshake_authenticates_the_connection(
    wire: Wire, protocol: str, options: spnego.NegotiateOptions
) -> None:
    """Raw NTLM and SPNEGO: further requests on the connection need nothing, another connection does."""
    connection = wire.connect()
    assert shake_hands(wire, connection, protocol, options) == 200
    for _ in range(3):
        assert post(connection, envelope(a_get()).encode())[0].status == 200
    assert post(wire.connect(), envelope(a_get()).encode())[0].status == 401


def test_basic_holds_for_one_request(wire: Wire) -> None:
    """Unlike NTLM, basic must come with each request."""
    connection = wire.connect()
    text = envelope(a_get()).encode()
    assert post(connection, text, Authorization=basic(wire))[0].status == 200
    assert post(connection, text)[0].status == 401


def test_a_request_in_between_breaks_the_handshake(wire: Wire) -> None:
    """Two requests in flight cannot share a connection: the answer to the challenge comes too late."""
    connection = wire.connect()
    client = spnego.client(
        wire.account.username,
        wire.account.password,
        protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm,
    )
    text = envelope(a_get()).encode()
    first = b64encode(client.step() or b"").decode()
    answer, _ = post(connection, text, Authorization=f"Negotiate {first}")
    challenge = (answer.headers.get("WWW-Authenticate") or "").partition(" ")[2]
    assert post(connection, text)[0].status == 401
    last = b64encode(client.step(b64decode(challenge)) or b"").decode()
    assert post(connection, text, Authorization=f"Negotiate {last}")[0].status == 401


@pytest.mark.parametrize(
    "header",
    ["Negotiate", "Negotiate !!!", "Negotiate QUJD", "Basic", "Basic QUJD", "Kerberos QUJD", "Digest x=y",
     "Negotiate TlRMTVNTUAABAAAA", "Negotiate YIIB"],
)  # fmt: skip
def test_rubbish_is_401(wire: Wire, header: str) -> None:
    """Whatever stands in the header, the answer is 401 and the connection lives on."""
    connection = wire.connect()
    assert post(connection, Authorization=header)[0].status == 401
    assert post(connection, envelope(a_get()).encode(), Authorization=basic(wire))[0].status == 200


def test_an_empty_body_only_authenticates(wire: Wire) -> None:
    """pywinrm's first request with message encryption has no body: 200, empty."""
    answer, body = post(wire.connect(), b"", Authorization=basic(wire), Content_Length="0")
    assert (answer.status, body) == (200, b"")


@pytest.mark.parametrize("auth", ["ntlm", "credssp"])
@pytest.mark.parametrize("size", [0, 40_000])
def test_pywinrms_own_encryption_is_understood(wire: Wire, auth: Any, size: int) -> None:
    """A small message and one that CredSSP splits; its framing is older than ours."""
    url = wire.world.hosts["hv1"].http_url
    transport = Transport(
        endpoint=url,
        username=wire.account.username,
        password=wire.account.password,
        auth_method=auth,
        ca_trust_path=wire.ca,
        proxy=None,
    )
    text = envelope(a_get()).replace("</s:Envelope>", " " * size + "</s:Envelope>")
    for _ in range(2):
        assert isinstance(Dialled(transport, url).post(text.encode()), GetResponse)
    transport.close_session()


@pytest.mark.parametrize(("end_point", "expected"), [(b"its own", 200), (b"another", 401), (b"", 200)])
def test_a_login_is_bound_to_its_channel_where_the_client_says_so(
    wire: Wire, end_point: bytes, expected: int
) -> None:
    """CbtHardeningLevel Relaxed: a login that was made for another TLS channel, by a relay between, is refused."""
    own = certificates.end_point(wire.world.home, "hv1")
    data = own if end_point == b"its own" else b"tls-server-end-point:" + end_point
    bindings = GssChannelBindings(application_data=data) if end_point else None
    client = spnego.client(
        wire.account.username, wire.account.password, hostname="hv1", service="http", protocol="ntlm",
        options=spnego.NegotiateOptions.use_ntlm, channel_bindings=bindings,
    )  # fmt: skip
    connection, token = wire.connect(), client.step()
    answer, _ = post(connection, b"", Authorization=f"Negotiate {b64encode(token or b'').decode()}")
    challenge = (answer.headers.get("WWW-Authenticate") or "").partition(" ")[2]
    last = b64encode(client.step(b64decode(challenge)) or b"").decode()
    assert post(connection, b"", Authorization=f"Negotiate {last}")[0].status == expected


def test_a_message_that_these_keys_do_not_open_is_refused(wire: Wire) -> None:
    """One byte is turned on the way: nothing is carried out, and the connection ends."""
    url = wire.world.hosts["hv1"].http_url
    transport = Transport(
        endpoint=url,
        username=wire.account.username,
        password=wire.account.password,
        auth_method="ntlm",
        ca_trust_path=wire.ca,
        proxy=None,
    )
    client = Dialled(transport, url)
    client.send(a_get())
    session, encryption = transport.session, transport.encryption
    assert session is not None
    assert encryption is not None
    request = encryption.prepare_encrypted_request(session, url, envelope(a_get()).encode())
    body = bytearray(cast("bytes", request.body))
    body[-40] ^= 1
    request.body = bytes(body)
    answer = session.send(request)
    assert (answer.status_code, answer.content) == (500, b"")
    assert wire.servers.counts()["hv1"] == {"Get": 1}
    transport.close_session()
