"""Nothing in a name steers a terminal or breaks its columns."""

from __future__ import annotations

import pytest

from hyperv_placement.report.cells import fitted, width
from hyperv_placement.visible import visible

from .schedules import HOSTILE, STEERING


def test_what_steers_a_terminal_is_escaped() -> None:
    """Escapes, line ends, marks that turn the direction of text; and nothing else."""
    assert visible(STEERING) == "a\\x1b[31mb\\nc\\u202ed\\x00e\\u2028f"
    assert visible(HOSTILE) == HOSTILE
    assert visible("Büro 東京") == "Büro 東京"


@pytest.mark.parametrize(
    "text", ["", "VM001", "a name that is far too long", "東京東京東京東京", "e\u0301e\u0301"]
)
@pytest.mark.parametrize("cells", [1, 5, 8])
def test_a_cell_has_its_width(text: str, cells: int) -> None:
    """Whatever it holds: wide characters count twice, marks on others not at all."""
    assert width(fitted(text, cells)) == cells
    assert width(fitted(text, cells, right=True)) == cells


def test_what_is_cut_says_so() -> None:
    """And what fits is whole."""
    assert fitted("VM001", 4) == "VM0~"
    assert fitted("VM001", 6) == "VM001 "
    assert fitted("VM001", 6, right=True) == " VM001"
