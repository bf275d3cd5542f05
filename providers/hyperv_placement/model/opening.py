"""When something may start: windows of several things, such as a machine and two hosts, that all have to be open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from .guard import Span, Window

AHEAD = timedelta(weeks=5)
"""How far ahead a calendar is looked through: a window that comes every week opens four times in it at least."""
_BEHIND = timedelta(weeks=1)
_KEPT = 1024
"""Calendars that are kept: machines of one kind have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One thing that has windows."""

    key: str
    """Where they stand in the stack file, as `hosts.hv1.window`."""
    windows: tuple[Window, ...]
    """Open while one of them is; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is to be known at one moment of windows that all have to be open."""

    closes: datetime | None = None
    """When the first of them closes, in UTC; None where they are not all open, or where none closes in `AHEAD`."""
    opens: datetime | None = None
    """When they are all open next, in UTC; None where they are, or will not be in `AHEAD`."""
    keys: tuple[str, ...] = ()
    """Those that are not open; of open ones the one that closes first; empty where none binds."""
    zone: tzinfo = UTC
    """By whose clocks people read the moments."""
    reason: str = ""
    """Of the window that binds, where it has one."""
    longest: timedelta | None = None
    """The longest time for which all of them are open once something may start, from now to `AHEAD`; None where nothing is closed in it."""

    @property
    def is_open(self) -> bool:
        """Whether all of them are open."""
        return self.closes is not None or not self.keys

    def at(self, moment: datetime) -> str:
        """Return a moment as people read it there."""
        return moment.astimezone(self.zone).isoformat(sep=" ", timespec="minutes")


ALWAYS = Opening()
"""No window binds."""


def opening(scopes: Iterable[Scope], now: datetime, freeze: Sequence[Window] = ()) -> Opening:
    """Return whether all `scopes` are open at `now` (with its offset from UTC), and until when or from when.

    `freeze`: when nothing starts; it counts for what comes, and whether it holds at `now` is for others to say.
    """
    now, bound = now.astimezone(UTC), tuple(scopes)
    if not bound:
        return ALWAYS
    # By the minute, so that threads that ask every second share a calendar.
    minute = now.replace(second=0, microsecond=0)
    common = _common(tuple(scope.windows for scope in bound), minute)
    ends = [_end(_times(scope.windows, minute), now) for scope in bound]
    usable = [(begin, end) for begin, end in _thawed(common, freeze, now) if end > begin]
    longest = max((end - begin for begin, end in usable), default=timedelta())
    shut = [scope for scope, end in zip(bound, ends, strict=True) if end is None]
    if shut:
        first = shut[0].windows[0]
        return Opening(
            opens=next((begin for begin, _ in usable if begin > now), None), keys=tuple(each.key for each in shut),
            zone=first.zone, reason=first.reason, longest=longest,
        )  # fmt: skip
    closes, number = min((end, number) for number, end in enumerate(ends) if end is not None)
    if closes >= minute + AHEAD:
        return ALWAYS
    scope = bound[number]
    window = next(each for each in scope.windows if _end(_times((each,), minute), now) is not None)
    return Opening(closes=closes, keys=(scope.key,), zone=window.zone, reason=window.reason, longest=longest)


def _thawed(common: Iterable[Span], freeze: Sequence[Window], now: datetime) -> Iterator[Span]:
    """Yield what is left of each time from now on, from the first moment at which something may start in it."""
    for begin, end in common:
        first = max(begin, now)
        while first < end:
            over = max((until for each in freeze if (until := each.end_at(first)) is not None), default=None)
            if over is None:
                break
            first = over
        yield first, end


@lru_cache(maxsize=_KEPT)
def _times(windows: tuple[Window, ...], now: datetime) -> tuple[Span, ...]:
    """Return when one of `windows` is open from a week ago to `AHEAD`: in order, without overlap, what touches joined."""
    spans = sorted(span for window in windows for span in window.times(now - _BEHIND, now + AHEAD))
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((begin, end))
    return tuple(joined)


@lru_cache(maxsize=_KEPT)
def _common(all_windows: tuple[tuple[Window, ...], ...], now: datetime) -> tuple[Span, ...]:
    """Return when all are open, in order."""
    found = _times(all_windows[0], now)
    for windows in all_windows[1:]:
        found = tuple(_overlaps(found, _times(windows, now)))
    return found


def _overlaps(one: tuple[Span, ...], other: tuple[Span, ...]) -> Iterator[Span]:
    first = second = 0
    while first < len(one) and second < len(other):
        begin = max(one[first][0], other[second][0])
        end = min(one[first][1], other[second][1])
        if begin < end:
            yield begin, end
        if one[first][1] < other[second][1]:
            first += 1
        else:
            second += 1


def _end(times: tuple[Span, ...], now: datetime) -> datetime | None:
    return next((end for begin, end in times if begin <= now < end), None)
