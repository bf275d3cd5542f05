"""What the worst host costs: each way to go on for ever ends in one line, at its deadline and within 64 MiB."""

from __future__ import annotations

import dataclasses
import gc
import gzip
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from hyperv_placement.clock import SystemClock
from hyperv_placement.errors import HostUnreachableError, PlacementError, ProtocolError
from hyperv_placement.hyperv.cluster import read_cluster
from hyperv_placement.hyperv.detail import Detail
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Silence
from hyperv_placement.model.names import HostName
from hyperv_placement.model.stack import Authentication, Connection, HostSpec
from hyperv_placement.operations.recording import vocabulary
from hyperv_placement.operations.recording.answers import FULL, MOST_BYTES
from hyperv_placement.operations.recording.record import record
from hyperv_placement.winrm.bounds import MEBIBYTE, Bounds
from hyperv_placement.winrm.client import Client
from hyperv_placement.winrm.logins import Logins
from hyperv_placement.wsman import EnumerateResponse, Fragment, PullResponse
from lab.home import certificates
from tests.clocks import FastClock
from tests.fabric.hostile import (
    CHUNKED,
    OK,
    PIECE,
    Answer,
    Dumb,
    Hostile,
    chunk,
    dripping,
    endless,
    enumerations,
    envelope,
    pages,
    row,
    silent,
    whole,
)

