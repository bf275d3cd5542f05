"""Text of files and hosts in Markdown: shown as it is, and nothing else, judged by the renderer that GitHub uses."""

from __future__ import annotations

import re

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.report.markdown import LONGEST, Budget, cut, folded, name, table, text
from hyperv_placement.visible import visible
from tests.unit.report.schedules import HOSTILE, STEERING

NASTY = [
    HOSTILE, STEERING, "a|b", "``` `x", "[here](https://evil.example)", "![i](http://evil.example/x.png)", "@everyone",
    "a@b.example", "#1 and org/repo#2", "!3 ~label %m $4 &5", "https://evil.example", "www.evil.example", "\\|", "&lt;b&gt;",
    "**bold** _it_ ~~no~~", "</code></td></details>", "<!-- x", "--> <script>alert(1)</script>", "a\r\n\r\n# head", "$x^2$",
]  # fmt: skip


def rendered(markdown: str) -> str:
    """Return what GitHub's renderer makes of it; raw HTML goes through, as on a forge before its filters."""
    return str(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))


def shown(html: str) -> str:
    """Return the text of a rendered paragraph or cell."""
    for mark, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        html = html.replace(mark, character)
    return html.replace("\u200b", "")


@pytest.mark.parametrize("nasty", NASTY)
def test_a_name_in_a_table_is_text(nasty: str) -> None:
    """One cell of a row of three, with no tag in it but the one we wrote, and every character to be seen."""
    html = rendered("\n".join(table(("a", "b", "c"), [("1", name(nasty), "3")], Budget(9_000), "rest")))
    cells = re.findall(r"<td>(.*?)</td>", html, re.DOTALL)
    assert len(cells) == 3
    inner = cells[1].removeprefix("<code>").removesuffix("</code>")
    assert "<" not in inner
    assert shown(inner) == visible(nasty)


@given(st.text(max_size=60))
def test_any_text_is_shown_as_it_is(anything: str) -> None:
    """Nothing becomes a tag, a link or a second paragraph."""
    html = rendered(f"- x: {text(anything)}.")
    inner = html.removeprefix("<ul>\n<li>x: ").removesuffix(".</li>\n</ul>\n")
    assert "<" not in inner
    assert shown(inner).split() == visible(anything).split()


@pytest.mark.parametrize(
    "address",
    [
        "@everyone",
        "#12",
        "!3",
        "https://x.example",
        "www.x.example",
        "a@b.example",
        "GH-12",
        "gh-1",
        "deadbee",
        "0123456789abcdef0123456789abcdef01234567",
        "ftp://x.example",
    ],
)
def test_a_forge_finds_nobody_to_tell(address: str) -> None:
    """What it looks for in the finished page is broken by a space without width."""
    assert address not in shown_raw(rendered(f"x {text(address)}"))


def shown_raw(html: str) -> str:
    """Return a page's text with what has no width left in."""
    return html.replace("&amp;", "&")


def test_text_of_any_length_is_cut() -> None:
    """A label in a stack file may be as long as the file."""
    assert len(text("x" * 10_000)) == LONGEST + 1


def test_a_part_keeps_to_its_budget() -> None:
    """What is cut is counted, and said where to find; a part without lines is none."""
    lines = table(("a",), [(str(number) * 10,) for number in range(100)], Budget(300), "all: --json")
    assert len("\n".join(lines[:-1])) <= 300
    left = 100 - (len(lines) - 3)
    assert lines[-1] == f"\nand {left} more (all: --json)"
    assert cut(["x"], Budget(2), "{}") == ["x"]
    assert folded("title", []) == []


def test_a_guid_can_be_copied() -> None:
    """What people put into the next command stays whole; a commit's name stands between no hyphens."""
    guid = "5B0E1C2D-ABCD-4000-8000-0123456789AB"
    assert guid in rendered(text(guid))


@pytest.mark.parametrize("sha", ["a" * 40, "x deadbeef.", "(0123456)"])
def test_no_piece_of_a_commit_is_long_enough_to_be_one(sha: str) -> None:
    """A forge links seven digits."""
    assert re.search(r"[0-9a-f]{7}", rendered(text(sha))) is None
