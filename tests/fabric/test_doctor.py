"""The doctor finds each planted defect, says what it breaks and what mends it, and is silent on a sound estate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.model.finding import Finding, Severity
from hyperv_placement.model.names import HostName
from hyperv_placement.model.not_checked import NotChecked
from hyperv_placement.model.reserve import Reserve
from hyperv_placement.model.stack import Away, HostSpec, Stack, VmSpec
from hyperv_placement.model.units import GIB
from hyperv_placement.operations.doctor.examine import examine
from lab.home import certificates
from lab.world import LabHost
from lab.world.objects import LabNetwork, LabSwitch
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Three hosts, and a machine that may be on either of two."""
    return make_fabric(estate(machine("WEB01")))


def examined(fabric: Fabric, change: Callable[[HostSpec], HostSpec] = lambda spec: spec) -> list[Finding]:
    """Return what the doctor says of the estate; `change`: how hosts are declared besides."""
    return examination(fabric, change)[0]


def examination(
    fabric: Fabric, change: Callable[[HostSpec], HostSpec] = lambda spec: spec
) -> tuple[list[Finding], list[NotChecked]]:
    """Return that, and what the doctor could not check."""
    stack = Stack(
        path=Path("stacks/test.yaml"),
        hosts={name: change(spec) for name, spec in fabric.specs.items()},
        vms={"WEB01": VmSpec(label="WEB01", name="WEB01", hosts=(HostName("hv1"), HostName("hv2")))},
    )
    examined = examine(stack, fabric.clock)
    return examined.found, examined.not_checked


def test_a_sound_estate_has_nothing_said_of_it(fabric: Fabric) -> None:
    """No error, no warning."""
    assert examined(fabric) == []


def test_a_host_that_may_be_a_node_is_said_with_the_right_that_is_missing(fabric: Fabric) -> None:
    """Nothing that it answers proves that it has no cluster while `root` is closed."""
    fabric.world.hosts["hv2"].closed_namespaces = ["root"]
    _, unchecked = examination(fabric)
    assert "the failover cluster, if any, of hv2 (needs the right to read root, or root/MSCluster)" in [
        each.text for each in unchecked if each.decides
    ]


def plant(**values: Any) -> Callable[[LabHost], None]:
    """Return what sets attributes of a host."""

    def planted(host: LabHost) -> None:
        for name, value in values.items():
            setattr(host, name, value)

    return planted


ELSEWHERE = [LabNetwork(id="A", subnet="10.77.0.0", prefix=16)]


@pytest.mark.parametrize(
    ("host", "defect", "where", "said", "remedy"),
    [
        ("hv2", plant(migration_enabled=False), "hv2", "Live migration is disabled", "enabled: true"),
        ("hv2", plant(addresses=[]), "hv2", "listens for migrations on no address", "networks: any"),
        ("hv1", plant(max_live=0), "hv1", "allows no live migration at once", "live_limit: 2"),
        ("hv1", plant(max_storage=0), "hv1", "allows no storage migration at once", "storage_limit: 2"),
        ("hv1", plant(authentication=0), "hv1 -> hv2", "hv1 is set to CredSSP for migrations, hv2 to Kerberos", "authentication: kerberos"),
        ("hv1", plant(authentication=0), "hv1 -> hv2", "auth: ntlm hands no password over", "delegation:"),
        ("hv1", plant(networks=ELSEWHERE), "hv1 -> hv2", "no migration network in common", "networks:"),
        ("hv3", plant(clock_skew=900), "hv3", "Its clock is 15 min ahead of the other hosts'", "w32tm /resync"),
        ("hv2", plant(switches=[LabSwitch(id="S", name="other")]), "WEB01 to hv2", "switch", "switch"),
        ("hv2", plant(processor_vendor="AuthenticAMD"), "WEB01 to hv2", "processor", ""),
    ],
)  # fmt: skip
def test_each_planted_defect_is_found(
    fabric: Fabric, host: str, defect: Callable[[LabHost], None], where: str, said: str, remedy: str
) -> None:
    """An error at the right place, with its remedy."""
    defect(fabric.world.hosts[host])
    errors = [each for each in examined(fabric) if each.refuses]
    found = [each for each in errors if str(each.subject) == where and said in each.text]
    assert len(found) == 1, errors
    assert remedy in found[0].remedy
    assert found[0].breaks


