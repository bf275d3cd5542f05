"""Text of others as it leaves the program."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.visible import hidden, inert, outward, visible, visible_lines

HIDDEN = [
    "\x00", "\x1b", "\x7f", "\x9b", "\u061c", "\u200b", "\u200e", "\u200f", "\u2028", "\u2029", "\u202e", "\u2060", "\u2066",
    "\u2069", "\ufeff", "\ud800", "\u034f", "\u115f", "\u1160", "\u3164", "\uffa0", "\ufe0f", "\U000e0041", "\U000e0100", "\U000e0000",
    "\uffff", "\u180e", "\u00ad",
]  # fmt: skip


@pytest.mark.parametrize("character", HIDDEN, ids=lambda c: f"U+{ord(c):04X}")
def test_what_does_not_show_stands_as_an_escape(character: str) -> None:
    """Controls, what turns the direction of text, what has no width, tags, surrogates, fillers."""
    assert hidden(character)
    assert visible(f"a{character}b").isprintable()


@given(st.text(st.characters()))
def test_nothing_that_is_left_steers_anything(text: str) -> None:
    """Whatever the text: one line, of characters that show."""
    shown = visible(text)

    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in shown)


def test_lines_keep_their_own_ends_alone() -> None:
    """A carriage return would let a line be written over."""
    assert visible_lines("one\ntwo\rthree\u2028four") == "one\ntwo\\rthree\\u2028four"


@pytest.mark.parametrize("text", ["Größe 10", "東京-SQL", "Ωmega (2)", "e\u0301"])
def test_what_shows_stays(text: str) -> None:
    """Names are in any script."""
    assert visible(text) == text


@pytest.mark.parametrize(
    "line",
    [
        "::add-mask::x", "  ::stop-commands::x", "\u00a0::error::x", "name ##[add-mask]x", "##[group]x", "##vso[task.complete]x",
        "##teamcity[x]", "section_start:1:x", "a section_end:1:x", "one\n ::set-env name=x::y",
    ],
)  # fmt: skip
def test_nothing_orders_a_runner(line: str) -> None:
    """Wherever in the line the runner would find it; outside of a pipeline the line stays as it is."""
    assert outward(line, {}) == line
    shown = outward(line, {"GITHUB_ACTIONS": "true"})
    assert not any(part.strip().startswith("::") for part in shown.split("\n"))
    assert not any(
        order in shown for order in ("##[", "##vso[", "##teamcity[", "section_start:", "section_end:")
    )
    assert json.loads(f'"{shown}"') == line if "\n" not in line else True


def test_an_address_within_a_line_stays() -> None:
    """IPv6 has two colons, too."""
    assert inert("listens on fe80::1, ::1") == "listens on fe80::1, ::1"
