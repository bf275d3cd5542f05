"""Lines for people are folded to the terminal's width: words, commands and diffs stay whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.report.cells import width
from hyperv_placement.report.folding import folded

COMMAND = "bin/placement inventory prod --save prod.json"


def test_a_line_is_folded_at_blanks_and_its_rest_is_set_in() -> None:
    """By its own indent and four columns more; what fits stays as it is."""
    assert folded("short\n  also short", 12) == "short\n  also short"
    assert folded("  one two three four", 12) == "  one two\n      three\n      four"
    assert folded("a line", None) == "a line"


def test_a_command_stays_in_one_line() -> None:
    """So that it can be copied; one that no line has room for is broken like other words."""
    assert folded(f"It cannot be read: no such file. Record one: {COMMAND}", 60) == (
        f"It cannot be read: no such file. Record one:\n    {COMMAND}"
    )
    assert COMMAND not in folded(f"Record one: {COMMAND}", 40)


def test_a_diff_stays_as_it_is() -> None:
    """Its lines are those of a file; what follows it is folded again."""
    long = "  WEB02: { host: hv2 }   # a remark that is longer than the terminal is wide"
    diff = f"--- a/lab.yaml\n+++ b/lab.yaml\n@@ -1 +1 @@\n-{long}\n+{long}\n {long}"
    assert folded(f"{diff}\nLook at it", 30) == f"{diff}\nLook at it"
    assert "\n" in folded(f"{diff}\n{'word ' * 10}", 30).removeprefix(diff).strip("\n")


def test_wide_characters_count_as_the_cells_that_they_take() -> None:
    """A terminal shows each in two."""
    assert (
        folded("\u96ea\u96ea\u96ea \u96ea\u96ea\u96ea \u96ea\u96ea\u96ea", 14).split("\n")[0]
        == "\u96ea\u96ea\u96ea \u96ea\u96ea\u96ea"
    )


@given(st.text(alphabet="ab /.-;XY\n", max_size=300), st.integers(min_value=20, max_value=100))
def test_nothing_is_lost_and_nothing_is_wider_than_it_must_be(text: str, columns: int) -> None:
    """Words keep their order; a line that is too wide is one word."""
    shown = folded(text, columns)
    if "--- " not in text:
        assert shown.split() == text.split()
        for line in shown.split("\n"):
            assert width(line) <= columns or " " not in line.strip()
