"""pypsrp, a client that others wrote, logs on at the lab by each scheme that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.wsman import SelectorSet, WSMan
from requests_credssp.exceptions import NTStatusException

from hyperv_placement.wsman import resource_uri
from lab.estate.building import build
from lab.home import certificates, credentials, ports
from lab.server import serve
from lab.world import World
from tests.unit.lab.conftest import StillClock, estate, machine

pytestmark = pytest.mark.lab
Scheme = Literal["https", "http"]
Dial = Callable[..., WSMan]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A lab of three hosts that listen."""
    spec = estate(machine("WEB01"))
    built = build(
        spec, tmp_path, StillClock(), ports=ports.assign([host.name for host in spec.hosts], "auto")
    )
    credentials.ensure(tmp_path, built.settings.netbios)
    certificates.ensure(tmp_path, [(host.name, host.full_name) for host in built.hosts.values()])
    servers = serve(built, tmp_path)
    servers.start()
    yield built
    servers.stop()


@pytest.fixture
def dial(world: World) -> Iterator[Dial]:
    """Return a maker of pypsrp's clients of hv1."""
    account = credentials.read(world.home)
    with ExitStack() as open_:

        def make(auth: str, scheme: Scheme, password: str = account.password, **more: Any) -> WSMan:
            host = world.hosts["hv1"]
            ca: Any = str(world.home / "ca.pem")  # annotated as a bool there, and documented as a path
            parts = urlsplit(host.url if scheme == "https" else host.http_url)
            return open_.enter_context(
                WSMan(
                    "127.0.0.1", port=parts.port, ssl=scheme == "https", auth=auth, username=account.username,
                    password=password, cert_validation=ca, no_proxy=True,
                    certificate_pem=str(world.home / "client.pem"),
                    certificate_key_pem=str(world.home / "client.key"), **more,
                )
            )  # fmt: skip

        yield make


def name_of(client: WSMan) -> str | None:
    """Get the host's own row and return its name."""
    selectors = SelectorSet()
    for name, value in (("CreationClassName", "Msvm_ComputerSystem"), ("Name", "HV1")):
        selectors.add_option(name, value)
    uri = resource_uri("Msvm_ComputerSystem")
    answer: ET.Element = client.get(uri, selector_set=selectors)
    return answer.findtext(f".//{{{uri}}}ElementName")


@pytest.mark.parametrize("encryption", ["auto", "always"])
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("auth", ["negotiate", "ntlm", "credssp"])
def test_schemes_that_encrypt(dial: Dial, auth: str, scheme: Scheme, encryption: str) -> None:
    """With TLS, with encrypted messages, and with both; twice on one connection."""
    client = dial(auth, scheme, encryption=encryption)
    assert name_of(client) == name_of(client) == "HV1"


@pytest.mark.parametrize("auth", ["basic", "certificate"])
def test_schemes_that_need_tls(dial: Dial, auth: str) -> None:
    """They prove who we are with each request."""
    client = dial(auth, "https")
    assert name_of(client) == name_of(client) == "HV1"


@pytest.mark.parametrize(("auth", "scheme"), [
    ("negotiate", "https"), ("negotiate", "http"), ("ntlm", "http"), ("basic", "https"),
])  # fmt: skip
def test_a_wrong_password_is_refused(dial: Dial, auth: str, scheme: Scheme) -> None:
    """And pypsrp takes the answer for what it is."""
    with pytest.raises(AuthenticationError):
        name_of(dial(auth, scheme, password="wrong"))


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_wrong_password_is_refused_by_credssp(dial: Dial, scheme: Scheme) -> None:
    """The host says why within CredSSP: SEC_E_LOGON_DENIED."""
    with pytest.raises(NTStatusException, match="0x8009030c"):
        name_of(dial("credssp", scheme, password="wrong"))


def test_a_certificate_without_an_account_is_refused(dial: Dial, world: World) -> None:
    """Its issuer is trusted, but no account is mapped to its name."""
    files = world.home / "stranger.pem", world.home / "stranger.key"
    certificates.issue_client(world.home, *files, "stranger@localhost")
    client = dial("certificate", "https")
    client.transport.certificate_pem, client.transport.certificate_key_pem = map(str, files)
    with pytest.raises(AuthenticationError):
        name_of(client)


def test_plain_messages_over_http_are_refused(dial: Dial) -> None:
    """As with AllowUnencrypted=false: HTTP 500 without SOAP after the login; basic is not even offered."""
    with pytest.raises(WinRMTransportError) as caught:
        name_of(dial("ntlm", "http", encryption="never"))
    assert (caught.value.code, caught.value.response_text) == (500, "")
    with pytest.raises(AuthenticationError):
        name_of(dial("basic", "http", encryption="never"))


@pytest.mark.parametrize("auth", ["negotiate", "credssp", "basic"])
def test_plain_messages_are_taken_where_the_lab_allows_them(dial: Dial, world: World, auth: str) -> None:
    """`bin/lab up --allow-unencrypted` is AllowUnencrypted=true of its hosts."""
    world.settings.allow_unencrypted = True
    assert name_of(dial(auth, "http", encryption="never")) == "HV1"
