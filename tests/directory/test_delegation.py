"""What the KDC allows a host to do in a caller's name, as `ldapmodify` has set the directory."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from typing import Any

import pytest

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

import gssapi
from gssapi.raw import acquire_cred_with_password

from .conftest import Site

KERBEROS = gssapi.MechType.kerberos
MIGRATION = "Microsoft Virtual System Migration Service/hv2.lab.example"
CIFS = "cifs/hv2.lab.example"
BOTH = [MIGRATION, CIFS]
TRUSTED = 0x1000000
"""TRUSTED_TO_AUTHENTICATE_FOR_DELEGATION: protocol transition (MS-ADTS 2.2.16)."""
REFUSED = -1765328371
"""KDC_ERR_BADOPTION as MIT's krb5 counts it."""


def name(principal: str) -> gssapi.Name:
    """Return a principal of the realm; spaces are escaped where Kerberos prints them."""
    return gssapi.Name(f"{principal}@LAB.EXAMPLE".replace(" ", "\\ "), gssapi.NameType.kerberos_principal)


class Host:
    """HV1 with its keytab, as a service that people call, and HV2 beyond it."""

    def __init__(self, site: Site) -> None:
        """Take both keytabs."""
        self.site = site
        keytab = site.status["computers"]["hv1"]["keytab"]
        # "both" is what makes a caller's delegated credential one of constrained delegation
        self.service = gssapi.Credentials(
            usage="both", mechs=[KERBEROS],
            store={"keytab": keytab, "client_keytab": keytab, "ccache": "MEMORY:hv1"},
        )  # fmt: skip
        self.far = gssapi.Credentials(
            usage="accept", mechs=[KERBEROS], store={"keytab": site.status["computers"]["hv2"]["keytab"]}
        )

    def set(self, services: list[str], *, trusted: bool) -> None:
        """Set delegation of HV1 in the directory."""
        flags = str(0x1000 | (TRUSTED if trusted else 0))
        self.site.replace("hv1", {"msDS-AllowedToDelegateTo": services, "userAccountControl": [flags]})

    def called_by(self, role: str) -> gssapi.Credentials:
        """Return what HV1 holds of a caller who came by Kerberos."""
        account = self.site.account(role)
        own = acquire_cred_with_password(
            name(account["principal"].split("@")[0]), account["password"].encode(), mechs=[KERBEROS]
        )
        client = gssapi.SecurityContext(
            name=name("WSMAN/hv1.lab.example"),
            creds=gssapi.Credentials(own.creds),
            usage="initiate",
            mech=KERBEROS,
        )
        server = gssapi.SecurityContext(creds=self.service, usage="accept")
        client.step(server.step(client.step()))
        return server.delegated_creds

    def acting_for(self, role: str) -> gssapi.Credentials:
        """Return what HV1 gets for somebody who came by other means: protocol transition (S4U2Self)."""
        user = self.site.account(role)["principal"].split("@")[0]
        return self.service.impersonate(name(user), mechs=[KERBEROS], usage="initiate")

    def reach(self, credentials: gssapi.Credentials, service: str) -> str:
        """Ask for a ticket of HV2 in the caller's name (S4U2Proxy), and return whom HV2 sees."""
        context = gssapi.SecurityContext(
            name=name(service), creds=credentials, usage="initiate", mech=KERBEROS
        )
        server = gssapi.SecurityContext(creds=self.far, usage="accept")
        server.step(context.step())
        return str(server.initiator_name)

    def refused(self, credentials: Any, service: str) -> int:
        """Return the KDC's code of the refusal."""
        with pytest.raises(gssapi.exceptions.GSSError) as caught:
            self.reach(credentials, service)
        code: int = caught.value.min_code
        return code - 2**32 if code >= 2**31 else code


@pytest.fixture
def host(running: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """HV1, in a process whose Kerberos is the lab's; nothing is delegated afterwards."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    one = Host(running)
    yield one
    one.set([], trusted=False)


@pytest.mark.parametrize("came_by", ["kerberos", "other"])
@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("services", [[], BOTH], ids=["unset", "both"])
def test_the_directory_decides(host: Host, services: list[str], *, trusted: bool, came_by: str) -> None:
    """The table: no entry, no ticket; with entries a Kerberos caller passes, any other only with the flag."""
    host.set(services, trusted=trusted)
    allowed = bool(services) and (trusted or came_by == "kerberos")
    held = (
        host.called_by("host_administrator")
        if came_by == "kerberos"
        else host.acting_for("host_administrator")
    )
    for service in BOTH:
        if allowed:
            assert host.reach(held, service) == "hvadmin@LAB.EXAMPLE"
        else:
            assert host.refused(held, service) == REFUSED


def test_each_service_counts_by_itself(host: Host) -> None:
    """`cifs` alone lets `cifs` through, and the migration service not."""
    host.set([CIFS], trusted=True)
    assert host.reach(host.called_by("operator"), CIFS) == "hvoperator@LAB.EXAMPLE"
    assert host.refused(host.called_by("operator"), MIGRATION) == REFUSED


@pytest.mark.parametrize("role", ["protected", "sensitive"])
def test_some_are_never_delegated(host: Host, role: str) -> None:
    """A member of Protected Users and a sensitive account are refused whatever is set, however they came."""
    host.set(BOTH, trusted=True)
    assert host.refused(host.acting_for(role), MIGRATION) == REFUSED
    assert host.refused(host.called_by(role), MIGRATION) == REFUSED


def test_changes_count_at_once_in_both_directions(host: Host) -> None:
    """The KDC caches nothing: granted, taken away and granted again, each is seen by the next ticket."""
    for services in (BOTH, [], BOTH):
        host.set(services, trusted=False)
        held = host.called_by("operator")
        if services:
            assert host.reach(held, MIGRATION) == "hvoperator@LAB.EXAMPLE"
        else:
            assert host.refused(held, MIGRATION) == REFUSED


def test_a_ticket_that_may_not_be_forwarded_ends_here(
    host: Host, running: Site, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller who logged on without asking for a forwardable ticket is refused although the directory allows it."""
    host.set(BOTH, trusted=False)
    plain = tmp_path_factory.mktemp("d") / "krb5.conf"
    config = running.directory.krb5_conf.read_text(encoding="utf-8")
    plain.write_text(config.replace("forwardable = true", "forwardable = false"), encoding="utf-8")
    monkeypatch.setenv("KRB5_CONFIG", str(plain))
    assert os.environ["KRB5_CONFIG"] == str(plain)
    assert host.refused(host.called_by("operator"), MIGRATION) == REFUSED
