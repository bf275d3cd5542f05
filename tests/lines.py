"""Which lines of a terminal are wider than it is, though they could have been folded."""

from __future__ import annotations

from hyperv_placement.report.cells import width

DIFF = (" ", "+", "-", "@", "\\")


def too_wide(text: str, columns: int = 80) -> list[str]:
    """Return the lines that are wider; not those of a diff, and not a word or a command alone, which a person is to copy."""
    found, in_diff = list[str](), False
    for line in text.splitlines():
        in_diff = line.startswith("--- ") or (in_diff and line.startswith(DIFF))
        alone = " " not in line.strip() or line.strip().startswith("bin/placement ")
        if width(line) > columns and not alone and not in_diff:
            found.append(line)
    return found
