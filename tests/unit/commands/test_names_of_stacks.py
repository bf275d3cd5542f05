"""A word of a command line that is no name of a stack never becomes part of a path."""

from __future__ import annotations

import pytest

from hyperv_placement.commands.cli import main
from hyperv_placement.errors import StackNameError
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.workspace.identities import identities_path
from hyperv_placement.workspace.stacks import PROJECT, stack_path

COMMANDS = [
    ("plan", "{}"), ("check", "{}"), ("review", "{}"), ("drift", "{}"), ("result", "{}"), ("doctor", "{}"),
    ("inventory", "{}"), ("unlock", "{}"), ("accept-host", "hv1", "{}"), ("adopt", "VM001", "{}", "--id", "6A1F0C5E-3D52-4A8B-9C1E-0F2B7D94E8A3"),
    ("discover", "hv1", "--stack", "{}"), ("discover", "--from", "{}", "--stack", "new"),
    ("record", "hv1", "--output", "x.zip", "--stack", "{}"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["x/evil", "../lab", "..", "a\x1b[2Jb"])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words[:3]).replace("{}", "NAME"))
def test_every_command_refuses_it(
    words: tuple[str, ...], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With one line, in which nothing is control, before anything is read."""
    assert main([word.format(name) for word in words]) == 1
    reported = capsys.readouterr().err
    assert "is no name of a stack" in reported
    assert reported.count("\n") == 1
    assert "\x1b" not in reported


@pytest.mark.parametrize("name", ["x/evil", "..", "../../etc/cron.d/x"])
@pytest.mark.parametrize(
    "path", [stack_path, lambda name: audit_path(PROJECT, name), lambda name: identities_path(PROJECT, name)]
)
def test_no_file_has_a_place_for_it(path: object, name: str) -> None:
    """Neither the stack file, nor the audit log, nor the identities."""
    assert callable(path)
    with pytest.raises(StackNameError):
        path(name)
