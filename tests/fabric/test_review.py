"""A review from live hosts says what one from their recorded inventory says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hyperv_placement.commands.cli import main
from lab.world.objects import LabNetwork
from tests.answers import checked
from tests.fabric.conftest import Fabric
from tests.fabric.test_recorded_inventory import SWAP, fabric, stack_file

__all__ = ["fabric"]
pytestmark = pytest.mark.lab


def test_live_and_recorded_reviews_agree(
    fabric: Fabric,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Moves, room at the peak, and what is drift: here everything, since nothing is declared differently."""
    stack, saved = stack_file(fabric, tmp_path, SWAP), str(tmp_path / "inventory.json")
    assert main(["inventory", stack, "--save", saved]) == 0
    capsys.readouterr()
    page = tmp_path / "review.html"
    assert main(["review", stack, "--base", stack, "--html", str(page), "--json"]) == 0
    live = checked("review", capsys.readouterr().out)
    assert main(["review", stack, "--base", stack, "--inventory", saved, "--json"]) == 0
    recorded = json.loads(capsys.readouterr().out)
    assert (live.pop("source"), recorded.pop("source")) == ("hosts", "inventory")
    assert live.pop("recorded") is None
    assert recorded.pop("recorded") is not None
    assert live == recorded
    assert live["base"]["drift"] == [move["number"] for move in live["plan"]["moves"]]
    assert {room["host"] for room in live["rooms"]} == {"hv1", "hv2", "hv3"}
    assert fabric.account.password not in page.read_text(encoding="utf-8")


def test_the_doctor_is_asked_beforehand(
    fabric: Fabric, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A route that only hosts tell of is missing: the first line counts it, for these moves alone, and it exits with 1."""
    fabric.world.hosts["hv1"].networks = [LabNetwork(id="A", subnet="10.77.0.0", prefix=16)]
    fabric.world.hosts["hv3"].clock_skew = 900  # no machine leaves it or comes to it
    there = {name: {"host": host} for name, host in (("LEFT", "hv1"), ("RIGHT", "hv2"), ("STAYS", "hv3"))}
    stack = stack_file(fabric, tmp_path, {**there, "SNAP01": {"host": "hv2"}})
    assert main(["review", stack, "--json"]) == 1
    record = checked("review", capsys.readouterr().out)
    assert [each["where"] for each in record["doctor"]] == ["hv1", "hv1 -> hv2"]
    assert record["doctor"][0]["text"] == "It listens for migrations on no address"
    assert "no migration network in common" in record["doctor"][1]["text"]
    assert main(["review", stack]) == 1
    text = capsys.readouterr().out
    assert text.splitlines()[0].endswith("; no rule broken; the doctor finds 2 errors")
    assert "to do: Declare live_migration: &#123;networks:" in text
    assert "No inventory tells" not in text
