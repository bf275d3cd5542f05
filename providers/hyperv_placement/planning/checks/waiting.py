"""What moves wait for by the stack file (`wait_for_activity`): a warning in place of the refusal."""

from __future__ import annotations

from collections.abc import Iterable

from hyperv_placement.model.finding import Finding, Topic
from hyperv_placement.model.units import format_seconds

_ENDS_WITH_IT = frozenset({"checkpoint-special", "disk-of-no-checkpoint"})
"""What a backup leaves behind only while it runs: its own checkpoint, and the disk that the machine writes to meanwhile."""


def waited_for(findings: Iterable[Finding], seconds: int) -> tuple[Finding, ...]:
    """Return findings about one machine as a run that waits for `seconds` sees them; 0: it does not wait.

    What passes by itself is waited for, and what ends with it is looked at when it has passed: all rules are asked again then.
    """
    found = tuple(findings)
    if not seconds or all(each.topic != Topic.PASSING for each in found):
        return found
    return tuple(
        _as_warning(each, seconds) if each.topic == Topic.PASSING else each
        for each in found
        if each.id not in _ENDS_WITH_IT
    )


def _as_warning(finding: Finding, seconds: int) -> Finding:
    return Finding.warning(
        "activity-waited-for",
        f"{finding.text}; its move waits up to {format_seconds(seconds)} for that to end (wait_for_activity)",
        "Nothing is ordered before its host shows it free",
    )
