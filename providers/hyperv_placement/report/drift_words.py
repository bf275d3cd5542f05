"""The words for drift that all its forms share: the line that says it all, who moved what, what is snoozed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import tzinfo

from hyperv_placement.model.alike import of_each
from hyperv_placement.model.calendar import spelled
from hyperv_placement.model.others import Others
from hyperv_placement.model.stack import Away, Hold, Maintenance
from hyperv_placement.model.units import counted
from hyperv_placement.model.unreachable import by_cause, likewise, several, shared
from hyperv_placement.planning.drift import Drift, DriftKind, DriftReport, Expired, Mover, Unknown

from .others import of_others, others_over

_LISTED = 5


def headline(report: DriftReport) -> str:
    """Return one line that says it all."""
    parts = list[str]()
    silent = [each.subject for each in report.unknown if not each.is_machine]
    lost = sum(each.is_machine for each in report.unknown)
    if report.drifts:
        kinds = [drift.kind for drift in report.drifts]
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in DriftKind if kind in kinds)
        parts.append(f"{report.stack}: {counted(len(kinds), 'drift')}: {counts}")
    elif report.unknown:
        parts.append(f"{report.stack}: no drift seen, and not everything is known")
    else:
        parts.append(
            f"{report.stack}: no drift, {counted(len(report.labels), 'machine')} on "
            f"{counted(len(report.hosts), 'host')} as declared"
        )
    if silent:
        parts.append(f"unknown: {_listed(dict.fromkeys(silent))}")
    if lost:
        parts.append(f"{counted(lost, 'machine')} unknown")
    if report.snoozed:
        parts.append(f"{len(report.snoozed)} snoozed")
    if report.held:
        parts.append(f"{len(report.held)} held")
    if report.others is not None:
        parts.append(of_others(report.others))
    gone = [each.subject for each in report.away if not each.is_machine]
    if gone:
        parts.append(f"away: {_listed(gone)}")
    return "; ".join(parts)


def reported(drift: Drift, zone: tzinfo) -> str:
    """Return what there is and who did it, in one line; moments by the clocks of `zone`."""
    return what(drift) if drift.mover is None else f"{what(drift)}; {who(drift.mover, zone)}"


def what(drift: Drift) -> str:
    """Return what there is, and what was declared and why."""
    return f"{drift.text}; because {drift.reason}" if drift.reason else drift.text


def who(mover: Mover, zone: tzinfo) -> str:
    """Return by whom and when something was moved, by the clocks of `zone`."""
    moment = spelled(mover.when, zone) if mover.when else ""
    after = spelled(mover.after, zone) if mover.after else ""
    if mover.ours:
        by = f"a run of the stack {mover.stack}" if mover.stack else "our own run"
        run = f"{by} ({mover.who or 'unknown'}, {moment or 'time unknown'})"
        if mover.by_log:
            return f"brought there by {run}, unless somebody has moved it since: hosts forget"
        return f"moved by {run}"
    if mover.running:
        return f"being moved by {mover.who or 'unknown'} since {moment or 'unknown'}"
    when = moment or (f"unknown, after our own move of {after}" if after else "unknown")
    if not mover.who and not mover.log_of and when == "unknown":
        return "nothing here or on the hosts records who moved it, or when"
    log = f" (event log of {mover.log_of})" if mover.log_of else ""
    return f"moved by {mover.who or 'unknown'}, when: {when}{log}"


def snoozed(drift: Drift) -> str:
    """Return until when and why it does not count."""
    return "" if drift.snooze is None else f"snoozed until {drift.snooze.until}: {drift.snooze.reason}"


def unknown(report: DriftReport) -> Iterator[tuple[str, str]]:
    """Yield who is unknown, and why: hosts and machines of one cause together."""
    found: dict[tuple[bool, str], list[Unknown]] = {}
    silent = by_cause(each.silent for each in report.unknown if each.silent is not None)
    for reason, hosts in silent.items():
        yield several([host.name for host in hosts]), f"{shared(hosts)}, machines there are unknown: {reason}"
    for each in (each for each in report.unknown if each.silent is None):
        text = of_each(each.subject, each.text) if each.is_machine else each.text
        found.setdefault((each.is_machine, text), []).append(each)
    for (machines, text), alike in found.items():
        subjects = [each.subject for each in alike]
        if not machines:
            yield several(subjects), text
        elif len(alike) == 1:
            yield subjects[0], alike[0].text
        else:
            who = several(subjects, "machines")
            yield who, f"{alike[0].text}{likewise(who)}"


def ended(each: Expired) -> str:
    """Return that a snooze, a hold, the absence of a host or its maintenance, or a word about others is over."""
    if isinstance(each.snooze, Hold):
        way = (
            f"it counts no more: {each.release}" if each.release else "it counts no more, and its line can go"
        )
        return f"the hold of {each.label} ended on {each.snooze.until} ({each.snooze.reason}); {way}"
    if isinstance(each.snooze, Others):
        return others_over(each.snooze)
    if isinstance(each.snooze, Maintenance):
        day = "" if each.snooze.until is None else f" on {each.snooze.until}"
        why = f" ({each.snooze.reason})" if each.snooze.reason else ""
        return f"the maintenance of {each.label} ended{day}{why}; it counts no more, and its line can go"
    if isinstance(each.snooze, Away):
        return (
            f"{each.label} was to be away until {each.snooze.until} ({each.snooze.reason});"
            " its silence counts again, and the entry can go"
        )
    return (
        f"the snooze of {each.label} ended on {each.snooze.until} ({each.snooze.reason});"
        " its drift counts again, and the entry can go"
    )


def unreadable(report: DriftReport) -> str:
    """Return that the audit logs could not be read whole; empty where they could."""
    count = report.unreadable
    if not count:
        return ""
    lines = (
        "1 line of the audit logs (.pulumi/audit) cannot"
        if count == 1
        else f"{count} lines of the audit logs (.pulumi/audit) cannot"
    )
    return f"{lines} be read: who moved what may be missing here"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more
