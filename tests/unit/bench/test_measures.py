"""What the bench makes of stacks, logs and labs; and one cheap figure measured for real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.bench.__main__ import main
from tools.bench.moves import Tail, delays_of, shifted
from tools.bench.preview import machines_in
from tools.bench.requests import PAGE, Tally, tally_of


def test_as_many_machines_of_each_host_are_shifted() -> None:
    """To the next host, the last one's to the first; a machine without storage of its own stays."""
    machines = {f"VM{number}": {"host": f"hv{number % 2 + 1}", "storage": "D:\\"} for number in range(6)}
    content = {"hosts": {"hv1": {}, "hv2": {}}, "vms": {"SHARED": {"host": "hv1"}, **machines}}
    hosts = {name: machine["host"] for name, machine in shifted(content, 4)["vms"].items()}
    assert hosts == {
        "SHARED": "hv1", "VM0": "hv2", "VM1": "hv1", "VM2": "hv2", "VM3": "hv1", "VM4": "hv1", "VM5": "hv2",
    }  # fmt: skip


def test_a_tail_reads_whole_lines_that_came_later(tmp_path: Path) -> None:
    """What was there before does not count, and half a line waits for its other half."""
    log = tmp_path / "log"

    def line(job: str, event: str = "end") -> str:
        return json.dumps({"event": event, "job": job}) + "\n"

    log.write_text(line("old"), encoding="utf-8")
    tail = Tail(log, lambda entry: bool(entry["event"] == "end"))
    with log.open("a", encoding="utf-8") as file:
        file.write(line("a") + line("b", "start") + line("c")[:10])
    tail.look()
    assert set(tail.seen) == {"A"}
    with log.open("a", encoding="utf-8") as file:
        file.write(line("c")[10:])
    tail.look()
    assert set(tail.seen) == {"A", "C"}


def test_a_tail_waits_for_a_file_that_is_not_there_yet(tmp_path: Path) -> None:
    """The first move makes the audit log."""
    tail = Tail(tmp_path / "log", lambda _: True)
    tail.look()
    assert tail.seen == {}


def test_delays_are_in_the_order_of_the_ends() -> None:
    """A job whose move was not verified has none."""
    assert delays_of({"A": 5.0, "B": 1.0, "C": 2.0}, {"A": 6.0, "B": 3.0}) == [2.0, 1.0]


def test_the_floor_knows_machines_by_id() -> None:
    """Providers and the stack itself are no machines."""
    machine: dict[str, Any] = {
        "urn": "urn:pulumi:bench::p::pulumi-python:hv:Vm::VM001",
        "type": "pulumi-python:hv:Vm", "id": "G", "inputs": {"host": "hv1"},
        "outputs": {"host": "hv1", "moves": 0},
    }  # fmt: skip
    state = {"deployment": {"resources": [{"urn": "urn:x", "type": "pulumi:pulumi:Stack"}, machine]}}
    assert machines_in(state) == {
        "G": {"label": "VM001", "inputs": {"host": "hv1"}, "outputs": {"host": "hv1", "moves": 0}}
    }


def test_the_worst_class_is_the_figure() -> None:
    """Others may be better; they do not make up for it."""
    tally = Tally()
    tally.requests.update({"Msvm_ComputerSystem": 1, "Msvm_MemorySettingData": 5})
    tally.characters.update({"Msvm_ComputerSystem": 100, "Msvm_MemorySettingData": PAGE + 1})
    assert tally.worst() == 2


@pytest.mark.lab
def test_requests_of_a_sweep_are_counted_by_class(tmp_path: Path) -> None:
    """The lab's side counts, so a client that miscounts itself is found out."""
    tally = tally_of(tmp_path / "lab", 3)
    assert tally.requests["Msvm_ComputerSystem"] == 1
    assert "Msvm_StorageAllocationSettingData" in tally.requests
    assert "*" not in tally.requests
    assert tally.worst() == 0


def test_one_figure_is_measured_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The decoder's, which needs no engine; whether its goal is held is for `make bench` to say."""
    code = main(["decoding", "--json"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["figure"] == "decoding on one core"
    assert code == (0 if row["held"] else 1)


def test_an_unknown_figure_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The words that are known are listed."""
    with pytest.raises(SystemExit) as leaving:
        main(["nothing"])
    assert leaving.value.code == 2
    assert "decoding" in capsys.readouterr().err
