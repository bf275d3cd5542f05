"""How a plan has changed since it was shown: the difference between two schedules, in words."""

from __future__ import annotations

from collections.abc import Iterator

from hyperv_placement.model.plan import Schedule


def changes(shown: Schedule, now: Schedule) -> Iterator[str]:
    """Yield a line for each machine whose moves differ from those shown, or one line for another order."""
    labels = dict.fromkeys(each.label for each in (*shown.moves, *now.moves))
    different = False
    for label in sorted(labels):
        before, after = _ways(shown, label), _ways(now, label)
        if before == after:
            continue
        different = True
        if not before:
            yield f"{label} moves as well: {', then '.join(after)}"
        elif not after:
            yield f"{label} does not move any more (was {', then '.join(before)})"
        else:
            yield f"{label}: {', then '.join(after)} instead of {', then '.join(before)}"
    # Times alone are estimates: only who waits for whom is an order.
    if not different and _order(shown) != _order(now):
        yield "the same moves, in another order"


def _ways(schedule: Schedule, label: str) -> tuple[str, ...]:
    moves = [schedule.moves[number].move for number in schedule.legs(label)]
    return tuple(
        f"{move.source} -> {move.destination}" if move.changes_host else f"storage on {move.source}"
        for move in moves
    )


def _order(schedule: Schedule) -> set[tuple[str, str]]:
    """Return who waits for whom, for room, for a rule or for a link."""
    return {
        (schedule.moves[before].label, each.label)
        for each in schedule.moves
        for before in (*each.after, *each.behind)
    }
