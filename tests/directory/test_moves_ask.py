"""What a move learns of its delegation from a real directory, before it starts and after it has failed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.model.finding import Severity

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

from hyperv_placement.directory.client import DirectoryClient
from hyperv_placement.directory.delegation_of_moves import (
    READING_MAX_AGE_S,
    DirectorySecondHop,
    warn_missing_delegation,
)
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.directory import FLAG, DelegationPlan, DelegationSpec, DirectorySpec
from hyperv_placement.model.move import Move
from hyperv_placement.model.names import HostName
from hyperv_placement.model.plan import Placement, Plan, Standing, Step
from hyperv_placement.model.stack import Authentication, Stack
from hyperv_placement.planning.machine.wanted_move import order
from lab.estate.generated import SHARE
from tests.clocks import FastClock
from tests.unit.lab.conftest import StillClock, estate, machine

from .conftest import Site
from .hosts import Hosts, hosts_of

pytestmark = pytest.mark.lab
MIGRATION = "Microsoft Virtual System Migration Service/hv2"
SERVICES = [MIGRATION, f"{MIGRATION}.lab.example", "cifs/hv2", "cifs/hv2.lab.example"]
TRUSTED = {"userAccountControl": [str(0x1000 | 0x1000000)]}
PLAIN = {"userAccountControl": [str(0x1000)]}


class Asking:
    """A second hop from hv1 to hv2, by one caller."""

    def __init__(self, hosts: Hosts, role: str, *, auth: Authentication = "ntlm", **stack: Any) -> None:
        """Log on as `role`, and ask the directory as its administrator."""
        self.hosts, self.clock = hosts, FastClock()
        file = hosts.login(role)
        specs = {HostName(name): hosts.spec(auth, "https", file, name) for name in hosts.world.hosts}
        self.estate = Estate(specs, clock=self.clock)
        server = DirectorySpec(
            server=hosts.site.status["ldaps"], auth="simple", credentials=hosts.login("directory_administrator"),
            ca=Path(hosts.site.status["ca"]),
        )  # fmt: skip
        self.stack = Stack(path=Path("stacks/test.yaml"), hosts=specs, vms={}, directory=server, **stack)
        self.directory = DirectoryClient(server, clock=self.clock)
        self.hop = DirectorySecondHop(self.stack, self.estate, self.directory, self.clock)

    def move(self, caller: str = "ntlm") -> Move:
        """Return the move of the one machine, from hv1 to hv2."""
        found = self.estate.read(Detail.MOVE)
        vm = next(vm for vm in found.vms() if vm.name == "WEB01")
        ends = (found.hosts[HostName("hv1")], found.hosts[HostName("hv2")])
        move = order(vm, Placement(host=HostName("hv2")), *ends)
        assert move is not None
        return replace(move, caller=caller)

    def missing(self, caller: str = "ntlm", *, fresh: bool = True) -> tuple[str, ...] | None:
        """Return what the directory lacks, None where it says nothing."""
        found = self.hop.delegation(self.move(caller), fresh=fresh)
        return None if found is None else tuple(map(str, found.missing))


@pytest.fixture
def hosts(running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Three hosts of the domain; nothing is delegated before and after."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    running.replace("hv1", {"msDS-AllowedToDelegateTo": [], **PLAIN})
    with hosts_of(running, estate(machine("WEB01")), tmp_path / "lab", StillClock()) as one:
        yield one
    running.replace("hv1", {"msDS-AllowedToDelegateTo": [], **PLAIN})


def test_each_missing_entry_is_named_and_none_where_all_are_there(hosts: Hosts) -> None:
    """Both services by both names, and the flag; an entry in the way it stands counts, whatever its case."""
    asking = Asking(hosts, "host_administrator")
    everything = (*(f"hv1 -> hv2: {each}" for each in SERVICES), "hv1 -> hv2: TRUSTED_TO_AUTH_FOR_DELEGATION")
    assert sorted(asking.missing() or ()) == sorted(everything)
    hosts.site.replace("hv1", {"msDS-AllowedToDelegateTo": [each.upper() for each in SERVICES], **PLAIN})
    assert asking.missing() == ("hv1 -> hv2: TRUSTED_TO_AUTH_FOR_DELEGATION",)
    hosts.site.replace("hv1", TRUSTED)
    assert asking.missing() == ()


def test_the_flag_is_needed_by_build_and_caller(hosts: Hosts) -> None:
    """Windows Server 2012 R2 takes the ticket of a Kerberos caller; nobody else does without the flag."""
    hosts.site.replace("hv1", {"msDS-AllowedToDelegateTo": SERVICES})
    assert Asking(hosts, "host_administrator").missing("kerberos") == (
        "hv1 -> hv2: TRUSTED_TO_AUTH_FOR_DELEGATION",
    )
    hosts.world.hosts["hv1"].build = 9600
    assert Asking(hosts, "host_administrator").missing("kerberos") == ()
    assert Asking(hosts, "host_administrator").missing("ntlm") == (
        "hv1 -> hv2: TRUSTED_TO_AUTH_FOR_DELEGATION",
    )


def test_who_hands_the_password_over_needs_none(hosts: Hosts) -> None:
    """A CredSSP caller is not asked for, nor is a move within a host."""
    assert Asking(hosts, "host_administrator").missing("credssp") is None


@pytest.mark.parametrize(("role", "said"), [("sensitive", "is sensitive"), ("protected", "Protected Users")])
def test_some_are_never_delegated(hosts: Hosts, role: str, said: str) -> None:
    """With every entry there, the caller's own account is what is in the way."""
    hosts.site.replace("hv1", {"msDS-AllowedToDelegateTo": SERVICES, **TRUSTED})
    asking = Asking(hosts, "host_administrator")
    move = asking.move()
    asking.hop = Asking(hosts, role, auth="kerberos").hop
    found = asking.hop.delegation(move, fresh=True)
    assert found is not None
    assert said in found.against
    assert not found.missing