def test_a_dead_host_delays_and_hides_nobody(fabric: Fabric) -> None:
    """Its error is one of several; what is wrong with the others is told."""
    fabric.fault("host-down", host="hv3")
    fabric.world.hosts["hv2"].migration_enabled = False
    found = examined(fabric)
    assert {str(each.subject) for each in found if each.refuses} == {"hv2", "hv3"}


def test_a_host_that_is_away_only_warns_to_the_end_of_its_last_day(fabric: Fabric) -> None:
    """Somebody has said that it is away, until when, and why; afterwards its silence is an error again."""
    fabric.fault("host-down", host="hv3")

    def away(until: date) -> Callable[[HostSpec], HostSpec]:
        return lambda spec: (
            replace(spec, away=Away(until=until, reason="a new mainboard")) if spec.name == "hv3" else spec
        )

    (quiet,) = examined(fabric, away(date(2099, 12, 31)))
    assert (quiet.severity, quiet.text) == (Severity.WARNING, "hv3 is away until 2099-12-31: a new mainboard")
    (loud,) = examined(fabric, away(date(2020, 1, 1)))
    assert (loud.severity, str(loud.subject)) == (Severity.REFUSAL, "hv3")


def test_a_wrong_password_is_found(fabric: Fabric) -> None:
    """Said of a host, with what to check."""
    file = fabric.home / "wrong.yaml"
    file.write_text(f"username: {fabric.account.username!r}\npassword: wrong\n", encoding="utf-8")
    file.chmod(0o600)
    found = examined(
        fabric, lambda spec: replace(spec, connection=replace(spec.connection, credentials=file))
    )
    assert any("refused the credential" in each.text for each in found)


def test_a_certificate_of_a_stranger_is_found(fabric: Fabric, tmp_path: Path) -> None:
    """Its authority is not the one that the stack file names."""
    certificates.ensure(tmp_path / "other", [("hv1", "hv1.lab.example")])
    other = tmp_path / "other" / "ca.pem"
    found = examined(fabric, lambda spec: replace(spec, connection=replace(spec.connection, ca=other)))
    assert any("certificate" in each.text and "connection.ca" in each.remedy for each in found)


def test_credential_guard_stops_credssp(fabric: Fabric) -> None:
    """The route that it closes is named, and the other one recommended."""
    fabric.world.hosts["hv1"].credential_guard = True
    found = examined(fabric, lambda spec: replace(spec, connection=replace(spec.connection, auth="credssp")))
    (error,) = [each for each in found if each.refuses]
    assert (str(error.subject), "Credential Guard" in error.text) == ("hv1 -> hv2", True)
    assert "delegation:" in error.remedy


def test_credssp_that_is_switched_off_is_found(fabric: Fabric) -> None:
    """WinRM's own switch."""
    fabric.world.hosts["hv1"].credssp = False
    found = examined(fabric, lambda spec: replace(spec, connection=replace(spec.connection, auth="credssp")))
    assert any(str(each.subject) == "hv1" and "Enable-WSManCredSSP" in each.remedy for each in found)


def test_a_local_account_goes_nowhere_else(fabric: Fabric) -> None:
    """Basic logs on with the host's own."""
    found = examined(fabric, lambda spec: replace(spec, connection=replace(spec.connection, auth="basic")))
    assert {str(each.subject) for each in found} >= {"hv1 -> hv2", "hv2 -> hv1"}
    assert all("account of" in each.text for each in found if "->" in str(each.subject))


def test_what_only_may_hurt_is_a_warning(fabric: Fabric) -> None:
    """Another manager at work, and too little room for what the stack file wants kept free."""
    fabric.world.hosts["hv2"].vmm_agent = True
    found = examined(fabric, lambda spec: replace(spec, reserve=Reserve(disk_bytes=10**6 * GIB)))
    assert {each.severity for each in found if "Virtual Machine Manager" in each.text} == {Severity.WARNING}
    assert any("are to stay free" in each.text and each.severity == Severity.WARNING for each in found)
