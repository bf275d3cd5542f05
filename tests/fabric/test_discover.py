"""`bin/placement discover` against hosts of the lab: what it writes orders nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.estate.generated import generate
from providers.cli import main
from tests.fabric.conftest import Fabric, Maker
from tests.unit.lab.conftest import estate, machine

pytestmark = pytest.mark.lab


def discover(fabric: Fabric, path: Path, *more: str) -> int:
    """Run the command with the hosts' addresses."""
    hosts = [spec.endpoint for spec in fabric.specs.values()]
    home = fabric.home
    return main(
        ["discover", *hosts, "--stack", "new", "--output", str(path), "--credentials", str(home / "credentials.yaml"),
         "--ca", str(home / "ca.pem"), *more]
    )  # fmt: skip


def test_two_hundred_machines_are_declared_as_they_are(
    make_fabric: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hosts have the names that they call themselves; the plan by the new file has nothing to move."""
    fabric = make_fabric(generate(hosts=8, vms=200, seed=3))
    path = tmp_path / "new.yaml"
    assert discover(fabric, path) == 0
    assert capsys.readouterr().out.startswith(f"{path}: 200 machines on 8 hosts\n")
    text = path.read_text(encoding="utf-8")
    assert all(f"  {name}:" in text for name in fabric.specs)
    assert main(["plan", str(path)]) == 0
    assert capsys.readouterr().out.startswith("Nothing to move: 200 machines are in place")


def test_a_silent_host_stops_it_unless_a_part_is_asked_for(
    make_fabric: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without its machines would call them undeclared."""
    fabric = make_fabric(estate(machine("A"), machine("B", "hv2")))
    fabric.fault("host-down", host="hv2")
    path = tmp_path / "new.yaml"
    assert discover(fabric, path) == 1
    assert "did not answer" in capsys.readouterr().err
    assert not path.exists()
    assert discover(fabric, path, "--partial") == 1
    assert "which did not answer" in path.read_text(encoding="utf-8")
    assert "  A:" in path.read_text(encoding="utf-8")
