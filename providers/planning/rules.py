"""Rules of a stack file, held against a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from providers.model.names import HostName
from providers.model.plan import Finding, Severity
from providers.model.stack import Rule


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
