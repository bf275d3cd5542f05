"""pypsrp, a client that others wrote, logs on at hosts of the domain by each scheme that it has."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

from pypsrp.exceptions import AuthenticationError
from pypsrp.wsman import SelectorSet, WSMan
from requests_credssp.exceptions import AuthenticationException, NTStatusException

from hyperv_placement.wsman import resource_uri
from tests.unit.lab.conftest import StillClock, estate, machine

from .conftest import Site
from .hosts import Hosts, hosts_of

pytestmark = pytest.mark.lab
SCHEMES = [
    (auth, scheme) for auth in ("negotiate", "kerberos", "ntlm", "credssp") for scheme in ("https", "http")
]
Refused = (AuthenticationError, NTStatusException, AuthenticationException)


@pytest.fixture
def hosts(running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Three hosts of the domain, and no ticket of anybody's."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'tickets'}")
    with hosts_of(running, estate(machine("WEB01")), tmp_path / "lab", StillClock()) as one:
        yield one


def name_by(hosts: Hosts, auth: str, scheme: str, password: str | None = None) -> str | None:
    """Log on as the hosts' administrator, get the host's own row, and return its name."""
    account, host = hosts.site.account("host_administrator"), hosts.world.hosts["hv1"]
    ca: Any = str(hosts.home / "ca.pem")  # annotated as a bool there, and documented as a path
    port = urlsplit(host.url if scheme == "https" else host.http_url).port
    selectors = SelectorSet()
    for key, value in (("CreationClassName", "Msvm_ComputerSystem"), ("Name", "HV1")):
        selectors.add_option(key, value)
    mechanism: Literal["kerberos", "auto"] = "kerberos" if auth == "kerberos" else "auto"
    with WSMan(
        "127.0.0.1", port=port, ssl=scheme == "https", auth=auth, username=account["principal"],
        password=password or account["password"], cert_validation=ca, no_proxy=True,
        negotiate_hostname_override=host.full_name, negotiate_service="HTTP", credssp_auth_mechanism=mechanism,
    ) as client:  # fmt: skip
        answer = client.get(resource_uri("Msvm_ComputerSystem"), selector_set=selectors)
        return next((each.text for each in answer.iter() if each.tag.endswith("}ElementName")), None)


@pytest.mark.parametrize(("auth", "scheme"), SCHEMES)
def test_the_right_password_lets_in(hosts: Hosts, auth: str, scheme: str) -> None:
    """Over TLS, and over HTTP with message encryption."""
    assert name_by(hosts, auth, scheme) == "HV1"


@pytest.mark.parametrize(("auth", "scheme"), [each for each in SCHEMES if each[0] != "kerberos"])
def test_a_wrong_password_does_not(hosts: Hosts, auth: str, scheme: str) -> None:
    """By Kerberos none would get as far as the host."""
    with pytest.raises(Refused):
        name_by(hosts, auth, scheme, "wrong")
