"""The keys by which a guard holds back less than before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, time

from hyperv_placement.model.calendar import end_of
from hyperv_placement.model.guard import Daily, Guard, OneOff, WallTime, Weekly, Window
from hyperv_placement.model.stack import Stack

_LIMITS = ("max_moves", "max_bytes", "max_hosts", "max_failures")
"""A larger number stops less; a missing one stops nothing."""
_DAY = 24 * 60
"""Minutes."""
_WEEK = 7 * _DAY
_APART = frozenset((*_LIMITS, "freeze", "protected", "all_or_nothing"))

Loosened = tuple[str, str | None, str | None]
"""A key, and what it said before and after."""


def loosened(before: Stack, after: Stack, now: datetime | None) -> Iterator[Loosened]:
    """Yield each key of the guard that holds back less than before; freezes that are over by `now` may go."""
    for name in _LIMITS:
        old, new = getattr(before.guard, name), getattr(after.guard, name)
        if old is not None and (new is None or new > old):
            yield f"guard.{name}", str(old), _said(new)
    for freeze in before.guard.freeze:
        over = now is not None and isinstance(freeze, OneOff) and freeze.ends <= now
        if not over and not any(_covers(each, freeze) for each in after.guard.freeze):
            yield "guard.freeze", _window(freeze), None
    yield from _opened(before, after)
    yield from _released(before, after, now)
    yield from _unprotected(before, after)
    if before.guard.all_or_nothing and not after.guard.all_or_nothing:
        yield "guard.all_or_nothing", "true", None
    if before.audit_required and not after.audit_required:
        yield "audit", "required", None
    if after.bystanders and not before.bystanders:
        yield "bystanders", None, "allow"
    for field in fields(Guard):
        old, new = (getattr(stack.guard, field.name) for stack in (before, after))
        if field.name not in _APART and old != new:
            yield f"guard.{field.name}", _said(old), _said(new)


def _opened(before: Stack, after: Stack) -> Iterator[Loosened]:
    """Yield each window that lets moves start at times at which they did not: one that is longer, new beside others, or gone."""
    windows = dict(_windows(after))
    for key, old in _windows(before):
        new = windows.get(key, ())
        if old and key in windows and not (new and all(any(_covers(o, n) for o in old) for n in new)):
            yield key, _listed(old), _listed(new) or None


def _windows(stack: Stack) -> Iterator[tuple[str, tuple[Window, ...]]]:
    yield "window", stack.windows
    yield from ((f"hosts.{name}.window", host.windows) for name, host in stack.hosts.items())
    yield from ((f"vms.{label}.window", vm.windows) for label, vm in stack.vms.items())


def _listed(windows: tuple[Window, ...]) -> str:
    return "; ".join(map(_window, windows))


def _said(value: object) -> str | None:
    return None if value is None else str(value)


def _covers(new: Window, old: Window) -> bool:
    """Say whether `new` covers all of `old`; weekly windows, and daily ones, are compared only within one time zone."""
    if isinstance(new, OneOff) and isinstance(old, OneOff):
        return new.begins <= old.begins and old.ends <= new.ends
    if isinstance(new, Weekly) and isinstance(old, Weekly) and str(new.zone) == str(old.zone):
        # Modulo a week: a window may begin on Sunday and end on Monday.
        later = (_minute(old.begins) - _minute(new.begins)) % _WEEK
        return later + _length(old) <= _length(new)
    if isinstance(new, Daily) and isinstance(old, Daily) and str(new.zone) == str(old.zone):
        later = (_clock(old.begins) - _clock(new.begins)) % _DAY
        lengths = [(_clock(each.ends) - _clock(each.begins)) % _DAY for each in (old, new)]
        return later + lengths[0] <= lengths[1]
    return False


def _length(freeze: Weekly) -> int:
    """Return the minutes of a window by its own clocks."""
    return (_minute(freeze.ends) - _minute(freeze.begins)) % _WEEK


def _minute(moment: WallTime) -> int:
    return moment.day * _DAY + _clock(moment.time)


def _clock(at: time) -> int:
    return at.hour * 60 + at.minute


def _window(freeze: Window) -> str:
    if isinstance(freeze, OneOff):
        return f"{freeze.begins.isoformat()} to {freeze.ends.isoformat()}"
    if isinstance(freeze, Daily):
        return f"every day, {freeze.begins:%H:%M} to {freeze.ends:%H:%M}, {freeze.zone}"
    return f"every week, {_moment(freeze.begins)} to {_moment(freeze.ends)}, {freeze.zone}"


def _moment(moment: WallTime) -> str:
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.day]
    return f"{day} {moment.time:%H:%M}"


def _released(before: Stack, after: Stack, now: datetime | None) -> Iterator[Loosened]:
    """Yield holds of hosts and machines that there are still, and that end earlier or have gone; those that are over by `now` may go."""
    for hold in before.holds:
        there = hold.host in after.hosts or hold.label in after.vms
        over = now is not None and end_of(hold.until) <= now
        alike = [each.until for each in after.holds if (each.host, each.label) == (hold.host, hold.label)]
        if there and not over and (not alike or end_of(max(alike)) < end_of(hold.until)):
            said = f"{hold.host or hold.label} until {hold.until}"
            yield "hold", said, f"until {max(alike)}" if alike else None


def _unprotected(before: Stack, after: Stack) -> Iterator[Loosened]:
    """Yield machines that are no longer protected: their label is not, or now means another machine."""
    kept = set(after.guard.protected)
    for label in before.guard.protected:
        if label not in kept:
            yield "guard.protected", label, None
            continue
        old, new = before.vms.get(label), after.vms.get(label)
        if old and new and (old.id, old.name) != (new.id, new.name):
            yield "guard.protected", f"{label} ({old.id or old.name})", f"{label} ({new.id or new.name})"
