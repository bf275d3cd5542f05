"""One standing, every command: the exit code that the table in the docs names, and a line that says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from hyperv_placement.commands import cli
from lab.world import person
from tests.answers import checked
from tests.codes import table
from tests.fabric.conftest import Fabric, until
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab
ONE, OTHER = "6a1f0c5e-3d52-4a8b-9c1e-0f2b7d94e8a3", "6a1f0c5e-3d52-4a8b-9c1e-0f2b7d94e8a4"
AWAY = {"until": "2099-12-31", "reason": "a new mainboard"}
OTHERS = {
    "PLACED": {"host": "hv1"},
    "SECURED": {"host": "hv1"},
    "TAKEN": {"host": "hv1", "snooze": {"until": "2099-12-31", "reason": "somebody is at it"}},
    "TWIN1": {"id": ONE},
    "TWIN2": {"id": OTHER},
}
"""Every machine of the hosts, none of which counts."""
COMMANDS = ("plan", "check", "review", "drift", "result")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A stack file with a machine that stands so, and what each command says of it."""

    vms: dict[str, Any]
    """Beside the others, and over what is declared of them."""
    said: dict[str, str]
    """By command; `*` for those that are not named."""
    more: dict[str, Any] = field(default_factory=dict)
    silent: dict[str, Any] | None = None
    """What is declared of a host that does not answer, where there is one."""


