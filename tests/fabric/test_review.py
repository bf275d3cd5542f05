"""A review from live hosts says what one from their recorded inventory says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from providers.cli import main
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
    live = json.loads(capsys.readouterr().out)
    assert main(["review", stack, "--base", stack, "--inventory", saved, "--json"]) == 0
    recorded = json.loads(capsys.readouterr().out)
    assert (live.pop("source"), recorded.pop("source")) == ("hosts", "inventory")
    assert live.pop("recorded") is None
    assert recorded.pop("recorded") is not None
    assert live == recorded
    assert live["base"]["drift"] == [move["number"] for move in live["plan"]["moves"]]
    assert {room["host"] for room in live["rooms"]} == {"hv1", "hv2", "hv3"}
    assert fabric.account.password not in page.read_text(encoding="utf-8")
