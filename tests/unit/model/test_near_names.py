"""Names that look alike are found, quoted, and what of them does not show is said."""

from __future__ import annotations

import unicodedata

import pytest

from hyperv_placement.model.near_names import near, near_machines, oddness, reported
from tests.estates import machine

DECOMPOSED = unicodedata.normalize("NFD", "Müller")


@pytest.mark.parametrize(
    ("name", "other", "odd"),
    [
        ("A7", "A7 ", "blank at its end"),
        ("A7", " A7", "blank at its start"),
        ("A7", "A7\xa0", "blank at its end"),
        ("web 01", "web  01", "another blank within"),
        ("Müller", DECOMPOSED, "its letters are decomposed"),
        ("web01", "web01\u200b", "with U+200B, which does not show"),
        ("web01", "we\u00adb01", "with U+00AD, which does not show"),
        ("web01", "\uff57\uff45\uff4201", "letters of another width or form"),
        ("WEB01", "web01\u200b ", "blank at its end, with U+200B, which does not show"),
    ],
)
def test_names_that_look_alike(name: str, other: str, odd: str) -> None:
    """Each finds the other, and only one of them is odd."""
    assert near(name, ["x", other, name]) == [other]
    assert near(other, ["x", other, name]) == [name]
    assert (oddness(name), oddness(other)) == ("", odd)
    assert reported(name) == name
    assert odd in reported(other)
    assert "\u200b" not in reported(other)


@pytest.mark.parametrize("other", ["A8", "A70", "a7", "A 7", ""])
def test_other_names_and_the_same_are_not_near(other: str) -> None:
    """Case alone makes no other name, and a name that reads differently is no near one."""
    assert near("A7", [other]) == []


def test_machines_that_look_like_one_that_is_missing() -> None:
    """Where they are is said, too."""
    vms = [machine(1, "hv1", name="A7 "), machine(2, "hv2", name="A7\u200b"), machine(3, "hv2", name="A8")]
    assert near_machines("A7", vms) == (
        "; 'A7 ' (blank at its end) is on hv1; 'A7\\u200b' (with U+200B, which does not show) is on hv2"
    )
    assert near_machines("A8\u200b", vms) == (
        "; 'A8' (the name looked for: with U+200B, which does not show) is on hv2"
    )
    assert near_machines("B", vms) == ""
