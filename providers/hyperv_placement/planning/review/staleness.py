"""How a plan has changed since it was shown: the difference between two schedules, in words."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.plan import Schedule, ScheduledMove


def changes(shown: Schedule, now: Schedule) -> Iterator[str]:
    """Yield a line for each machine whose moves differ from those shown, or one line for another order."""
    labels = dict.fromkeys(each.label for each in (*shown.moves, *now.moves))
    different = False
    for label in sorted(labels):
        before, after = _ways(shown, label), _ways(now, label)
        if before != after:
            different = True
            yield _reported(label, before, after)
    if not different and _order(shown) != _order(now):
        yield "the same moves, in another order"


def _ways(schedule: Schedule, label: str) -> tuple[str, ...]:
    return tuple(_way(schedule.moves[number]) for number in schedule.legs(label))


def _way(each: ScheduledMove) -> str:
    if each.move.changes_host:
        return f"{each.move.source} -> {each.move.destination}"
    return f"storage on {each.move.source}"


def _reported(label: str, before: tuple[str, ...], after: tuple[str, ...]) -> str:
    if not before:
        return f"{label} moves as well: {', then '.join(after)}"
    if not after:
        return f"{label} does not move any more (was {', then '.join(before)})"
    return f"{label}: {', then '.join(after)} instead of {', then '.join(before)}"


def _order(schedule: Schedule) -> set[tuple[str, str]]:
    """Return who waits for whom."""
    return {(schedule.moves[before].label, each.label) for each in schedule.moves for before in each.after}
