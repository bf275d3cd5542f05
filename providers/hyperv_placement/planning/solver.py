"""Integer programs by HiGHS: rows and variables in, whole numbers out, with limits in nodes and never in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

_TOLERANCE = 1e-9
"""The finest that HiGHS takes; with its default (1e-6) a unit of large amounts passes for none."""
_LARGEST = 1 << 22
"""Of the amounts in a row: the tolerance is far below one of them."""
_HALF = 0.5
OPTIMAL = "kOptimal"
"""The name of the status with which an answer is proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Amounts of variables that together are at least and at most so much; amounts are whole numbers."""

    terms: tuple[tuple[int, int], ...]
    """Variable and amount."""
    at_least: int | None = None
    at_most: int | None = None


@dataclass(slots=True)
class Program:
    """Variables from 0 to a limit, and rows."""

    upper: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def variable(self, upper: int = 1) -> int:
        """Return a new variable: a whole number from 0 to `upper`."""
        self.upper.append(upper)
        return len(self.upper) - 1

    def row(
        self, terms: Iterable[tuple[int, int]], *, at_least: int | None = None, at_most: int | None = None
    ) -> None:
        """Add a row, unless it always holds."""
        kept = tuple((variable, amount) for variable, amount in terms if amount)
        most = sum(self.upper[variable] * amount for variable, amount in kept if amount > 0)
        least = sum(self.upper[variable] * amount for variable, amount in kept if amount < 0)
        at_most = None if at_most is not None and most <= at_most else at_most
        at_least = None if at_least is not None and least >= at_least else at_least
        if at_most is not None or at_least is not None:
            self.rows.append(Row(terms=kept, at_least=at_least, at_most=at_most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What became of a program."""

    values: tuple[int, ...] | None
    """By variable; None where no answer was found."""
    cost: int
    """Of that answer."""
    bound: int
    """No answer costs less."""
    impossible: bool = False
    """Whether it is proved that there is no answer."""

    @property
    def best(self) -> bool:
        """Whether it is proved that no answer costs less."""
        return self.values is not None and self.cost <= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How far is searched."""

    nodes: int
    """Of the search tree."""
    enough: int | None = None
    """A cost that nothing undercuts, as is known from elsewhere: the first answer of it ends the search."""
    start: Sequence[int] | None = None
    """An answer that is known."""


def solve(program: Program, cost: Mapping[int, int], search: Search) -> Solved:
    """Return the answer of the lowest cost (variable -> cost of one), as far as it is found within the search.

    The solver calculates with floats: rows whose amounts are large are rounded against us first, so that what it finds fits;
    that there is nothing is believed only of rows that were rounded in our favour. Every answer is checked in whole numbers.
    """
    if any(row.at_most is not None and not row.terms and row.at_most < 0 for row in program.rows):
        return Solved(values=None, cost=0, bound=0, impossible=True)
    exact, rows = _rounded(program.rows, strict=True)
    found = _run(program, rows, cost, search)
    if exact:
        return found
    _, rows = _rounded(program.rows, strict=False)
    eased = _run(program, rows, cost, search)
    if eased.impossible or (eased.values is not None and (found.values is None or eased.cost < found.cost)):
        return eased
    return replace(found, bound=min(found.bound, eased.bound), impossible=False)


def _rounded(rows: Sequence[Row], *, strict: bool) -> tuple[bool, list[Row]]:
    """Return whether the rows are the same in smaller numbers, and those rows: harder to keep if `strict`, else easier."""
    exact, result = True, []
    for row in rows:
        amounts = [abs(amount) for _, amount in row.terms]
        unit = math.gcd(*amounts) if amounts else 1
        fine = max(amounts, default=0) // max(1, unit) <= _LARGEST
        if not fine:
            unit, exact = max(amounts) // _LARGEST, False
        # An amount that counts against its limit is rounded up where it must fit, down where it must not.
        up = strict == (row.at_least is None)
        terms = tuple(
            (variable, -(-amount // unit) if up else amount // unit) for variable, amount in row.terms
        )
        most, least = row.at_most, row.at_least
        down = strict or fine
        result.append(
            Row(
                terms=terms,
                at_most=None if most is None else most // unit if down else -(-most // unit),
                at_least=None if least is None else -(-least // unit) if down else least // unit,
            )
        )
    return exact, result


def _holds(program: Program, values: Sequence[int]) -> bool:
    for row in program.rows:
        amount = sum(values[variable] * each for variable, each in row.terms)
        if row.at_most is not None and amount > row.at_most:
            return False
        if row.at_least is not None and amount < row.at_least:
            return False
    return True


def _run(program: Program, rows: Sequence[Row], cost: Mapping[int, int], search: Search) -> Solved:
    import highspy  # noqa: PLC0415 - a fifth of a second that plans without a choice save
    import numpy as np  # noqa: PLC0415 - the same

    unit = math.gcd(*cost.values()) if any(cost.values()) else 1
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.upper), len(rows)
    lp.col_cost_ = np.array([cost.get(number, 0) / unit for number in range(len(program.upper))])
    lp.col_lower_ = np.zeros(len(program.upper))
    lp.col_upper_ = np.array(program.upper, dtype=float)
    infinity = highspy.kHighsInf
    lp.row_lower_ = np.array([-infinity if row.at_least is None else row.at_least for row in rows])
    lp.row_upper_ = np.array([infinity if row.at_most is None else row.at_most for row in rows])
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(program.upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.cumsum([0, *(len(row.terms) for row in rows)])
    lp.a_matrix_.index_ = np.array([variable for row in rows for variable, _ in row.terms], dtype=np.int32)
    lp.a_matrix_.value_ = np.array([amount for row in rows for _, amount in row.terms], dtype=float)
    solver = silent_solver(search.nodes)
    if search.enough is not None:
        solver.setOptionValue("objective_target", search.enough / unit + _HALF)
    solver.passModel(lp)
    if search.start is not None:
        warm = highspy.HighsSolution()
        warm.col_value = [float(value) for value in search.start]
        solver.setSolution(warm)
    solver.run()
    status = solver.getModelStatus().name
    if status in {"kInfeasible", "kUnboundedOrInfeasible"}:  # no variable is without a limit
        return Solved(values=None, cost=0, bound=0, impossible=True)
    info = solver.getInfo()
    bound = _bound(info.mip_dual_bound, unit)
    raw = solver.getSolution().col_value
    # Solvers return 0.9999999 for 1.
    values = tuple(math.floor(value + _HALF) for value in raw) if info.primal_solution_status == 2 else None  # noqa: PLR2004 - feasible, of SolutionStatus
    if values is None or not _holds(program, values):
        return Solved(values=None, cost=0, bound=bound)
    spent = sum(cost.get(number, 0) * value for number, value in enumerate(values))
    if status == OPTIMAL or (search.enough is not None and spent <= search.enough):
        bound = spent
    return Solved(values=values, cost=spent, bound=min(bound, spent))


def _bound(value: float, unit: int) -> int:
    if not math.isfinite(value):
        return 0
    return max(0, math.ceil(value - 1e-6 * max(1.0, abs(value)))) * unit


def silent_solver(nodes: int) -> Any:
    """Return HiGHS, which prints nothing, with one thread, a fixed seed and no gap."""
    import highspy  # noqa: PLC0415 - a fifth of a second that plans without a choice save

    class Silent(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's own name
            """Silence the solver: this is called in its constructor, which would otherwise print a banner into our output."""
            cast("Any", self).silent()
            cast("Any", super()).enableCallbacks()

    solver: Any = cast("Any", Silent)()
    for name, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_max_nodes", nodes), ("mip_rel_gap", 0.0),
        ("mip_abs_gap", 0.0), ("mip_feasibility_tolerance", _TOLERANCE), ("primal_feasibility_tolerance", _TOLERANCE),
    ):  # fmt: skip
        solver.setOptionValue(name, value)
    return solver
