"""An operator of hosts: reads Hyper-V's own namespace, moves machines, and is told what he may not see."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hyperv_placement.model.finding import Severity
from lab.world import vmms

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.admission import Admission
from hyperv_placement.migration.audit import AuditLog
from hyperv_placement.migration.migrate import migrate
from hyperv_placement.migration.mover import Collaborators
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement
from hyperv_placement.planning.checks.move import refusals
from hyperv_placement.planning.machine.wanted_move import order
from hyperv_placement.winrm.faults import AccessDeniedFaultError
from hyperv_placement.wsman import CIMV2, MSCLUSTER
from lab.world import RunningClock
from tests.clocks import FastClock
from tests.unit.lab.conftest import estate, machine

from .conftest import Site
from .hosts import Hosts, hosts_of

pytestmark = pytest.mark.lab
RIGHT = "The account needs the right to read root/cimv2"


@pytest.fixture
def hosts(running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Three hosts of the domain that delegate to each other; time runs fast."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    services = [
        f"{service}/{name}"
        for service in ("Microsoft Virtual System Migration Service", "cifs")
        for name in ("hv2", "hv2.lab.example")
    ]
    running.replace("hv1", {"msDS-AllowedToDelegateTo": services, "userAccountControl": [str(0x1001000)]})
    with hosts_of(running, estate(machine("WEB01")), tmp_path / "lab", RunningClock(speed=20)) as one:
        yield one
    running.replace("hv1", {"msDS-AllowedToDelegateTo": [], "userAccountControl": [str(0x1000)]})


def as_(hosts: Hosts, role: str) -> Estate:
    """Return the hosts as one of the directory's people sees them."""
    file = hosts.login(role)
    specs = {HostName(name): hosts.spec("ntlm", "https", file, name) for name in hosts.world.hosts}
    return Estate(specs, clock=FastClock())


def inventory(estate_: Estate) -> Inventory:
    """Return all that moves ask."""
    found = estate_.read(Detail.MOVE)
    assert not found.unreachable
    return found


def test_an_operator_sees_the_machines_and_is_told_what_he_cannot_see(hosts: Hosts) -> None:
    """Machines and limits as an administrator sees them; memory and volumes too, but where root/cimv2 is closed to him."""
    operator, administrator = inventory(as_(hosts, "operator")), inventory(as_(hosts, "host_administrator"))
    for host in ("hv1", "hv2"):
        assert (seen := operator.hosts[HostName(host)].facts) is not None
        assert (as_all := administrator.hosts[HostName(host)].facts) is not None
        assert (seen.volumes, seen.build, seen.cluster) == (as_all.volumes, as_all.build, None)
    hosts.world.hosts["hv2"].closed_namespaces = [CIMV2]
    operator = inventory(as_(hosts, "operator"))
    assert [vm.id for vm in operator.vms()] == [vm.id for vm in administrator.vms()]
    facts = operator.hosts[HostName("hv2")].facts
    assert facts is not None
    assert (facts.full_name, facts.memory_free_mib, facts.volumes) == ("hv2.lab.example", None, None)
    source = operator.hosts[HostName("hv1")]
    move = order(source.vms[0], Placement(host=HostName("hv2")), source, operator.hosts[HostName("hv2")])
    assert move is not None
    findings = refusals(move, source.facts, facts, hosts.spec("ntlm", "https", None, "hv2"))
    assert {finding.severity for finding in findings} == {Severity.WARNING}
    assert sum(RIGHT in finding.remedy for finding in findings) == 2


def test_an_operator_moves_a_machine(hosts: Hosts) -> None:
    """From admission to proof; the host is asked for nothing that it refuses to do."""
    estate_ = as_(hosts, "operator")
    found = inventory(estate_)
    source = found.hosts[HostName("hv1")]
    move = order(source.vms[0], Placement(host=HostName("hv2")), source, found.hosts[HostName("hv2")])
    assert move is not None
    over = threading.Event()
    ticking = threading.Thread(target=lambda: _tick(hosts, over))
    ticking.start()
    try:
        shared = Collaborators(
            estate=estate_, clock=estate_.clock, admission=Admission(estate_, clock=estate_.clock),
            audit=AuditLog(hosts.home / "audit.jsonl", clock=estate_.clock),
        )  # fmt: skip
        moved = migrate(
            replace(move, caller="ntlm"), shared, report=lambda _: None, cancelled=threading.Event()
        )
    finally:
        over.set()
        ticking.join()
    assert moved.vm.host == "hv2"
    assert hosts.world.state.violations == []


def _tick(hosts: Hosts, over: threading.Event) -> None:
    while not over.wait(0.02):
        vmms.advance(hosts.world)


def test_the_lab_lets_nobody_read_more_than_his_groups_allow(hosts: Hosts) -> None:
    """An operator reads no services and no cluster, and who is in no group nothing."""
    hosts.world.hosts["hv1"].cluster = "CL1"
    operator = as_(hosts, "operator").client(HostName("hv1"))
    for class_name, namespace in (("Win32_Service", CIMV2), ("MSCluster_Cluster", MSCLUSTER)):
        with pytest.raises(AccessDeniedFaultError):
            operator.query(class_name, namespace=namespace)
    assert operator.query("Msvm_ComputerSystem")
    assert operator.query("Win32_OperatingSystem", namespace=CIMV2)


def test_a_host_whose_full_name_cannot_be_known_is_not_guessed(hosts: Hosts) -> None:
    """DestinationHost must be its own name: dialled by address, it is asked for."""
    file = hosts.login("operator")
    hosts.world.hosts["hv1"].closed_namespaces = [CIMV2]
    spec = hosts.spec("ntlm", "https", file, "hv1")
    spec = replace(spec, connection=replace(spec.connection, kerberos_host=None))
    with pytest.raises(PlacementError, match=r"account: under hosts\.hv1"):
        Estate({spec.name: spec}, clock=FastClock()).names(spec.name)
