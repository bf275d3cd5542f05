"""The doctor and a real directory: missing delegation, callers that are never delegated, tickets that end where they are."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperv_placement.model.finding import Finding, Severity

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

from hyperv_placement.clock import SystemClock
from hyperv_placement.model.directory import DirectorySpec
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Stack, VmSpec
from hyperv_placement.operations.doctor.examine import examine
from tests.unit.lab.conftest import StillClock, estate, machine

from .conftest import Site
from .hosts import Hosts, hosts_of

pytestmark = pytest.mark.lab
PAIRS = (("hv1", "hv2"), ("hv2", "hv1"))


@pytest.fixture
def hosts(running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Three hosts of the domain, of which two may delegate to each other; nothing is delegated afterwards."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'tickets'}")
    for source, destination in PAIRS:
        services = [
            f"{service}/{name}"
            for service in ("Microsoft Virtual System Migration Service", "cifs")
            for name in (destination, f"{destination}.lab.example")
        ]
        running.replace(
            source, {"msDS-AllowedToDelegateTo": services, "userAccountControl": [str(0x1001000)]}
        )
    with hosts_of(running, estate(machine("WEB01")), tmp_path / "lab", StillClock()) as one:
        yield one
    for source, _ in PAIRS:
        running.replace(source, {"msDS-AllowedToDelegateTo": [], "userAccountControl": [str(0x1000)]})


def examined(
    hosts: Hosts,
    role: str = "host_administrator",
    auth: Authentication = "ntlm",
    *,
    ticket: bool = False,
    server: str = "",
) -> list[Finding]:
    """Return what the doctor says, logged on as `role` by password or ticket."""
    file = hosts.secret("none") if ticket else hosts.login(role)
    directory = DirectorySpec(
        server=server or hosts.site.status["ldaps"], auth="simple",
        credentials=hosts.login("directory_administrator"), ca=Path(hosts.site.status["ca"]),
    )  # fmt: skip
    stack = Stack(
        path=Path("stacks/test.yaml"),
        hosts={HostName(name): hosts.spec(auth, "https", file, name) for name in hosts.world.hosts},
        vms={"WEB01": VmSpec(label="WEB01", name="WEB01", hosts=(HostName("hv1"), HostName("hv2")))},
        directory=directory,
    )
    return examine(stack, SystemClock())[0]


@pytest.mark.parametrize("auth", ["ntlm", "kerberos", "credssp"])
def test_a_sound_estate_has_nothing_said_of_it(hosts: Hosts, auth: Authentication) -> None:
    """Delegation is in order both ways, whichever way we log on."""
    assert examined(hosts, auth=auth) == []


def test_a_missing_entry_is_found_for_its_direction(hosts: Hosts) -> None:
    """The account, the entry, and the section that mends it."""
    dn = hosts.site.status["computers"]["hv1"]["dn"]
    change = f"dn: {dn}\nchangetype: modify\ndelete: msDS-AllowedToDelegateTo\nmsDS-AllowedToDelegateTo: cifs/hv2.lab.example\n"
    hosts.site.ldap("ldapmodify", "directory_administrator", given=change)
    (found,) = examined(hosts)
    assert (found.severity, str(found.subject)) == (Severity.REFUSAL, "hv1 -> hv2")
    assert found.text == f"{dn} lacks cifs/hv2.lab.example"
    assert "delegation: {hosts: all}" in found.remedy


def test_a_missing_flag_is_found(hosts: Hosts) -> None:
    """Windows Server 2022 needs it for every caller."""
    hosts.site.replace("hv2", {"userAccountControl": [str(0x1000)]})
    (found,) = examined(hosts, auth="kerberos")
    assert (str(found.subject), "TRUSTED_TO_AUTH_FOR_DELEGATION" in found.text) == ("hv2 -> hv1", True)


@pytest.mark.parametrize(("role", "said"), [("protected", "Protected Users"), ("sensitive", "is sensitive")])
def test_callers_that_are_never_delegated_are_found(hosts: Hosts, role: str, said: str) -> None:
    """Whatever the hosts' accounts have."""
    (found,) = examined(hosts, role, "kerberos")
    assert (found.severity, said in found.text) == (Severity.REFUSAL, True)


def test_a_ticket_that_may_not_be_forwarded_is_found(hosts: Hosts, tmp_path: Path) -> None:
    """kinit -F asks for such a one; the usual ticket has nothing said of it."""
    account = hosts.site.account("host_administrator")
    for options, said in ((("-f",), []), (("-F",), ["kinit -f"])):
        hosts.site.kinit(account["principal"], account["password"], tmp_path / "tickets", *options)
        assert [
            each.remedy.removeprefix("Run ") for each in examined(hosts, auth="kerberos", ticket=True)
        ] == said


def test_a_silent_directory_is_said_once(hosts: Hosts) -> None:
    """Nothing is claimed to be missing."""
    (found,) = examined(hosts, server="ldaps://127.0.0.1:9")
    assert (str(found.subject), found.severity) == ("directory", Severity.REFUSAL)
