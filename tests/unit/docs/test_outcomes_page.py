"""docs/outcomes.md and the tests that show it say the same: a row for each test with the marker, and its words."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tools.workspace import PROJECT

TESTS = PROJECT / "tests"
ROW = re.compile(r"^\| (?!what happened|---)(.+) \|$", re.MULTILINE)
SHOWN_BY = re.compile(r"`(\w+/test_\w+)::(test_\w+)`")
QUOTED = re.compile(r'"([^"]+)"')
LEAST = 50
FIELDS = 4


def rows() -> list[tuple[str, ...]]:
    """Return the cells of each row."""
    text = (PROJECT / "docs" / "outcomes.md").read_text(encoding="utf-8")
    return [tuple(found.split(" | ")) for found in ROW.findall(text)]


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file of tests as a tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def marked() -> set[tuple[str, str]]:
    """Return file and name of each test with the marker."""
    found = set()
    for path in TESTS.glob("*/test_*.py"):
        if "mark.outcome" in path.read_text(encoding="utf-8"):
            functions = (each for each in parsed(path).body if isinstance(each, ast.FunctionDef))
            found |= {
                (f"{path.parent.name}/{path.stem}", each.name)
                for each in functions
                if any(ast.unparse(mark) == "pytest.mark.outcome" for mark in each.decorator_list)
            }
    return found


def words(file: str, name: str) -> str:
    """Return all texts of a test, and those of its file outside of any function; `match=` is a pattern, read as plain words."""
    tree = parsed(TESTS / f"{file}.py")
    around = [each for each in tree.body if not isinstance(each, ast.FunctionDef) or each.name == name]
    texts = [each.value for part in around for each in ast.walk(part) if isinstance(each, ast.Constant)]
    return "\n".join(
        re.sub(r"\\(.)", r"\1", text).replace(".*", "\n") for text in texts if isinstance(text, str)
    )


def test_each_row_has_a_test_of_its_own_and_each_marked_test_a_row() -> None:
    """Both ways: what is not on the page is missed, and what no test shows is not claimed."""
    found = [SHOWN_BY.fullmatch(cells[-1]) for cells in rows()]
    assert all(len(cells) == FIELDS for cells in rows())
    assert None not in found
    named = [match.groups() for match in found if match]
    assert len(named) == len(set(named)) >= LEAST
    assert set(named) == marked()


@pytest.mark.parametrize("cells", rows(), ids=lambda cells: cells[0])
def test_what_stands_in_quotes_is_what_the_test_reads(cells: tuple[str, ...]) -> None:
    """In the columns of both runs; a row without quotes says it in words of its own."""
    match = SHOWN_BY.fullmatch(cells[-1])
    assert match
    known = words(*match.groups())
    for quoted in (each for cell in cells[1:-1] for each in QUOTED.findall(cell)):
        assert quoted in known, quoted
