"""The log of commands and of a move, and the file of requests and answers: useful lines, and no secret."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.commands import cli
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.names import HostName
from hyperv_placement.operations.logging_setup import LogSettings, logged
from hyperv_placement.operations.recording import wire_file
from hyperv_placement.operations.recording.leftover import views
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
GOLDEN = Path(__file__).parents[1] / "golden" / "log"
_CHANGING = (
    (re.compile(r"^\S+Z (\w+ \w+)\.\w+:"), r"\1:"),
    (re.compile(r"\d+\.\d{3} s\b"), "N s"),
    (re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"), "GUID"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"SELECT .* FROM (\w+).*"), r"\1"),
)
"""What differs between two runs; besides, which file of a room logs, and which columns are read: other tests look at those."""


@pytest.fixture
def fabric(make_fabric: Maker) -> Fabric:
    """Two machines on three hosts, and a stack file that declares them."""
    made = make_fabric(estate(machine("WEB01"), machine("WEB02", "hv2")))
    (made.home / "logged.yaml").write_text(
        f"connection: {{credentials: '{made.home / 'credentials.yaml'}', ca: '{made.home / 'ca.pem'}'}}\n"
        "hosts:\n"
        + "".join(f"  {name}: {{address: '{host.url}'}}\n" for name, host in made.world.hosts.items())
        + "vms:\n  WEB01: {host: hv1}\n  WEB02: {host: hv3}\n",
        encoding="utf-8",
    )
    return made


def steady(lines: list[str]) -> list[str]:
    """Return lines without what differs between two runs; what repeats, as the polls of a job, is there once."""
    for pattern, constant in _CHANGING:
        lines = [pattern.sub(constant, line) for line in lines]
    return list(dict.fromkeys(lines))


def assert_golden(logged: Mapping[str, list[str]], tmp_path: Path) -> None:
    """Compare with the golden files; what was logged is beside them, to be copied where a difference is meant."""
    for name, lines in logged.items():
        (tmp_path / name).write_text("\n".join([*lines, ""]), encoding="utf-8")
    for name, lines in logged.items():
        assert lines == (GOLDEN / name).read_text(encoding="utf-8").splitlines(), f"logged: {tmp_path / name}"


def secrets(fabric: Fabric) -> list[str]:
    """Return what nobody may find: the account's password and its name, and the keys of the lab."""
    keys = [
        line for path in fabric.home.rglob("*.pem") if "PRIVATE" in (text := path.read_text(encoding="ascii"))
        for line in text.splitlines() if not line.startswith("-----")
    ]  # fmt: skip
    return [
        fabric.account.password,
        fabric.account.username,
        fabric.account.username.partition("\\")[2],
        *keys,
    ]


def assert_without_secrets(texts: Iterator[str], fabric: Fabric) -> None:
    """Look for every secret in each piece of a text, in every encoding that the search of recordings knows."""
    hidden = secrets(fabric)
    for text in texts:
        for piece in re.split(r"<[^<>]*>", text):
            shown = [view.casefold() for view in views(piece)]
            assert not any(secret.casefold() in view for view in shown for secret in hidden), piece