DOUBLE = {"TWIN": {"host": "hv1"}}
STANDINGS = {
    "in place": Standing(
        vms={}, said={"drift": "no drift, 5 machines", "result": "reached: 4 of 5 machines in place", "*": ""}
    ),
    "to move": Standing(
        vms={"PLACED": {"host": "hv2"}},
        said={
            "drift": "PLACED: is on hv1, declared on hv2",
            "result": "move: PLACED (on hv1): host is hv1, declared hv2",
            "*": "1 move",
        },
    ),
    "to move, its window is closed": Standing(
        vms={
            "PLACED": {
                "host": "hv2", "window": [{"from": "2099-12-30T22:00Z", "until": "2099-12-31T06:00Z", "reason": "new disks"}],
            }
        },
        said={
            "plan": "PLACED waits for another run: vms.PLACED.window of host_errors.yaml is closed (new disks)",
            "drift": "PLACED: is on hv1, declared on hv2",
            "result": "PLACED waits for another run: vms.PLACED.window of host_errors.yaml is closed (new disks)",
            "review": "windows not judged",
            "*": "1 move",
        },
    ),
    "refused": Standing(
        vms={"SECURED": {"host": "hv2"}},
        said={"drift": "SECURED: is on hv1, declared on hv2", "result": "refused: SECURED (on hv1): ", "*": "virtual TPM"},
    ),
    "unknown: a host is silent": Standing(
        vms={"LOST": {"host": "hv9"}}, silent={},
        said={
            "result": "reached as far as hosts answered; 1 of 6 machines unknown; 1 does not count for now; did not answer: hv9",
            "*": "LOST is unknown",
        },
    ),
    "missing": Standing(vms={"GHOST": {"host": "hv1"}}, said={"*": "GHOST is missing"}),
    "ambiguous": Standing(vms=DOUBLE, said={"*": "TWIN fits 2 machines"}),
    "moved by others": Standing(
        vms={"TAKEN": {"host": "hv1"}},
        said={"drift": "being moved by LAB\\operator", "*": "TAKEN is being moved from hv1 to"},
    ),
    "snoozed, to move": Standing(
        vms={"PLACED": {"host": "hv2", "snooze": {"until": "2099-12-31", "reason": "new disks"}}},
        said={
            "drift": "snoozed until 2099-12-31 UTC: new disks",
            "result": "snoozed until 2099-12-31 UTC: new disks",
            "*": "1 move",
        },
    ),
    "snoozed, refused or moved by others": Standing(
        vms={"SECURED": {"host": "hv2", "snooze": {"until": "2099-12-31", "reason": "new disks"}}},
        said={"*": "snoozed until 2099-12-31 UTC: new disks"},
    ),
    "held, to move or refused": Standing(
        vms={"PLACED": {"host": "hv2"}},
        more={"hold": [{"vm": "PLACED", "until": "2099-12-31", "reason": "hands are at it"}]},
        said={"*": "PLACED is held until 2099-12-31 UTC: hands are at it"},
    ),
    "protected, in place": Standing(
        vms={}, more={"guard": {"protected": ["PLACED"]}},
        said={"drift": "no drift, 5 machines", "result": "reached: 4 of 5 machines in place", "*": ""},
    ),
    "unknown: its host is away": Standing(
        vms={"LOST": {"host": "hv9"}}, silent={"away": AWAY},
        said={"*": "hv9 is away until 2099-12-31 UTC: a new mainboard"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabric]:
    """Three hosts; a person takes a machine away, and does not come to an end with it."""
    made = Fabric(
        estate(
            machine("PLACED"),
            machine("SECURED", vtpm=True),
            machine("TAKEN"),
            machine("TWIN", id=ONE),
            machine("TWIN", "hv2", id=OTHER, folder="D:\\Hyper-V\\OTHER"),
        ),
        tmp_path_factory.mktemp("codes"),
    )
    made.fault("stall", vm="TAKEN")
    job = person.move(made.world, "TAKEN", "hv3")
    until(lambda: job.percent > 0)
    yield made
    made.close()


@pytest.fixture(scope="module")
def recorded(fabric: Fabric, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the three hosts say, as a file."""
    folder = tmp_path_factory.mktemp("recorded")
    stack = declared(fabric, folder, STANDINGS["in place"])
    file = folder / "inventory.json"
    assert cli.main(["inventory", str(stack), "--save", str(file)]) == 0
    return file


def declared(fabric: Fabric, folder: Path, standing: Standing) -> Path:
    """Write a stack file of the fabric, with a host at which nobody listens where one is to be silent."""
    hosts: dict[str, Any] = {name: {"address": host.url} for name, host in fabric.world.hosts.items()}
    if standing.silent is not None:
        hosts["hv9"] = {"address": "https://127.0.0.1:1/wsman", **standing.silent}
    connection = {"credentials": str(fabric.home / "credentials.yaml"), "ca": str(fabric.home / "ca.pem")}
    path = folder / "host_errors.yaml"
    vms = {**OTHERS, **standing.vms}
    if standing.vms is DOUBLE:
        vms = {label: vm for label, vm in vms.items() if "id" not in vm}
    content = {"connection": connection, "hosts": hosts, "vms": vms, **standing.more}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def test_the_table_has_a_row_for_each_standing() -> None:
    """And a column for each command; the engine's have their whole runs."""
    rows = table()
    assert list(rows) == list(STANDINGS)
    others = {"preview", "preview --expect-no-changes", "up"}
    assert all(set(row) == {*COMMANDS, *others} for row in rows.values())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", STANDINGS)
def test_a_command_has_the_code_of_the_table(
    name: str,
    command: str,
    fabric: Fabric,
    recorded: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With the line that says why."""
    standing = STANDINGS[name]
    words = [command, str(declared(fabric, tmp_path, standing))]
    if command in {"check", "review"}:
        words += ["--inventory", str(recorded)]
    code = cli.main(words)
    shown = capsys.readouterr()
    assert standing.said.get(command, standing.said["*"]) in shown.out, shown.out + shown.err
    assert str(code) == table()[name][command], shown.out + shown.err


def test_a_result_is_told_to_scripts(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same, machine by machine, with what the code says."""
    stack = declared(fabric, tmp_path, STANDINGS["refused"])
    assert cli.main(["result", str(stack), "--json"]) == 2
    reported = checked("result", capsys.readouterr().out)
    assert (reported["exit_code"], reported["machines"], reported["silent"]) == (2, 5, [])
    (left,) = (each for each in reported["left"] if each["proof"] != "reached")
    assert {name: left[name] for name in ("label", "proof", "host")} == {
        "label": "SECURED", "proof": "not reached", "host": "hv1",
    }  # fmt: skip
