"""Diagnoses as lines of a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from hyperv_placement.model.finding import Finding, Severity
from hyperv_placement.model.not_checked import NotChecked
from hyperv_placement.model.units import counted
from hyperv_placement.visible import visible

_SEVERITIES = {Severity.REFUSAL: "error", Severity.WARNING: "warning"}
"""As the doctor spells them: what refuses a move in a plan is an error of the host or the pair."""


def diagnosis_record(found: Finding) -> dict[str, str]:
    """Return the keys that `doctor --json` has for each finding."""
    return {
        "weight": _SEVERITIES[found.severity],
        "id": found.id,
        "where": str(found.subject),
        "text": found.text,
        "breaks": found.breaks,
        "remedy": found.remedy,
    }


def render_diagnoses(
    found: Sequence[Finding],
    not_checked: Sequence[NotChecked],
    logged_on: Sequence[str] = (),
    policy: str = "",
) -> str:
    """Return each finding with what it breaks and what mends it, then the count, what was not checked, and who asked."""
    lines = list[str]()
    for each in found:
        lines += (f"{_SEVERITIES[each.severity]}: {each.subject}: {each.text}", f"    breaks: {each.breaks}")
        if each.remedy:
            lines.append(f"    do:     {each.remedy}")
    lines.append(_headline(found, not_checked))
    lines += (f"not checked: {each.text}" for each in not_checked)
    lines += (f"logged on: {each}" for each in logged_on)
    if policy:
        lines.append(policy)
    # Each line by itself: a name with a line end in it must not begin a line that looks like a finding.
    return "\n".join(map(visible, lines))


def _headline(found: Sequence[Finding], not_checked: Sequence[NotChecked]) -> str:
    """Return how it stands: nothing is in the way only where everything was asked."""
    errors = sum(each.refuses for each in found)
    unchecked = f"; not checked: {counted(len(not_checked), 'thing')}, below" if not_checked else ""
    if found:
        return f"{counted(errors, 'error')}, {counted(len(found) - errors, 'warning')}{unchecked}"
    if deciding := [each.decides for each in not_checked if each.decides]:
        return (
            f"Nothing seen that stands in the way of moves; {' and '.join(deciding)} not checked, see below"
        )
    if not_checked:
        return f"Nothing was found in the way of moves{unchecked}"
    return "Nothing stands in the way of moves"
