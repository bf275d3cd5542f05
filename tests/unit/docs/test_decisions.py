"""The decisions: one number each, links that carry the number they say, and files of the code that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.workspace import PROJECT

FOLDER = PROJECT / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))
BY_NUMBER = {path.name[:4]: path for path in DECISIONS}
CITED = re.compile(r"\bADR (\d+)|docs/adr/(\d+)|(?<=\()(00\d\d)(?=\))")
"""As comments and pages cite a decision: `ADR 0023`, `docs/adr/0033`, `(0012)`."""
LINKED = re.compile(r"\[(\d{4})\]\(([^)]+)\)")
NAMED = re.compile(r"`([\w./-]+\.(?:py|c|txt|toml))`")
FILES = sorted(
    path.relative_to(PROJECT).as_posix()
    for folder in ("docs", "lab", "providers", "schemas", "tests", "tools")
    for path in (PROJECT / folder).rglob("*.*")
    if path.is_file()
) + [path.name for path in PROJECT.iterdir() if path.is_file()]
CITING = (".py", ".yaml", ".md", ".toml")


def test_every_decision_has_a_number_of_its_own() -> None:
    """Its file's name begins with the number, and so does its title: two files cannot share one."""
    assert len(BY_NUMBER) == len(DECISIONS) > 30
    for number, path in BY_NUMBER.items():
        title = path.read_text(encoding="utf-8").splitlines()[0]
        assert re.fullmatch(rf"# {number} \S.*", title), path.name


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.name)
def test_a_decision_cites_what_is_there(path: Path) -> None:
    """Decisions by their number as a link to that number's file; files of the code by the end of their path."""
    text = path.read_text(encoding="utf-8")
    for number, target in LINKED.findall(text):
        assert BY_NUMBER[number].name == target
    assert re.findall(r"\((00\d\d)\)", text) == [], "a number without its link"
    for name in NAMED.findall(text):
        assert any(each == name or each.endswith(f"/{name}") for each in FILES), name


def test_code_and_pages_cite_decisions_that_exist() -> None:
    """So a number in a comment is changed with the decision's own."""
    cited = {
        (name, number)
        for name in FILES
        if name.endswith(CITING) and not name.startswith("tests/")
        for found in CITED.findall((PROJECT / name).read_text(encoding="utf-8"))
        for number in found
        if number
    }
    assert {number for _, number in cited} <= set(BY_NUMBER), cited
    assert cited, "no decision is cited anywhere"
