"""What a command's exit codes mean is said by its `--help`, and stands on docs/exit-codes.md: one text, in both places."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hyperv_placement import commands
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.arguments import Parser
from hyperv_placement.commands.cli import main, module_of, parser
from tools.docs.exit_codes import table
from tools.workspace import PROJECT

COMMANDS = {" ".join(path): found for path, found in parser().commands()}
NUMBERS = {name: value for name, value in vars(exit_codes).items() if isinstance(value, int)}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_the_page_say_the_same(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each code with its meaning, 0 and 1 among them; no line of the help is wider than 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    found: Parser = COMMANDS[command]
    assert {0, 1} <= found.codes.keys() <= set(NUMBERS.values())
    assert main([*command.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    codes = shown.partition("exit codes:")[2]
    said = {
        int(number): " ".join(text.split())
        for number, text in re.findall(r"(?m)^ +(\d+)  ((?:.+\n(?:       .+\n)*))", codes)
    }
    assert said == found.codes
    page = (PROJECT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    assert table() in page
    assert f"| `{command}` | 1 |" in page


@pytest.mark.parametrize("command", sorted({path.split()[0] for path in COMMANDS}))
def test_a_code_that_the_source_names_is_said(command: str) -> None:
    """Whoever ends a command with another code says what it means."""
    path = Path(commands.__file__).with_name(f"{module_of(command)}.py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    said = {code for name, found in COMMANDS.items() if name.split()[0] == command for code in found.codes}
    assert {NUMBERS[name] for name in named & NUMBERS.keys()} <= said
