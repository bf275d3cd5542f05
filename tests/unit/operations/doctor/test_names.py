"""What a host is called by itself, its certificate and its account: the doctor says which differs, and what to type."""

from __future__ import annotations

from hyperv_placement.model.directory import ComputerAccount
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.doctor.names import name_diagnoses
from hyperv_placement.operations.doctor.symptoms import HostReading
from hyperv_placement.planning.delegation.entries import MIGRATION_SERVICE

OWN = "hyperv-frankfurt-01.dc.corp.example"
REPORTED = "hyperv-frankfurt-01.corp.example"


def said(
    own: str | None, certificate: tuple[str, ...] = (), services: tuple[str, ...] | None = None
) -> list[Finding]:
    """Return what is said of a host that reports its domain in place of its suffix."""
    host = HostReading(
        name=HostName("hv1"),
        full_name=own or REPORTED,
        reported=REPORTED,
        own_name=own,
        certificate_names=certificate,
    )
    account = ComputerAccount(
        host=HostName("hv1"), dn="CN=HYPERV-FRANKFUR,DC=corp,DC=example", account="HYPERV-FRANKFUR$", full_name=OWN,
        services=frozenset(f"{MIGRATION_SERVICE}/{each}" for each in services or ()),
    )  # fmt: skip
    return list(name_diagnoses(host, None if services is None else account))


def test_a_host_whose_names_agree_is_none_to_speak_of() -> None:
    """The short name in the directory has 15 characters; a certificate may be for all names of a domain."""
    services = (OWN.upper(), "HYPERV-FRANKFUR")
    assert said(OWN, (OWN,), services) == []
    assert said(OWN, ("*.dc.corp.example",), services) == []
    assert said(None, ("other.example",), ()) == []  # that it has no name of its own is said elsewhere


def test_a_service_that_is_registered_for_the_domain_alone_is_shown_with_the_line_to_type() -> None:
    """Quoted for PowerShell, the account by the name that setspn takes."""
    (found,) = said(OWN, (), (REPORTED, "hyperv-frankfur"))
    assert found.id == "host-service-missing"
    for words in (f"It is {OWN} by the stack file, reports {REPORTED}", f"not of {OWN}"):
        assert words in found.text
    assert f"setspn -S '{MIGRATION_SERVICE}/{OWN}' 'HYPERV-FRANKFUR'" in found.remedy


def test_a_certificate_for_another_name_is_said() -> None:
    """A wildcard stands for one label, and for no other domain."""
    assert [each.id for each in said(OWN, (REPORTED,))] == ["certificate-of-another-name"]
    assert [each.id for each in said(OWN, ("*.corp.example",))] == ["certificate-of-another-name"]
