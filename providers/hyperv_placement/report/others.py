"""The words for machines of others, which every report shares: how many there are, and whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hyperv_placement.model.others import Others, OthersSeen
from hyperv_placement.model.units import counted
from hyperv_placement.visible import visible

_LISTED = 5


def of_others(seen: OthersSeen) -> str:
    """Return how many there are, in a few words; none is said, too, so that nobody takes the key for one that does nothing."""
    return f"{counted(len(seen.machines), 'machine')} of others"


def others_lines(seen: OthersSeen | None) -> Iterator[str]:
    """Yield how many machines of others there are and whose, and which sibling stacks could not be read; nothing where no key says of any."""
    if seen is None:
        return
    shown = [
        f"{count} of {whose}" if whose.startswith("stack ") else f"{count} by {whose}"
        for whose, count in seen.by
    ]
    more = [f"{len(shown) - _LISTED} more"] if len(shown) > _LISTED else []
    whose = f": {', '.join((*shown[:_LISTED], *more))}" if shown else ""
    yield visible(f"others: {of_others(seen)} here, not declared and no drift{whose}")
    yield from (visible(f"others: not known whose machines are of {each}") for each in seen.unread)


def others_over(entry: Others) -> str:
    """Return that a word about others has ended."""
    day = "" if entry.until is None else f" on {entry.until}"
    why = f" ({entry.reason})" if entry.reason else ""
    return (
        f"what is said of others ({entry}) ended{day}{why}; their machines count again, and the line can go"
    )


def others_record(seen: OthersSeen | None) -> Mapping[str, Any] | None:
    """Return what `--json` has of them: count, by [{whose, count}], machines [{id, name, host, whose, reason}], unread; null without the key."""
    if seen is None:
        return None
    return {
        "count": len(seen.machines),
        "by": [{"whose": whose, "count": count} for whose, count in seen.by],
        "machines": [
            {"id": each.vm_id, "name": each.name, "host": each.host, "whose": each.whose, "reason": each.reason or None}
            for each in seen.machines
        ],
        "unread": list(seen.unread),
    }  # fmt: skip
