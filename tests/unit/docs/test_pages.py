"""The pages: what programs write is fresh, every command is one that exists, and every link leads somewhere."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperv_placement.codes.catalogue import Known, catalogue
from hyperv_placement.commands.cli import parser
from tests.documents import blocks
from tools.docs import codes, keys, site
from tools.docs.tables import heading_anchor
from tools.workspace import PROJECT

DOCS = PROJECT / "docs"
AT_THE_TOP = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
PAGES = [*AT_THE_TOP, *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"(?<!`)\[[^\]\n]+\]\(([^)\s]+)\)")
SCREEN = 50
"""Lines of the first page: what it is, an example, the first moved machine, and where to read on."""


def test_what_programs_write_is_fresh() -> None:
    """The reference of keys is the schema's, the catalogue that of the product. Stale: make docs-write."""
    assert site.stale(PROJECT) == []


def test_every_key_of_the_schema_is_told() -> None:
    """Each property at any depth has a row, with what it means and how it is written."""
    schema = json.loads((PROJECT / "schemas" / "stack.schema.json").read_text(encoding="utf-8"))
    reported = {
        (cells[1].strip("`* "), cells[3] != "", cells[5] != "")
        for line in keys.render(schema).splitlines()
        if line.startswith("|") and (cells := [cell.strip() for cell in re.split(r"(?<!\\)\|", line)])
    }
    for name in set(_properties(schema)):
        assert (name, True, True) in reported, name


def _properties(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(properties := node.get("properties"), dict):
            yield from properties
        for inner in node.values():
            yield from _properties(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _properties(inner)


def test_a_key_without_an_example_fails_the_page() -> None:
    """Who adds a key to the schema has to describe it."""
    with pytest.raises(keys.SchemaGapError, match=r"\.fresh"):
        keys.render({"type": "object", "properties": {"fresh": {"type": "string", "description": "New"}}})


def test_every_code_is_told() -> None:
    """Each row of the catalogue has a heading, its remedy and its source."""
    page = codes.render(catalogue())
    for row in catalogue():
        assert f"### `{row.shown}`" in page
    assert page.count("**What to do**") == len(catalogue())


def test_text_of_others_is_no_markup() -> None:
    """What a code means cannot end its line or open a tag."""
    row = Known(code=1, kind="http", shows="a | b", meaning="<b>_x_</b>", remedy="[y](z)", source="*s*")
    page = codes.render([row])
    assert r"\<b\>\_x\_\</b\>" in page
    assert r"\[y\](z)" in page
    assert r"a \| b" in page


def commands() -> list[tuple[Path, str]]:
    """Return every command of `bin/placement` in a shell block, with its page."""
    return [
        (page, line)
        for page in PAGES
        for block in blocks(page)
        for line in block.text.splitlines()
        if line.startswith("bin/placement ")
    ]


def test_every_command_in_a_page_is_one() -> None:
    """`bin/placement` takes each as it stands: a renamed option cannot stay behind."""
    for page, line in commands():
        words = shlex.split(re.split(r" [>|] ", line)[0], comments=True)[1:]
        try:
            parser().parse_args(words)
        except SystemExit:
            pytest.fail(f"{page.name}: {line}")
    assert {"plan", "review", "drift", "discover", "doctor", "record", "recover"} <= {
        line.split()[1] for _, line in commands()
    }


def test_the_first_page_begins_with_what_a_fresh_machine_needs() -> None:
    """Two targets of make, then a tour of commands that the tutorial's test types; the page is a screen."""
    typed = {
        line.split("#")[0].strip()
        for block in blocks(DOCS / "tutorial.md")
        for line in block.text.splitlines()
    }
    first, tour = (
        [line.split("#")[0].strip() for line in block.text.splitlines()]
        for block in blocks(PROJECT / "README.md")
    )
    assert first == ["make demo", "make test"]
    assert [line for line in tour if line not in typed] == ["make setup"]
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= SCREEN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and to a heading of it; as forges show pages, without the site."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in {heading_anchor(title) for title in _headings(target)}, link


def _headings(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a few pages that are in order."""
    project = tmp_path_factory.mktemp("project")
    (project / "docs").mkdir()
    shutil.copy(DOCS / "conf.py", project / "docs")
    return project


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("[here](index.md#a-part)", True),
        ("[nowhere](gone.md)", False),
        ("[nowhere](index.md#gone)", False),
        ("[nowhere](#gone)", False),
    ],
    ids=["in order", "no page", "no heading there", "no heading here"],
)
def test_a_broken_link_fails_the_site(copy: Path, text: str, sound: bool) -> None:
    """A page or a heading that is not there is an error; and nothing in a page that is made comes from the network."""
    (copy / "docs" / "index.md").write_text(f"# Title\n\n## A part\n\n{text}\n", encoding="utf-8")
    assert (site.build(copy, copy / "site") == 0) is sound
    page = (copy / "site" / "index.html").read_text(encoding="utf-8")
    loaded = re.findall(r"<(?:link|script|img)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*", page)
    assert loaded == []
