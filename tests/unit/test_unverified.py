"""docs/unverified.md lists every place where the code relies on what nobody has seen, and no other."""

from __future__ import annotations

import ast
import re

import pytest

from tests.marks import MODULE, PROJECT, Place, marks, place_in

LIST = PROJECT / "docs" / "unverified.md"
_ROW = re.compile(r"^\| `([^`]+\.py)` `([^`]+)` \| (.*?) \| (.*?) \| (high|middle|low) \|$", re.MULTILINE)


def listed() -> dict[Place, tuple[str, str]]:
    """Return the rows: place -> what is assumed, what settles it. Each says how likely it is to spoil the first move."""
    return {
        Place(path, name): (assumed, settled)
        for path, name, assumed, settled, _ in _ROW.findall(LIST.read_text(encoding="utf-8"))
    }


def test_each_guess_in_the_code_is_listed() -> None:
    """A guess that is not listed is one that no first user can settle."""
    found, rows = marks("providers", "lab"), listed()
    missing = [
        f"| {place} | what is assumed | what would settle it | low |   <- {line}"
        for place, line in sorted(found.items())
        if place not in rows
    ]
    assert not missing, "Add to docs/unverified.md:\n" + "\n".join(missing)


def test_each_row_is_still_a_guess() -> None:
    """What is settled, renamed or gone must not stay in the list."""
    found = marks("providers", "lab")
    stale = [f"{place}" for place in sorted(listed()) if place not in found]
    assert not stale, "Correct or remove in docs/unverified.md (no such mark in the code):\n" + "\n".join(
        stale
    )


def test_each_row_says_what_would_settle_it() -> None:
    """No cell is empty, and no place is listed twice."""
    assert all(assumed.strip() and settled.strip() for assumed, settled in listed().values())
    text = LIST.read_text(encoding="utf-8")
    assert len(_ROW.findall(text)) == len(listed()) == len(re.findall(r"^\| `", text, re.MULTILINE))


CODE = '''"""Module: guess."""

ONE = 1
"""Of ONE: guess."""
# guess, about TWO
TWO = 2  # guess

class Three:
    """guess"""

    four: int = 4
    """guess"""

    def five(self) -> None:
        """guess"""
        return  # guess
'''


@pytest.mark.parametrize(
    ("line", "name"),
    [(1, MODULE), (4, "ONE"), (5, "TWO"), (6, "TWO"), (9, "Three"), (12, "Three.four"), (15, "Three.five"),
     (16, "Three.five")],
)  # fmt: skip
def test_a_mark_belongs_to_what_it_is_about(line: int, name: str) -> None:
    """A docstring below a constant and a comment above it are both about the constant."""
    assert place_in(ast.parse(CODE), line) == name
