"""What PLACEMENT_ALLOW allows."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import PlacementError
from hyperv_placement.workspace.allowances import allowances


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("max_moves", {"max_moves"}),
        (" max_moves , freeze,", {"max_moves", "freeze"}),
    ],
)
def test_limits_are_named_with_commas_between(text: str, expected: set[str]) -> None:
    """Blanks and a comma too many mean nothing."""
    assert allowances({"PLACEMENT_ALLOW": text}) == expected


def test_nothing_is_allowed_by_itself() -> None:
    """Without the variable every limit counts."""
    assert allowances({"PATH": "max_moves"}) == frozenset()


@pytest.mark.parametrize("text", ["all", "MAX_MOVES", "protected", "max_moves;freeze"])
def test_a_name_that_is_no_limit_is_an_error(text: str) -> None:
    """A slip never passes for an allowance, nor in silence; the line lists what is known."""
    with pytest.raises(
        PlacementError, match="max_moves, max_bytes, max_hosts, freeze, window, max_failures"
    ) as caught:
        allowances({"PLACEMENT_ALLOW": text})
    assert repr(text) in str(caught.value)
