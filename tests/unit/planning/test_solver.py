"""Integer programs: what fits to the byte is found, what is a byte too large is refuted, or not found; neither is believed of floats."""

from __future__ import annotations

import pytest

from hyperv_placement.planning.solver import Program, Search, solve

SIZES = (1_099_511_627_777, 549_755_813_889, 274_877_906_945, 3, 1)
"""Bytes of disks whose units nothing rounds alike."""


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (-1, False), (-(1 << 23), False), (7, True)])
def test_a_volume_is_full_to_the_byte(spare: int, fits: bool) -> None:
    """All or none of them: a terabyte and a byte in one row."""
    program = Program()
    variables = [program.variable() for _ in SIZES]
    for variable in variables:
        program.row([(variable, 1)], at_least=1)
    program.row(zip(variables, SIZES, strict=True), at_most=sum(SIZES) + spare)
    found = solve(program, {}, Search(nodes=100))
    assert (found.values is not None) == fits
    # A byte too large is not found, and that there is nothing is not claimed of floats; of some megabytes it is.
    assert found.impossible == (spare < -1)


def test_the_cheapest_answer_is_proved() -> None:
    """Two of three have to go, by as few bytes as can be; nothing undercuts that."""
    program = Program()
    variables = [program.variable() for _ in range(3)]
    program.row([(variable, 1) for variable in variables], at_least=2)
    found = solve(
        program, dict(zip(variables, (5 << 40, (3 << 40) + 1, 1 << 40), strict=True)), Search(nodes=100)
    )
    assert found.values == (0, 1, 1)
    assert (found.cost, found.best) == ((4 << 40) + 1, True)


def test_what_contradicts_itself_without_a_variable_is_refuted() -> None:
    """A row of nothing that must be at most less than nothing."""
    program = Program()
    program.row([], at_most=-1)
    assert solve(program, {}, Search(nodes=100)).impossible
