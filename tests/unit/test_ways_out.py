"""What leaves the program leaves it by few doors, each of which shows what does not show (`providers/hyperv_placement/visible.py`)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = {
    "pulumi.log.warn": {"providers/hyperv_placement/resources/program_log.py"},
    "pulumi.log.info": {"providers/hyperv_placement/resources/program_log.py"},
    "pulumi.log.error": set[str](),
    "pulumi.log.debug": set[str](),
    "pulumi.RunError": {"providers/hyperv_placement/resources/program_log.py"},
    "context.abort": {
        "providers/hyperv_placement/plugin/server.py",
        "providers/hyperv_placement/plugin/gate.py",
        "providers/hyperv_placement/plugin/policy_pack/analyzer.py",
    },
    "proto.CheckFailure": {"providers/hyperv_placement/plugin/server.py"},
    "engine_pb2.LogRequest": {"providers/hyperv_placement/plugin/engine_log.py"},
    "print": {"lab/commands/terminal.py", "lab/background/daemon.py"},
}
"""Calls that let text out, and the modules that may make them: each hands over what `outward` returns; the daemon's
go to the lab's log, the gate's to strangers, who get no name of ours."""
COMMANDS = (
    "providers/hyperv_placement/commands/cli.py",
    "providers/hyperv_placement/commands/",
    "providers/hyperv_placement/plugin/__main__.py",
    "providers/hyperv_placement/plugin/policy_pack/__main__.py",
    "providers/hyperv_placement/launch/private.py",
    "providers/hyperv_placement/launch/opening.py",
)
"""What commands print goes through `commands/output.py`, which is the door itself; the plugin prints the number of its port,
the launcher the project's own folder."""
STREAMS = {"sys.stdout.write", "sys.stderr.write", "sys.stdout.writelines", "sys.stderr.writelines"}
SOURCES = sorted([ROOT / "__main__.py", *(ROOT / "providers").rglob("*.py"), *(ROOT / "lab").rglob("*.py")])


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Yield what a module calls, by its name as it is written, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_text_leaves_by_a_door(path: Path) -> None:
    """A new way out goes through one of these, or gets a door of its own here and a row in the table of hostile names."""
    name = path.relative_to(ROOT).as_posix()
    strays = [
        (called, line)
        for called, line in calls(path)
        if (called in DOORS and name not in DOORS[called])
        or (called in STREAMS and not name.startswith(COMMANDS))
    ]

    assert strays == []
