"""The house's solver, HiGHS, set so that equal problems have equal answers on every computer."""

from __future__ import annotations

from typing import Any, cast

OPTIMAL = "kOptimal"
"""The name of the status with which an answer is proved."""


def silent_solver(nodes: int) -> Any:
    """Return an empty model of the solver; it ends after `nodes` nodes of its search tree, never by a clock."""
    import highspy  # noqa: PLC0415 - a fifth of a second that plans which need no solver save

    class Silent(highspy.Highs):
        def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's own name
            """Silence the solver: this is called in its constructor, which would otherwise print a banner into our output."""
            cast("Any", self).silent()
            cast("Any", super()).enableCallbacks()

    solver: Any = cast("Any", Silent)()
    for name, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 0), ("mip_max_nodes", nodes), ("mip_rel_gap", 0.0),
    ):  # fmt: skip
        solver.setOptionValue(name, value)
    return solver