pytestmark = pytest.mark.lab
SHORT = Bounds(connect_seconds=0.5, answer_seconds=0.5)
"""Deadlines of a test; what counts bytes has its bounds as everywhere."""
MOST_CPU = 6.0
"""Seconds of CPU after which a host has cost too much; the host itself runs in this process, too."""
MOST = 64 * MEBIBYTE
BODY = b"<a>" * (PIECE // 3)
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Negotiate\r\n"
LATE, LARGE, ODD = "did not answer within 1 s|no connection within", "more than 1048576 bytes", "compressed"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA, a certificate of hv1, and credentials."""
    path = tmp_path_factory.mktemp("hostile")
    certificates.ensure(path, [("hv1", "hv1.lab.example")])
    credentials = path / "credentials.yaml"
    credentials.write_text("username: 'LAB\\a'\npassword: s3cret\n", encoding="utf-8")
    credentials.chmod(0o600)
    return path


def spec(home: Path, url: str, auth: Authentication = "basic", name: str = "hv1") -> HostSpec:
    """Return how a host is reached."""
    connection = Connection(auth=auth, credentials=home / "credentials.yaml", ca=home / "ca.pem")
    return HostSpec(name=HostName(name), endpoint=url, connection=connection)


def peak(*, reset: bool = False) -> int | None:
    """Return the most memory that this process has had since the last reset; None where a system does not tell."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


@contextmanager
def costs_little(host: Hostile) -> Iterator[None]:
    """Check the CPU time, the memory, that no connection stays behind, and of threads one that watches all deadlines."""
    gc.collect()
    before, begun = peak(reset=True), time.process_time()
    yield
    assert time.process_time() - begun < MOST_CPU
    after = peak()
    if before is not None and after is not None:
        assert after - before < MOST
    assert sum(each.name == "deadlines" for each in threading.enumerate()) == 1
    connections = psutil.Process().net_connections("tcp")
    assert (host.port,) not in {each.raddr[1:] for each in connections}


def asked(client: Client) -> None:
    """Ask something that a page of rows answers."""
    client.query("Msvm_ComputerSystem", "Name")


WAYS: dict[str, tuple[Answer, str]] = {
    "a compressed body": (whole(gzip.compress(bytes(64 << 20)), OK + b"Content-Encoding: gzip\r\n"), ODD),
    "a body compressed twice": (endless(OK + b"Content-Encoding: identity, br\r\n\r\n", BODY), ODD),
    "an endless body": (endless(CHUNKED, chunk(BODY)), LARGE),
    "an endless body without a length": (endless(OK + b"Connection: close\r\n\r\n", BODY), LARGE),
    "a body of a terabyte": (endless(OK + b"Content-Length: 1099511627776\r\n\r\n", BODY), LARGE),
    "an endless body of an error": (
        endless(CHUNKED.replace(b"200 OK", b"500 No"), chunk(BODY)),
        LARGE,
    ),
    "an endless body of a refusal": (endless(CHUNKED.replace(b"200 OK", b"401 No"), chunk(BODY)), LARGE),
    "an endless body of a redirect": (
        endless(CHUNKED.replace(b"200 OK", b"307 No\r\nLocation: /x"), chunk(BODY)),
        LARGE,
    ),
    "an endless line of a head": (endless(OK + b"X: ", b"x" * PIECE), "dropped|unreadable|no answer"),
    "endless lines of a head": (endless(OK, b"X: x\r\n" * 1000), "dropped|unreadable"),
    "an endless status": (endless(b"HTTP/1.1 200 ", b"x" * PIECE), "dropped|unreadable"),
    "endless requests to go on": (
        endless(b"", b"HTTP/1.1 100 Continue\r\nX: x\r\n\r\n" * 1000),
        LARGE,
    ),
    "an endless extension of a chunk": (endless(CHUNKED + b"1;x=", b"x" * PIECE), f"{LARGE}|dropped"),
    "endless lines after a body": (endless(CHUNKED + b"0\r\n", b"X: x\r\n" * 1000), LARGE),
    "a dripping body": (dripping(CHUNKED, chunk(b" ")), LATE),
    "a dripping body of an error": (dripping(CHUNKED.replace(b"200 OK", b"500 No"), chunk(b" ")), LATE),
    "a dripping body without a length": (dripping(OK + b"Connection: close\r\n\r\n"), LATE),
    "a dripping head": (dripping(OK + b"X: ", b"x"), LATE),
    "dripping requests to go on": (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE),
    "nothing": (silent, LATE),
    "an enumeration without an end": (pages(*(row() for _ in range(4000))), "rows take more than 24 MiB"),
    "an enumeration of large rows": (pages(row(1 << 19)), "rows take more than 24 MiB"),
    "an enumeration of empty pages": (pages(), "17 empty pages in a row"),
    "a deep answer": (whole(b"<a>" * 40_000), "Excessive depth"),
    "a million elements": (whole(b"<x>" + b"<a/>" * 200_000 + b"</x>"), "more than 45000 tags"),
    "an answer of entities": (whole(b'<!DOCTYPE s [<!ENTITY a "aaaa">]><s>&a;</s>'), "document type"),
}


@pytest.mark.parametrize(("answer", "said"), WAYS.values(), ids=WAYS.keys())
def test_an_answer_costs_its_bounds_at_most(home: Path, answer: Answer, said: str) -> None:
    """One line that names the host; nobody is left behind, and the host is asked no more than a few times."""
    with Hostile(home, answer) as host, costs_little(host):
        client = Client(spec(home, host.url), Logins(), FastClock(), bounds=SHORT)
        with pytest.raises(PlacementError, match=said) as caught:
            asked(client)
        client.close()
    assert str(caught.value).startswith("hv1 ") or str(caught.value).startswith("hv1:")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert isinstance(caught.value, ProtocolError | HostUnreachableError)


LOGINS: dict[str, tuple[Answer, str]] = {
    "an endless body": (endless(CHUNKED.replace(b"200 OK", b"401 No"), chunk(BODY)), LARGE),
    "a compressed body": (
        whole(gzip.compress(bytes(64 << 20)), REFUSED + b"Content-Encoding: gzip\r\n"),
        ODD,
    ),
    "a dripping body": (dripping(REFUSED + b"Transfer-Encoding: chunked\r\n\r\n", chunk(b" ")), LATE),
    "a dripping head": (dripping(REFUSED + b"X: ", b"x"), LATE),
    "nothing": (silent, LATE),
    "one offer after the other": (whole(b"", REFUSED), "refused the credential"),
}


@pytest.mark.parametrize(("answer", "said"), LOGINS.values(), ids=LOGINS.keys())
def test_a_login_costs_no_more(home: Path, answer: Answer, said: str) -> None:
    """Before anybody has proved anything, and over plain HTTP, where anybody on the way can answer."""
    with Hostile(home, answer, secure=False) as host, costs_little(host):
        client = Client(spec(home, host.url, "ntlm"), Logins(), FastClock(), bounds=SHORT)
        with pytest.raises(PlacementError, match=said):
            asked(client)
        client.close()
    assert host.requests <= 3


@pytest.mark.parametrize("answer", [silent, dripping(b"", b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb\x03")])
def test_a_handshake_of_tls_has_its_deadline(home: Path, answer: Answer) -> None:
    """Whether nothing comes, or a record of 16 kB byte by byte."""
    with Dumb(home, answer) as host, costs_little(host):
        client = Client(spec(home, host.url), Logins(), FastClock(), bounds=SHORT)
        with pytest.raises(HostUnreachableError, match="hv1"):
            asked(client)
        client.close()


def test_a_reading_has_its_deadline(home: Path) -> None:
    """However many pages come, each in good time."""
    short = dataclasses.replace(SHORT, reading_seconds=0.5)
    with Hostile(home, pages(row(), pause=0.05)) as host, costs_little(host):
        client = Client(spec(home, host.url), Logins(), SystemClock(), bounds=short)
        with pytest.raises(HostUnreachableError, match=r"hv1 was not read to the end within 0\.5 s"):
            asked(client)
        client.close()


def test_what_one_reading_holds_is_shared_by_its_queries(home: Path) -> None:
    """Classes that pass alone are too much together, as a sweep holds them; afterwards all is free again."""
    small = dataclasses.replace(SHORT, rows_bytes=3 * MEBIBYTE // 2)
    with Hostile(home, enumerations(2)) as host, costs_little(host):
        client = Client(spec(home, host.url), Logins(), FastClock(), bounds=small)
        for _ in range(2):
            with client.budget.reading():
                asked(client)
                with pytest.raises(ProtocolError, match=r"rows take more than 1\.5 MiB"):
                    asked(client)
        asked(client)
        client.close()


def test_hostile_hosts_cost_the_others_nothing(home: Path) -> None:
    """The sweep has their lines, and what the host that is well has answered."""
    with ExitStack() as open_:
        hosts = {
            name: open_.enter_context(Hostile(home, answer))
            for name, answer in {
                "endless": endless(CHUNKED, chunk(BODY)),
                "late": dripping(CHUNKED, chunk(b" ")),
                "well": enumerations(0),
            }.items()
        }
        specs = {HostName(name): spec(home, host.url, name=name) for name, host in hosts.items()}
        estate = Estate(specs, clock=FastClock(), bounds=SHORT)
        found = estate.read(Detail.PLACEMENT)
        estate.close()
    assert list(found.hosts) == ["well"]
    assert {name: silent.kind for name, silent in found.unreachable.items()} == {
        "endless": Silence.UNREADABLE,
        "late": Silence.SILENT,
    }


def test_waiting_for_others_logins_is_no_part_of_a_hosts_time(home: Path) -> None:
    """While a credential is unproven, hosts are asked one by one; those that say nothing make none of the others late."""
    bounds = dataclasses.replace(SHORT, reading_seconds=1.2)
    with ExitStack() as open_:
        hosts = {f"late{number}": open_.enter_context(Hostile(home, silent)) for number in range(4)}
        hosts["well"] = open_.enter_context(Hostile(home, enumerations(0)))
        specs = {HostName(name): spec(home, host.url, name=name) for name, host in hosts.items()}
        estate = Estate(specs, clock=SystemClock(), bounds=bounds)
        found = estate.read(Detail.PLACEMENT)
        estate.close()
    assert list(found.hosts) == ["well"], found.unreachable


def test_rows_of_an_enumeration_that_broke_off_are_held_no_more(home: Path) -> None:
    """It is asked for once more, and counted once."""
    answers = enumerations(2)
    broken: list[bytes] = []

    def breaking(request: bytes) -> Iterable[bytes]:
        if b"/enumeration/Pull<" in request and host.requests == 3:
            broken.append(request)
            raise ConnectionResetError
        return answers(request)

    small = dataclasses.replace(SHORT, rows_bytes=5 * MEBIBYTE // 4)
    with Hostile(home, breaking) as host:
        client = Client(spec(home, host.url), Logins(), FastClock(), bounds=small)
        assert len(client.query("Msvm_ComputerSystem", "Name")) == 2
        client.close()
    assert broken


def test_a_cluster_of_many_machines_costs_what_is_kept_of_it(home: Path) -> None:
    """Any node tells of all of them, with some fifty properties of each; 8,000 are what Windows lets a cluster have."""
    rest = {f"Property{number}": "x" * 40 for number in range(45)}
    guid = "D46FD5CD-A9CB-40B1-ACFB-5CC8C759E2D5"
    reported = {
        "Name": "Virtual Machine web",
        "OwnerNode": "HV1",
        "Type": "Virtual Machine",
        "PrivateProperties": f"VmID={guid}",
    }
    left: dict[str, int] = {}

    def cluster(request: bytes) -> Iterable[bytes]:
        if b"MSCluster_Cluster" in request:
            begun = EnumerateResponse(context=None, items=(Fragment({"Name": "CL1"}),), end=True)
            return whole(envelope(begun, request))(request)
        if b"/enumeration/Enumerate<" in request:
            left["pages"] = 5
            return whole(envelope(EnumerateResponse(context="uuid:1", items=()), request))(request)
        left["pages"] -= 1
        end = not left["pages"]
        page = PullResponse(
            context=None if end else "uuid:1", items=(Fragment({**reported, **rest}),) * 80, end=end
        )
        return whole(envelope(page, request))(request)

    with Hostile(home, cluster) as host:
        small = dataclasses.replace(SHORT, rows_bytes=MEBIBYTE)  # of rows as they come, 100
        client = Client(spec(home, host.url), Logins(), FastClock(), bounds=small)
        with client.budget.reading():
            found = read_cluster(client, "HV1")
        client.close()
    assert found.machines == {guid, "web"}


@pytest.mark.parametrize("endless_class", ["Msvm_SnapshotOfVirtualSystem", "Msvm_"])
def test_a_recording_has_an_end(home: Path, endless_class: str) -> None:
    """Whether one question is answered for ever, or each: what is kept is bounded, and what is left out is said."""
    own, endless_pages = (
        Fragment({"Name": "HV1", "DNSHostName": "hv1", "Domain": "lab.example"}),
        pages(row(1 << 18)),
    )

    def answer(request: bytes) -> Iterable[bytes]:
        if b"/enumeration/Enumerate<" in request and endless_class.encode() not in request:
            begun = EnumerateResponse(items=(own,) if b"Win32_ComputerSystem" in request else (), end=True)
            return whole(envelope(begun, request))(request)
        return endless_pages(request)

    with Hostile(home, answer) as host:
        found = record(spec(home, host.url), FastClock(), lambda _: None)
    assert sum(len(each.envelope) for each in found.answers.all) <= MOST_BYTES
    reported = found.unanswered["SELECT * FROM Msvm_SnapshotOfVirtualSystem"]
    assert reported in {"read until page 4 and not to the end", FULL}
    assert all(vocabulary.is_word(word) for word in re.findall(r"\w+", reported))
