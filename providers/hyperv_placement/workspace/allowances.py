"""What somebody allows for one run, past the guard of the stack file: read from the environment."""

from __future__ import annotations

from collections.abc import Mapping

from hyperv_placement.errors import PlacementError
from hyperv_placement.model.guard import LIMITS, Limit
from hyperv_placement.planning.checks.guard import VARIABLE


def allowances(environment: Mapping[str, str]) -> frozenset[Limit]:
    """Return the limits that PLACEMENT_ALLOW names, separated by commas. Raises PlacementError for any other word."""
    named = {name.strip() for name in environment.get(VARIABLE, "").split(",")} - {""}
    known: dict[str, Limit] = {limit: limit for limit in LIMITS}
    if unknown := sorted(named - known.keys()):
        raise PlacementError(
            f"{VARIABLE} names {', '.join(map(repr, unknown))}, which cannot be allowed",
            remedy=f"Known: {', '.join(LIMITS)}; separate several by commas",
        )
    return frozenset(known[name] for name in named)