def test_one_reading_serves_the_moves_of_a_run(hosts: Hosts) -> None:
    """What was there a moment ago counts; what was missing is looked for anew: the run itself may have added it."""
    asking = Asking(hosts, "host_administrator")
    assert asking.missing(fresh=False)
    hosts.site.replace("hv1", {"msDS-AllowedToDelegateTo": SERVICES, **TRUSTED})
    assert asking.missing(fresh=False) == ()
    hosts.site.replace("hv1", {"msDS-AllowedToDelegateTo": SERVICES[1:], **TRUSTED})
    assert asking.missing(fresh=False) == ()
    assert asking.missing(fresh=True) == (f"hv1 -> hv2: {MIGRATION}",)
    hosts.site.replace("hv1", {"msDS-AllowedToDelegateTo": SERVICES, **TRUSTED})
    asking.missing(fresh=True)
    hosts.site.replace("hv1", {"msDS-AllowedToDelegateTo": SERVICES[1:], **TRUSTED})
    asking.clock.wait(READING_MAX_AGE_S + 1)
    assert asking.missing(fresh=False) == (f"hv1 -> hv2: {MIGRATION}",)


def test_a_silent_directory_says_nothing(hosts: Hosts) -> None:
    """Unknown is not missing: the hosts' own answer will tell."""
    asking = Asking(hosts, "host_administrator")
    server = replace(asking.directory._spec, server="ldaps://127.0.0.1:9")
    asking.hop = DirectorySecondHop(
        Stack(path=Path("x"), hosts=asking.estate.specs, vms={}, delegation=DelegationSpec(hosts=())),
        asking.estate, DirectoryClient(server, clock=asking.clock), asking.clock,
    )  # fmt: skip
    found = asking.hop.delegation(asking.move(), fresh=True)
    assert found is not None
    assert (found.against, found.missing) == ("", ())
    assert "127.0.0.1:9" in found.unknown


def test_a_host_without_an_account_says_nothing(hosts: Hosts) -> None:
    """No account of that name: what it lacks cannot be told, and the move is not refused for it."""
    asking = Asking(hosts, "host_administrator")
    hosts.site.replace("hv2", {"dNSHostName": ["hv9.lab.example"]})
    try:
        found = asking.hop.delegation(asking.move(), fresh=True)
    finally:
        hosts.site.replace("hv2", {"dNSHostName": ["hv2.lab.example"]})
    assert found is not None
    assert "hv2.lab.example (hv2)" in found.unknown
    assert not found.against