def test_the_log_of_commands_and_of_a_move(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command's lines, each once and sorted, for hosts are read at the same time; a move's in their order."""
    lines: list[str] = []
    assert cli.main(["--log-level", "debug", "drift", str(fabric.home / "logged.yaml")]) == 2
    command = capsys.readouterr().err.splitlines()
    move = fabric.order("WEB02", "hv3")
    with logged(LogSettings(level=logging.INFO), lines.append):
        fabric.run(move)
    assert_without_secrets(iter([*command, *lines]), fabric)
    assert_golden({"drift.txt": sorted(steady(command)), "move.txt": steady(lines)}, tmp_path)


@pytest.fixture
def wired(fabric: Fabric) -> Path:
    """The wire file of a sweep and of a move."""
    path = fabric.home / "wire.jsonl"
    lines: list[str] = []
    with logged(LogSettings(wire=path), lines.append):
        fabric.run(fabric.order("WEB02", "hv3"))
    assert lines == []
    return path


def entries(path: Path) -> list[dict[str, Any]]:
    """Return the exchanges of a wire file, without the line that it begins with."""
    return [
        entry
        for line in path.read_text(encoding="utf-8").splitlines()
        if "host" in (entry := json.loads(line))
    ]


def test_a_wire_file_has_each_request_and_its_answer_and_no_secret(fabric: Fabric, wired: Path) -> None:
    """Whole envelopes, with time, host, what was asked, how long it took, and HTTP's status; for its owner alone."""
    found = entries(wired)
    [order] = [each for each in found if each["operation"] == "MigrateVirtualSystemToHost"]
    assert order["host"] == "hv2"
    assert order["class"] == "Msvm_VirtualSystemMigrationService"
    assert (order["status"], order["error"], order["process"]) == (200, "", os.getpid())
    assert "MigrateVirtualSystemToHost_INPUT" in order["request"]
    assert "<p:ReturnValue>4096<" in order["answer"].replace("n1:", "p:")
    assert {each["host"] for each in found} == {"hv1", "hv2", "hv3"}
    assert all(each["seconds"] >= 0 and each["time"].endswith("Z") for each in found)
    assert stat.S_IMODE(wired.stat().st_mode) == 0o600 or os.name == "nt"
    values = (str(value) for each in found for value in each.values())
    assert_without_secrets(values, fabric)


def test_a_wire_file_becomes_a_recording_in_disguise(
    fabric: Fabric, wired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the requests beside the answers, and no name of the site in either."""
    output = fabric.home / "sent.zip"
    words = [
        "record",
        "--disguise",
        str(wired),
        "--output",
        str(output),
        "--stack",
        str(fabric.home / "logged.yaml"),
    ]
    assert cli.main(words) == 0
    assert "of 3 hosts, " in capsys.readouterr().out
    with zipfile.ZipFile(output) as opened:
        files = {name: opened.read(name).decode() for name in opened.namelist()}
    [request] = [
        text for name, text in files.items() if name.endswith("MigrateVirtualSystemToHost.request.xml")
    ]
    assert "MigrateVirtualSystemToHost_INPUT" in request
    names = [text for host in fabric.world.hosts.values() for text in (host.computer_name, host.full_name)]
    machines = [text for vm in fabric.world.vms() for text in (vm.name, vm.id)]
    for text in files.values():
        assert not any(name.casefold() in text.casefold() for name in (*names, *machines))
    assert cli.main(words) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_file_that_is_no_wire_file_is_no_recording(
    fabric: Fabric, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says which line; a last line that a full disk has torn is left out."""
    path, output = fabric.home / "w.jsonl", fabric.home / "w.zip"
    words = ["record", "--disguise", str(path), "--output", str(output)]
    path.write_text('{"process": 1}\n{"host": "hv1"}\n{"pro\n', encoding="utf-8")
    assert cli.main(words) == 1
    assert capsys.readouterr().err.startswith(f"{path}:2 is not a line of a wire file. ")
    path.write_text('{"process": 1}\n{"host": "hv1", "oper', encoding="utf-8")
    assert cli.main(words) == 0
    assert "0 answers of 0 hosts" in capsys.readouterr().out
    assert cli.main(["record", "--output", str(output)]) == 1
    assert "either a host or --disguise FILE" in capsys.readouterr().err


def full(path: Path) -> None:
    """Fill the file up to where nothing more may be written."""
    path.write_bytes(b" " * wire_file.MOST_BYTES)


def gone(path: Path) -> None:
    """Take the folder away, as a disk does that is unplugged."""
    shutil.rmtree(path.parent)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(full, "it would become larger than 32 MiB"), (gone, "No such file or directory")],
)
def test_a_wire_file_that_cannot_be_written_breaks_no_run(
    fabric: Fabric, trouble: Callable[[Path], None], said: str
) -> None:
    """The first failure is a warning, and the last line of a full file says what is not in it."""
    path = fabric.home / "there" / "wire.jsonl"
    path.parent.mkdir()
    lines: list[str] = []
    with logged(LogSettings(wire=path), lines.append):
        trouble(path)
        assert fabric.inventory().hosts.keys() == fabric.specs.keys()
    [line] = lines
    assert line.endswith(f"gets no more requests and answers of process {os.getpid()}: {said}")
    if path.exists():
        assert "dropped" in json.loads(path.read_text(encoding="utf-8").strip().splitlines()[-1])


def test_a_request_without_an_answer_is_in_a_wire_file_with_the_reason(
    fabric: Fabric, tmp_path: Path
) -> None:
    """It is what is looked for first: a refused login is there as HTTP's 401, without what was refused."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("username: 'LAB\\carol'\npassword: not-the-one\n", encoding="utf-8")
    wrong.chmod(0o600)
    path = tmp_path / "wire.jsonl"
    host = fabric.spec("hv1", file=str(wrong))
    with logged(LogSettings(wire=path), str):
        refused = Estate({HostName("hv1"): host}, clock=fabric.clock)
        with pytest.raises(PlacementError):
            refused.client(HostName("hv1")).query("Msvm_ComputerSystem", "Name")
    [entry] = entries(path)
    assert (entry["answer"], entry["operation"]) == (None, "Enumerate")
    assert entry["error"].startswith("AuthenticationError: hv1 refused the credential of user-1")
    assert "carol" not in path.read_text(encoding="utf-8").casefold()
