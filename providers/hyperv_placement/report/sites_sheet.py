"""The drift of many stacks, as tables and for scripts."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.units import counted
from hyperv_placement.planning.sites import Joined, SiteReport, Sites

from .sheet import Part, Sheet

_MINUTE = "%Y-%m-%d %H:%M"


def sites_headline(sites: Sites) -> str:
    """Return one line that says it all."""
    parts = [
        f"{counted(len(sites.rows), 'drift')} in {counted(len(sites.reports), 'stack')} read"
        if sites.rows
        else f"no drift in {counted(len(sites.reports), 'stack')} read"
    ]
    if sites.silent:
        parts.append(f"not everything is known of {_names(each.stack for each in sites.silent)}")
    if sites.not_read:
        parts.append(f"not read: {_names(each.stack for each in sites.not_read)}")
    return "; ".join(parts)


def _names(stacks: Any) -> str:
    return ", ".join(stacks)


def sites_sheet(sites: Sites) -> Sheet:
    """Return it: what is not read stands first, for nothing below speaks of it."""
    parts, clocks = [], zone_name(sites.zone)
    if sites.not_read:
        rows = tuple((each.stack, each.why) for each in sites.not_read)
        parts.append(Part(title="Not read", heads=("stack", "why"), rows=rows))
    parts.append(
        Part(
            title="Drift, the oldest first",
            heads=(f"since ({clocks})", "machine or host", "stack", "what", "is on", "moved by", "id"),
            rows=tuple(_row(each, sites.zone) for each in sites.rows),
            last=frozenset({6}),
            notes=("None.",)
            if not sites.rows
            else ("~ in front of a time: first seen then; when it was moved is unknown.",),
        )
    )
    parts.append(
        Part(
            title="Stacks",
            heads=("stack", "drifts", "unknown", f"looked at ({clocks})"),
            rows=tuple(_stack(each, sites.zone) for each in sites.reports),
            numbers=frozenset({1}),
            notes=() if sites.reports else ("None was read.",),
        )
    )
    return Sheet(title="Drift of all stacks", headline=sites_headline(sites), parts=tuple(parts))


def _row(row: Joined, zone: tzinfo) -> tuple[str, ...]:
    first = row.drifts[0]
    names = ", ".join(dict.fromkeys(each.subject for each in row.drifts))
    stacks = ", ".join(dict.fromkeys(each.stack for each in row.drifts))
    several = len({each.stack for each in row.drifts}) > 1
    what = "; ".join(f"{each.stack}: {each.kind}" if several else each.text for each in row.drifts)
    since = f"{'' if row.is_dated else '~'}{row.since.astimezone(zone):{_MINUTE}}"
    return since, names, stacks, what, row.where or "unknown", row.who or "unknown", str(first.vm_id or "")


def _stack(report: SiteReport, zone: tzinfo) -> tuple[str, ...]:
    unknown = ", ".join(report.unknown)
    return report.stack, str(len(report.drifts)), unknown, f"{report.checked.astimezone(zone):{_MINUTE}}"


def sites_record(sites: Sites, exit_code: int) -> dict[str, Any]:
    """Return what `json.dumps` takes; null: not known."""
    return {
        "summary": sites_headline(sites),
        "exit_code": exit_code,
        "not_read": [{"stack": each.stack, "why": each.why} for each in sites.not_read],
        "stacks": [
            {
                "stack": each.stack, "checked": each.checked.isoformat(), "timezone": zone_name(each.zone), "drifts": len(each.drifts),
                "unknown": list(each.unknown), "summary": each.summary,
            }
            for each in sites.reports
        ],
        "drifts": [
            {
                "key": row.key,
                "since": row.since.isoformat(),
                "moved_then": row.is_dated,
                "id": row.drifts[0].vm_id,
                "host": row.where or None,
                "by": row.who or None,
                "reports": [
                    {"stack": each.stack, "kind": each.kind, "subject": each.subject, "text": each.text}
                    for each in row.drifts
                ],
            }
            for row in sites.rows
        ],
    }  # fmt: skip
