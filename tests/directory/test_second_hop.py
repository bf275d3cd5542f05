"""The second hop beyond its matrix: which service each move needs, who is never delegated, what hosts keep, what is logged."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.world import vmms

if importlib.util.find_spec("gssapi") is None and os.environ.get("CI") != "true":
    pytest.skip("there is no gssapi; make directory compiles it", allow_module_level=True)

from lab.directory.second_hop import KerberosSecondHop, code_name
from lab.estate.generated import SHARE as SHARE_PATH
from lab.world.builds import SERVER_2012_R2, SERVER_2022
from lab.world.callers import SecondHopCaller
from lab.world.second_hop import Hop, Service
from tests.unit.lab.conftest import estate, machine

from .conftest import Site
from .hopping import CIFS, MIGRATION, SHARE, Caller, Hopping, hopping

pytestmark = pytest.mark.lab
BOTH = [MIGRATION, CIFS]
KEPT = 20.0
SERVICES = ("Microsoft Virtual System Migration Service", "cifs", "HOST", "WSMAN", "HTTP")


@pytest.fixture(scope="module")
def ground(running: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hopping]:
    """Hosts that keep answers for 20 seconds; one machine on hv1, one on the share."""
    spec = estate(machine("WEB01"), machine("SHARED", folder=f"{SHARE_PATH}\\SHARED"), versions=("9.0",))
    with hopping(running, spec, tmp_path_factory.mktemp("hop") / "lab", ticket_cache=KEPT) as one:
        yield one


@pytest.fixture
def hop(ground: Hopping) -> Hopping:
    """The same with nothing kept, nothing delegated and no jobs."""
    ground.second_hop.purge("hv1")
    ground.delegate([], trusted=False)
    ground.world.state.jobs.clear()
    for host in ground.world.hosts.values():
        host.build, host.authentication, host.locale = SERVER_2022, 1, "en-US"
    return ground


@pytest.mark.parametrize(
    ("kind", "name", "needed"),
    [
        (32768, "WEB01", [MIGRATION]),
        (32770, "WEB01", [MIGRATION]),
        (32771, "WEB01", [MIGRATION, CIFS]),
        (32768, "SHARED", [MIGRATION, SHARE]),
    ],
)
def test_each_service_counts_by_itself(hop: Hopping, kind: int, name: str, needed: list[str]) -> None:
    """With all that a move needs it gets there, without one of them it does not ("Set up hosts for live migration")."""
    for left_out in [None, *needed]:
        hop.delegate([service for service in needed if service != left_out], trusted=True)
        job = hop.order("ntlm", name, kind=kind)
        refused = (
            job.work is not None
            and job.work.failure is not None
            and "0x8009030E" in job.work.failure.lines[1]
        )
        assert refused == (left_out is not None), left_out
        assert [entry["to"] for entry in hop.reported()[-1:] if entry["answer"] == "refused"] == [
            left_out
        ] * refused
        vmms.cancel(hop.world, job.id)
        hop.second_hop.purge("hv1")


def test_storage_alone_wants_the_file_server(hop: Hopping) -> None:
    """Onto a share: 0x80070005 without cifs of its server, whatever the host's setting; with it the disk is there."""
    for host in hop.world.hosts.values():
        host.authentication = 0
    folder = f"{SHARE_PATH}\\WEB01"
    job = hop.order("ntlm", kind=32769, to=None, folder=folder)
    hop.pass_time(2)
    assert job.state == 10
    assert "'sofs.lab.example': General access denied error (0x80070005)" in job.errors[-1]
    hop.delegate([SHARE], trusted=True)
    hop.pass_time(KEPT)
    job = hop.order("ntlm", kind=32769, to=None, folder=folder)
    hop.pass_time(10)
    assert job.state == 7
    back = hop.order("ntlm", kind=32769, to=None, folder="D:\\Hyper-V\\WEB01")
    hop.pass_time(10)
    assert back.state == 7


@pytest.mark.parametrize(
    ("role", "caller"), [("sensitive", "kerberos"), ("sensitive", "ntlm"), ("protected", "kerberos")]
)
@pytest.mark.parametrize("build", [SERVER_2012_R2, SERVER_2022])
def test_some_are_never_delegated(hop: Hopping, role: str, caller: Caller, build: int) -> None:
    """Protected Users and sensitive accounts are refused whatever is set ("Protected Users security group", Learn)."""
    hop.delegate(BOTH, trusted=True)
    hop.world.hosts["hv1"].build = build
    theirs = Hopping(hop.hosts, hop.clock, role)
    assert not theirs.got_there(theirs.order(caller))
    assert hop.reported()[-1]["kerberos"] == "KDC_ERR_BADOPTION"


