"""The section others:, and what is wrong in it."""

from __future__ import annotations

from datetime import date

import pytest

from hyperv_placement.model.others import Others

from .conftest import Findings, Load

HEAD = "hosts:\n  hv1: {address: hv1}\nvms:\n  A:\n"


def test_names_patterns_and_siblings(load_text: Load) -> None:
    """A name alone, or with how long and why; without the key it is known that nothing is said."""
    stack = load_text(
        f"{HEAD}others:\n- SQL*\n- {{siblings: true, reason: each site has a file}}\n"
        "- {names: [TEST-?, BACKUP01], until: 2026-12-01, reason: a rehearsal}\n"
    )
    assert stack.has_others
    assert stack.others == (
        Others(names=("SQL*",)),
        Others(siblings=True, reason="each site has a file"),
        Others(names=("TEST-?", "BACKUP01"), until=date(2026, 12, 1), reason="a rehearsal"),
    )
    assert stack.on(date(2026, 12, 1)) is stack
    assert len(stack.on(date(2026, 12, 2)).others) == 2
    assert not load_text(HEAD).has_others


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("- SQL*\n- sql*", "others[1]: 'sql*' stands here twice; name it once"),
        ("- {siblings: true}\n- {siblings: true}", "others[1]: siblings stands here twice; name it once"),
        ("- {until: 2026-12-01}", "others[0]: has neither names nor siblings; write a name or a pattern"),
        (
            "- {names: [a], siblings: true}",
            "others[0]: has both names and siblings; write a name or a pattern",
        ),
        (
            "- {siblings: false}",
            "others[0].siblings: 'false' cannot be used; write true, or take the line out",
        ),
        ("- {names: [a], until: 2026-02-31}", "others[0].until: no calendar has 2026-02-31"),
        ("- ' '", "others[0]: ' ' does not fit; write the name of a machine, or a pattern such as SQL*"),
    ],
)
def test_what_is_wrong_is_said_with_the_way_out(findings: Findings, entries: str, expected: str) -> None:
    """In one line each."""
    found = findings(f"{HEAD}others:\n{entries}\n")
    assert [expected in each for each in found] == [True], found
