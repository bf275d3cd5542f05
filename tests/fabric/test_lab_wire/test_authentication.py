"""Who is let in, and that NTLM belongs to a connection."""

from __future__ import annotations

from base64 import b64decode, b64encode
from http.client import HTTPSConnection

import pytest
import spnego
from winrm.exceptions import InvalidCredentialsError

from providers.wsman import GetResponse

from .conftest import Scheme, Wire, a_get, basic, envelope, post

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
