"""The table of exit codes in the docs, as a test reads it."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "exit-codes.md"
_MARK = "| a declared machine is |"


def table() -> dict[str, dict[str, str]]:
    """Return standing -> command -> code, as the page says it."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(_MARK))
    head, rows = _cells(lines[start]), []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(_cells(line))
    commands = [name.strip("`") for name in head[1:]]
    return {row[0]: dict(zip(commands, row[1:], strict=True)) for row in rows}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]