def preview(asking: Asking, declared: DelegationPlan | None = None) -> Plan:
    """Return a plan of the one move as the program shows it."""
    move = asking.move()
    step = Step(
        label="WEB01", standing=Standing.MOVE, placement=Placement(host=move.destination), vm=move.vm, vm_id=move.vm.id,
        move=move,
    )  # fmt: skip
    return warn_missing_delegation(asking.stack, asking.estate, Plan(steps=(step,)), declared, asking.clock)


def test_a_preview_warns_of_what_nobody_declares(hosts: Hosts) -> None:
    """Each entry at the machine; what `delegation:` is about to add is no reason to warn, what it leaves out is."""
    asking = Asking(hosts, "host_administrator")
    (finding,) = preview(asking).steps[0].findings
    assert finding.severity == Severity.WARNING
    assert "WEB01 (hv1 -> hv2) would fail with 0x8009030E" in finding.text
    assert all(f"hv1 -> hv2: {each}" in finding.text for each in SERVICES)
    spec = DelegationSpec(hosts=(HostName("hv1"), HostName("hv2")))
    entries = {HostName("hv1"): {**dict.fromkeys(SERVICES, "hv2"), FLAG: "any"}}
    assert preview(asking, DelegationPlan(spec=spec, entries=entries)).steps[0].findings == ()
    entries = {HostName("hv1"): dict.fromkeys(SERVICES, "hv2")}
    (finding,) = preview(asking, DelegationPlan(spec=spec, entries=entries)).steps[0].findings
    assert FLAG in finding.text
    assert "cifs" not in finding.text


def test_a_preview_says_that_the_directory_is_silent_once(hosts: Hosts) -> None:
    """Of the estate as a whole; where `delegation:` has said so already, not again."""
    asking = Asking(hosts, "host_administrator")
    assert asking.stack.directory is not None
    silent = replace(asking.stack.directory, server="ldaps://127.0.0.1:9")
    asking.stack = replace(asking.stack, directory=silent)
    plan = preview(asking)
    assert plan.steps[0].findings == ()
    (finding,) = plan.findings
    assert "unknown" in finding.text
    spec = DelegationSpec(hosts=(HostName("hv1"), HostName("hv2")))
    assert preview(asking, DelegationPlan(spec=spec, unknown=spec.hosts)).findings == ()


def test_a_server_in_the_path_of_a_machine_is_no_entry_until_it_is_listed(
    running: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That path is a host's word: the preview says once what to list, and asks for nothing at that server."""
    for variable, value in running.directory.environment.items():
        monkeypatch.setenv(variable, value)
    ends = (HostName("hv1"), HostName("hv2"))
    spec = estate(machine("WEB01", folder=f"{SHARE}\\WEB01"))
    with hosts_of(running, spec, tmp_path / "lab", StillClock()) as hosts:
        unlisted = Asking(hosts, "host_administrator", delegation=DelegationSpec(hosts=ends))
        assert not [each for each in unlisted.missing() or () if "sofs" in each]
        running.replace("hv1", {"msDS-AllowedToDelegateTo": SERVICES, **TRUSTED})
        assert elsewhere(unlisted) == ("sofs.lab.example",)
        running.replace("hv1", {"msDS-AllowedToDelegateTo": [*SERVICES, "CIFS/sofs.lab.example"]})
        assert elsewhere(unlisted) == ()
        running.replace("hv1", {"msDS-AllowedToDelegateTo": [], **PLAIN})
        reported = [str(each) for each in preview(unlisted).findings]
        assert sum("Files of moves lie on sofs.lab.example" in each for each in reported) == 1
        listed = Asking(hosts, "host_administrator", delegation=DelegationSpec(hosts=ends, shares=("sofs",)))
        assert "hv1 -> sofs: cifs/sofs.lab.example" in (listed.missing() or ())
        assert elsewhere(listed) == ()
        assert preview(listed).findings == ()


def elsewhere(asking: Asking) -> tuple[str, ...]:
    """Return the file servers of which it is not known that the source may act there."""
    found = asking.hop.delegation(asking.move(), fresh=True)
    assert found is not None
    return found.elsewhere
