"""The exit codes of every command on their page: the table at its end is what `--help` says."""

from __future__ import annotations

from pathlib import Path

from hyperv_placement.commands.cli import parser
from tools.docs.tables import cell, code, row

BEGIN = "<!-- written by make docs-write, from what each command says with --help -->"


def page(project: Path) -> str:
    """Return the page as it is to be: as people write it to the mark, and the table behind it. Raises ValueError without the mark."""
    text = (project / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    before, mark, _ = text.partition(BEGIN)
    if not mark:
        raise ValueError(f"docs/exit-codes.md has no line {BEGIN}")
    return f"{before}{mark}\n\n{table()}"


def table() -> str:
    """Return a row for each exit code of each command."""
    rows = [row("command", "code", "meaning"), row(*["---"] * 3)]
    for path, command in parser().commands():
        rows += [
            row(code(" ".join(path)), str(number), cell(meaning))
            for number, meaning in sorted(command.codes.items())
        ]
    return "\n".join(rows) + "\n"
