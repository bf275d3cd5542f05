"""No command is put together by hand: each goes through `providers/hyperv_placement/quoting.py`, which alone knows what a shell leaves alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUOTING = ROOT / "providers" / "hyperv_placement" / "quoting.py"
SOURCES = sorted([ROOT / "__main__.py", *(ROOT / "providers").rglob("*.py")])
COMMAND = re.compile(
    r"\b(?:Add|Clear|Compare|Convert|Disable|Enable|Export|Format|Get|Grant|Import|Install|Invoke|Merge|Move|New|Register|Remove"
    r"|Rename|Restart|Resume|Set|Start|Stop|Suspend|Test|Update)-(?:AD|CimI|CimM|Cluster|Item|Net|VM|VHD|WSMan)\w*"
    r"|\bpulumi (?:up|preview|refresh|cancel|state|stack|import|destroy|config|login)\b|\bbin/(?:pulumi|placement|lab)\b"
    r"|\b(?:chmod|chown|icacls|klist|kinit|setspn|ldapmodify|ldifde|w32tm|openssl|netsh|dsquery|certutil|sudo)\b|\bwinrm [a-z]|\brm -"
)
"""Words with which a line begins that a person pastes into a shell."""
TEMPLATED = {"powershell", "own", "ldap_filter"}


def written_by_hand(tree: ast.AST) -> Iterator[int]:
    """Yield the lines at which a text that looks like a command is joined with a value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and any(
            isinstance(part, ast.FormattedValue) for part in node.values
        ):
            texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            texts = [side.value for side in (node.left, node.right) if isinstance(side, ast.Constant)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            held = node.func.value
            takes = node.func.attr in {"format", "replace", "join", "format_map", "removesuffix"}
            texts = [held.value] if takes and isinstance(held, ast.Constant) else []
        else:
            continue
        if any(isinstance(text, str) and COMMAND.search(text) for text in texts):
            yield node.lineno


def imported_by_name(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that import the functions themselves: under their module's name they are found."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("quoting"):
            yield node.lineno


def made_of_more_than_literals(tree: ast.AST) -> Iterator[int]:
    """Yield the lines at which a template is no literal, or a Command is made without one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        literal = bool(node.args) and isinstance(node.args[0], ast.Constant)
        made = called.removeprefix("quoting.")
        if made == "Command" or (made in TEMPLATED and made != called and not literal):
            yield node.lineno


@pytest.mark.parametrize(
    "path", [each for each in SOURCES if each != QUOTING], ids=lambda p: str(p.relative_to(ROOT))
)
def test_no_command_is_joined_with_a_value_by_hand(path: Path) -> None:
    """A name of a host in such a text would be part of what a domain administrator pastes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert not sorted({*written_by_hand(tree), *made_of_more_than_literals(tree), *imported_by_name(tree)})


@pytest.mark.parametrize(
    "source",
    [
        'f"Get-ADComputer -Filter \\"dNSHostName -eq \'{name}\'\\""',
        "'Run: chmod 600 %s' % path",
        "'Run: chmod 600 ' + path",
        "f'pulumi state delete {urn!r}'",
        "'bin/placement adopt {}'.format(label)",
        "quoting.powershell(text, name)",
        "quoting.Command(text)",
        "from hyperv_placement.quoting import Command",
    ],
)
def test_what_is_looked_for_is_found(source: str) -> None:
    """The search sees each of the ways in which such texts have been written."""
    tree = ast.parse(source)

    assert [*written_by_hand(tree), *made_of_more_than_literals(tree), *imported_by_name(tree)]
