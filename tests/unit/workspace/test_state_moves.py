"""The moves that a state keeps, as the engine exports it: what is none there is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hyperv_placement.workspace.engine_calls import EngineCalls
from hyperv_placement.workspace.state_moves import StateUnreadError, state_moves
from tests.estates import guid

MOVE = {
    "from": "hv1",
    "to": "hv2",
    "bytes": 5,
    "seconds": 2.5,
    "estimated": 3.0,
    "ended": 1_780_000_000,
    "who": "runner",
}


def asked(folder: Path, answer: str, code: int = 0) -> Any:
    """Return what is read of an engine that gives this answer."""
    (folder / "answer").write_text(answer, encoding="utf-8")
    wrapper = folder / "bin" / "pulumi"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f"import sys\nsys.stdout.write(open({str(folder / 'answer')!r}).read())\nsys.exit({code})\n",
        encoding="utf-8",
    )
    return state_moves(EngineCalls(folder, "lab", {}), "lab")


def export(*resources: object) -> str:
    """Return an export of a state."""
    return json.dumps({"version": 3, "deployment": {"resources": list(resources)}})


def test_moves_are_read_by_the_guid_of_their_machine(tmp_path: Path) -> None:
    """What was edited by hand, and what is no machine, is left out; bytes that no plan has said are not recorded."""
    unplanned = {**MOVE, "bytes": 0, "estimated": 0.0}
    machine = {"outputs": {"vmId": guid(1), "lastMoves": [MOVE, {**MOVE, "seconds": "x"}, 7, unplanned]}}
    found = asked(
        tmp_path, export(machine, {"outputs": {"vmId": "none"}}, {"type": "pulumi:pulumi:Stack"}, 3)
    )
    assert list(found) == [guid(1)]
    assert [(each.source, each.to, each.bytes, each.who, each.stack) for each in found[guid(1)]] == [
        ("hv1", "hv2", 5, "runner", "lab"),
        ("hv1", "hv2", None, "runner", "lab"),
    ]


def test_a_stack_without_a_state_has_no_moves(tmp_path: Path) -> None:
    """The engine says so by its exit code."""
    assert asked(tmp_path, "", code=6) == {}


@pytest.mark.parametrize(("answer", "code"), [("error: no passphrase", 255), ("{}", 0), ("torn", 0)])
def test_a_state_that_cannot_be_read_is_an_error_and_not_empty(
    tmp_path: Path, answer: str, code: int
) -> None:
    """Who asks says that it was not read."""
    with pytest.raises(StateUnreadError):
        asked(tmp_path, answer, code)
