"""Rules and guard of a stack file, held against a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from providers.model.names import HostName
from providers.model.plan import Finding, Severity
from providers.model.stack import Rule, Stack


def broken_rules(rules: tuple[Rule, ...], ends: Mapping[str, HostName]) -> Iterator[Finding]:
    """Yield a warning for each rule that the plan's end (`ends`: label -> host) would break."""
    for rule in rules:
        where = {label: ends[label] for label in rule.labels if label in ends}
        hosts = set(where.values())
        broken = len(hosts) < len(where) if rule.kind == "apart" else len(hosts) > 1
        if broken:
            shown = ", ".join(f"{label} on {host}" for label, host in where.items())
            yield Finding(
                severity=Severity.WARNING,
                text=f"The rule in line {rule.line} ({rule.kind}) does not hold: {shown}",
                remedy="Correct host: of one of them, or the rule",
            )


def guarded(stack: Stack, moves: int) -> Iterator[Finding]:
    """Yield a refusal where one run would move more machines than the guard allows."""
    limit = stack.guard.max_moves
    if limit is not None and moves > limit:
        yield Finding(
            severity=Severity.REFUSAL,
            text=f"{moves} moves planned, guard.max_moves of {stack.path.name} allows {limit}: nothing is moved",
            remedy="Look at what changed; if it is meant, raise guard.max_moves in the same commit",
        )
