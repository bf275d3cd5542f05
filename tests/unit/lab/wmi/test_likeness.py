"""LIKE of WQL: what its wildcards stand for, and that no pattern keeps a host busy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.wmi.likeness import is_like
from lab.wmi.tokens import QueryError

TEXTS = st.text("aBc]-", max_size=8)  # no bracket that would open a set


@pytest.mark.parametrize(
    ("pattern", "text", "like"),
    [
        ("", "", True), ("", "a", False), ("%", "", True), ("_", "", False), ("_%", "a", True), ("a%", "ABC", True),
        ("%b%", "abc", True), ("%b", "abcb", True), ("%ab%ab", "abab", True), ("%ab%ab", "ab", False),
        ("a_c", "abc", True), ("a_c", "ac", False), ("[a-c]%", "Bx", True), ("[^a-c]%", "Bx", False),
        ("[%]", "%", True), ("[_]", "a", False), ("a.c", "abc", False), ("%\n%", "a\nb", True),
        ("%b%b%b", "abcbc", False),
    ],
)  # fmt: skip
def test_wildcards_stand_for_what_the_page_says(pattern: str, text: str, *, like: bool) -> None:
    """Of sets, the shortest one counts: a set ends with its first bracket."""
    assert is_like(text, pattern) is like


@pytest.mark.parametrize("pattern", ["[c-a]", "[^]"])
def test_malformed_sets_are_refused(pattern: str) -> None:
    """A range that ends before it begins, and a set of nothing."""
    with pytest.raises(QueryError):
        is_like("a", pattern)


@pytest.mark.parametrize("wanted", ["%_" * 60, "%m" * 60, "%" * 5000])
def test_no_pattern_keeps_a_host_busy(wanted: str) -> None:
    """As a regular expression each of these took longer than anybody waits, for every host of the lab."""
    assert not is_like("m" * 400, wanted + "!")


@given(before=TEXTS, middle=TEXTS, after=TEXTS)
def test_a_text_is_like_its_parts(before: str, middle: str, after: str) -> None:
    """Whatever is replaced by wildcards."""
    text = before + middle + after
    assert is_like(text, f"%{after}")
    assert is_like(text.upper(), f"{before}%{after}")
    assert is_like(text, f"{before}{'_' * len(middle)}{after}")