def test_a_ticket_that_may_not_be_forwarded_ends_there(hop: Hopping) -> None:
    """On 2012 R2 the KDC refuses a ticket that is not forwardable (MS-SFU 3.2.5.2.2); later builds do not look at it."""
    account = hop.site.account("host_administrator")
    tickets = Path(os.environ["KRB5CCNAME"].removeprefix("FILE:"))
    hop.delegate(BOTH, trusted=True)
    for option, build, reached in (
        ("-F", SERVER_2012_R2, False), ("-F", SERVER_2022, True), ("-f", SERVER_2012_R2, True),
    ):  # fmt: skip
        assert hop.site.kinit(account["principal"], account["password"], tickets, option).returncode == 0
        own = Hopping(hop.hosts, hop.clock, "host_administrator")
        own.hold("kerberos", hop.hosts.client(hop.hosts.spec("kerberos", "http", hop.hosts.secret("none"))))
        hop.world.hosts["hv1"].build = build
        assert own.got_there(own.order("kerberos")) == reached
        hop.second_hop.purge("hv1")


def test_hosts_keep_what_they_were_told(hop: Hopping) -> None:
    """A refusal outlives its cause by 20 s, or until a purge; so does a ticket. For another caller nothing is kept."""
    assert not hop.got_there(hop.order("ntlm"))
    hop.delegate(BOTH, trusted=True)
    other = Hopping(hop.hosts, hop.clock, "directory_administrator")
    assert other.got_there(other.order("ntlm"))
    hop.pass_time(KEPT - 3)
    assert not hop.got_there(hop.order("ntlm"))
    assert hop.reported()[-1]["why"].startswith("kept: ")
    hop.pass_time(3)
    assert hop.got_there(hop.order("ntlm"))

    hop.delegate([], trusted=False)
    hop.pass_time(KEPT - 3)
    assert hop.got_there(hop.order("ntlm"))
    assert hop.reported()[-1]["ticket"] == "kept"
    assert hop.second_hop.purge("hv2") == 0
    assert hop.second_hop.purge("hv1") == 2
    assert not hop.got_there(hop.order("ntlm"))


def test_a_password_asks_anew_each_time(hop: Hopping) -> None:
    """CredSSP's logon is no affair of the host's cache: what is kept there stays out of it."""
    assert not hop.got_there(hop.order("ntlm"))
    assert hop.got_there(hop.order("credssp"))
    assert hop.second_hop.purge("hv1") == 1


def test_a_service_that_nobody_registered(hop: Hopping) -> None:
    """An SPN that is gone is a refusal like any other for the client, and told apart in the lab's log."""
    hop.delegate(BOTH, trusted=True)
    names = [f"{service}/{name}" for service in SERVICES for name in ("hv2.lab.example", "HV2")]
    hop.site.replace("hv2", {"servicePrincipalName": [name for name in names if name != MIGRATION]})
    try:
        assert not hop.got_there(hop.order("ntlm"))
    finally:
        hop.site.replace("hv2", {"servicePrincipalName": names})
    assert hop.reported()[-1]["kerberos"] == "KDC_ERR_S_PRINCIPAL_UNKNOWN"


