"""The drift of many stacks in one table: joined by the GUID of each machine, the oldest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from hyperv_placement.model.calendar import shown, zone_name
from hyperv_placement.model.names import VmId


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDrift:
    """One drift that one stack reports."""

    stack: str
    kind: str
    subject: str
    text: str
    vm_id: VmId | None = None
    host: str = ""
    """Where the machine is; empty where that stack does not know."""
    who: str = ""
    """Who moved it; empty where that stack does not know."""
    when: datetime | None = None
    """When it was moved, as far as known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """What one stack has reported."""

    stack: str
    checked: datetime
    summary: str
    zone: tzinfo = UTC
    """By whose clocks people of that stack read moments."""
    drifts: tuple[SiteDrift, ...] = ()
    unknown: tuple[str, ...] = ()
    """Hosts and machines of which it knows nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A stack of which nothing is known: neither drift nor its absence."""

    stack: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """All that is reported of one machine, or of what has no GUID."""

    key: str
    """Its GUID; else stack, kind and name."""
    since: datetime
    """When it was moved, as far as known, else when some table like this first had it."""
    is_dated: bool
    """Whether it is known when it was moved."""
    drifts: tuple[SiteDrift, ...]

    @property
    def where(self) -> str:
        """The host that has it, by whichever stack knows that; empty where none does."""
        return next((each.host for each in self.drifts if each.host), "")

    @property
    def who(self) -> str:
        """Who moved it, by whichever stack knows that; empty where none does."""
        return next((each.who for each in self.drifts if each.who), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The whole table."""

    reports: tuple[SiteReport, ...]
    not_read: tuple[NotRead, ...]
    rows: tuple[Joined, ...]
    """The oldest first."""

    @property
    def zone(self) -> tzinfo:
        """By whose clocks the moments of all stacks are shown: those that all of them go by, else UTC."""
        zones = {zone_name(each.zone): each.zone for each in self.reports}
        return next(iter(zones.values())) if len(zones) == 1 else UTC

    @property
    def silent(self) -> tuple[SiteReport, ...]:
        """Stacks that do not know all of themselves."""
        return tuple(each for each in self.reports if each.unknown)


def sites_of(
    reports: Iterable[SiteReport],
    not_read: Iterable[NotRead],
    *,
    expected: Sequence[str] = (),
    now: datetime,
    max_age: timedelta,
    before: Mapping[str, datetime] | None = None,
) -> Sites:
    """Return the table. `expected`: stacks of which there should be a report. `before`: since when an earlier table had each key.

    Of several reports of one stack the newest counts. One older than `max_age` says nothing of today.
    """
    newest: dict[str, SiteReport] = {}
    for each in sorted(reports, key=lambda each: each.checked):
        newest[each.stack] = each
    old = [each for each in newest.values() if now - each.checked > max_age]
    missing = [
        *not_read,
        *(
            NotRead(stack=each.stack, why=f"its report is of {shown(each.checked, each.zone)}")
            for each in old
        ),
    ]
    known = {each.stack for each in missing} | newest.keys()
    missing += [NotRead(stack=name, why="there is no report of it") for name in expected if name not in known]
    read = sorted((each for each in newest.values() if each not in old), key=lambda each: each.stack)
    named = {each.stack for each in read}
    return Sites(
        reports=tuple(read),
        # A second, broken file of a stack that was read hides nothing.
        not_read=tuple(
            sorted((each for each in missing if each.stack not in named), key=lambda each: each.stack)
        ),
        rows=tuple(_joined(read, before or {})),
    )


def _joined(reports: Sequence[SiteReport], before: Mapping[str, datetime]) -> list[Joined]:
    checked = {each.stack: each.checked for each in reports}
    by: dict[str, list[SiteDrift]] = {}
    for drift in (drift for report in reports for drift in report.drifts):
        by.setdefault(key_of(drift), []).append(drift)
    rows = []
    for key, theirs in by.items():
        moved = max((each.when for each in theirs if each.when is not None), default=None)
        seen = min([*(checked[each.stack] for each in theirs), *([before[key]] if key in before else [])])
        rows.append(Joined(key=key, since=moved or seen, is_dated=moved is not None, drifts=tuple(theirs)))
    return sorted(rows, key=lambda each: (each.since, each.key))


def key_of(drift: SiteDrift) -> str:
    """Return what the drifts of one thing have in common."""
    return str(drift.vm_id) if drift.vm_id is not None else f"{drift.stack}/{drift.kind}/{drift.subject}"