def test_a_silent_directory_is_no_answer(
    hop: Hopping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody gets through while no KDC answers, and nothing of that is kept."""
    hop.delegate(BOTH, trusted=True)
    hop.client("ntlm")
    config = hop.site.directory.krb5_conf.read_text(encoding="utf-8")
    nowhere = tmp_path / "krb5.conf"
    nowhere.write_text(config.replace(f"{hop.site.directory.controller.address}:88", "127.0.0.1:9"), "utf-8")
    with monkeypatch.context() as gone:
        gone.setenv("KRB5_CONFIG", str(nowhere))
        assert not hop.got_there(hop.order("ntlm"))
    assert hop.reported()[-1]["kerberos"] == "-1765328228"  # KRB5_KDC_UNREACH
    assert hop.got_there(hop.order("ntlm"))


def test_the_other_host_has_to_take_the_ticket(hop: Hopping) -> None:
    """Where the destination has other keys than the directory thinks, a move fails, with a new ticket and with a kept one."""
    hop.delegate(BOTH, trusted=True)
    second_hop, directory = hop.second_hop, hop.site.directory
    computers = tuple(
        replace(one, label="hv3") if one.label == "hv2" else one for one in directory.domain.computers
    )
    users = second_hop._users
    mistaken = replace(
        users, directory=replace(directory, domain=replace(directory.domain, computers=computers))
    )
    for kept in (False, True):
        assert not kept or hop.got_there(hop.order("ntlm"))
        second_hop._users = mistaken
        try:
            assert not hop.got_there(hop.order("ntlm"))
        finally:
            second_hop._users = users
        assert hop.reported()[-1]["why"] == "the other computer refuses the ticket"


class Listener:
    """Keeps what hosts want, and passes it on."""

    def __init__(self, behind: KerberosSecondHop) -> None:
        """Stand before a second hop."""
        self.behind = behind
        self.heard: list[Hop] = []

    def reach(self, hop: Hop) -> Service | None:
        """Remember, and pass on."""
        self.heard.append(hop)
        return self.behind.reach(hop)

    def purge(self, host: str) -> int:
        """Pass on."""
        return self.behind.purge(host)


def test_the_other_host_has_to_see_the_caller(hop: Hopping) -> None:
    """A ticket in anybody else's name is none, though the KDC gives it and the destination takes it."""
    hop.delegate(BOTH, trusted=False)
    hop.world.hosts["hv1"].build = SERVER_2012_R2
    second_hop = hop.second_hop
    hop.world.second_hop = listener = Listener(second_hop)
    try:
        assert hop.got_there(hop.order("kerberos"))
    finally:
        hop.world.second_hop = second_hop
    (wanted,) = listener.heard
    another = replace(wanted.caller, principal="hvoperator@LAB.EXAMPLE")
    assert second_hop.reach(replace(wanted, caller=another)) == wanted.services[0]
    assert hop.reported()[-1]["why"] == "the other computer sees hvadmin@LAB.EXAMPLE"


def test_a_japanese_host_says_it_in_japanese(hop: Hopping) -> None:
    """The client reads Japanese around the code; the lab's log has both events, and alone the KDC's code."""
    hop.world.hosts["hv1"].locale = "ja-JP"
    before = len(hop.hosts.log("vmms"))
    job = hop.order("ntlm")
    hop.pass_time(1)
    (row,) = hop.client("ntlm").query("Msvm_MigrationJob", where={"InstanceID": job.id})
    said = row.text("ErrorDescription")
    assert "移行操作が移行元 'HV1' で失敗しました" in said
    shown = f"{row.properties}"
    assert "セキュリティ パッケージで利用できる資格情報がありません (0x8009030E)" in shown
    for secret in ("BADOPTION", "1765328371", "S4U2"):
        assert secret not in shown
    assert [entry["event_id"] for entry in hop.hosts.log("vmms")[before:]] == [20306, 21024]
    assert hop.reported()[-1]["kerberos"] == "KDC_ERR_BADOPTION"


def test_secrets_stay_out_of_the_log_and_the_world(hop: Hopping) -> None:
    """Neither a handed-over password nor a ticket is written down."""
    hop.delegate(BOTH, trusted=True)
    callers: tuple[Caller, ...] = ("credssp", "kerberos")
    for caller in callers:
        assert hop.got_there(hop.order(caller))
    password = hop.site.account("host_administrator")["password"]
    for name in ("world.json", "lab.log"):
        assert password not in (hop.hosts.home / name).read_text(encoding="utf-8")


def test_codes_are_told_apart() -> None:
    """Clock skew, unknown names and refusals have their names of RFC 4120; what is none of them its number."""
    codes = {-1765328347: "KRB_AP_ERR_SKEW", -1765328371: "KDC_ERR_BADOPTION", -1765328228: "-1765328228"}
    assert {code: code_name(code) for code in codes} == codes


def test_many_at_once(hop: Hopping) -> None:
    """Tickets are asked for side by side by all hosts' threads without mixing callers up."""
    hop.delegate(BOTH, trusted=True)
    people = ["hvadmin", "hvoperator", "administrator", "sensitive"] * 8
    results: list[tuple[str, Service | None]] = []

    def go(user: str) -> None:
        caller = SecondHopCaller(name=f"LAB\\{user}", principal=f"{user}@LAB.EXAMPLE")
        needed = tuple(Service(kind=kind, server="hv2.lab.example") for kind in SERVICES[:2])
        results.append(
            (
                user,
                hop.second_hop.reach(Hop(source="hv1", build=SERVER_2022, caller=caller, services=needed)),
            )
        )

    threads = [threading.Thread(target=go, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == len(people)
    assert {user for user, unreached in results if unreached is not None} == {"sensitive"}
    assert {user for user, unreached in results if unreached is None} == {
        "hvadmin",
        "hvoperator",
        "administrator",
    }
