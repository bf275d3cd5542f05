"""A review of a stack file: a plan, what it leaves free, and what has changed since another version of the file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.units import counted
from hyperv_placement.planning.proposal import Base, Review
from hyperv_placement.planning.review.changes import EntryChange
from hyperv_placement.planning.schedule.peaks import Room

from .plan_record import plan_record
from .plan_text import headline
from .trust_text import trust_line, trust_record

OLD = timedelta(days=2)
"""Age of an inventory that is worth a word: the one of a night is expected every morning."""


def first_line(review: Review) -> str:
    """Return one line that says it all: trust, moves, bytes, time, what is left out, rules, what the doctor stops, what is not known."""
    stopped = f"the doctor finds {counted(len(review.diagnoses), 'error')}" if review.diagnoses else ""
    parts = (
        trust_line(review.trust), headline(review.plan), *_rules(review), stopped, *_not_known(review)
    )  # fmt: skip
    return "; ".join(part for part in parts if part)


def _rules(review: Review) -> Iterator[str]:
    broken = len(review.plan.broken_rules)
    if broken:
        yield f"{counted(broken, 'rule')} broken"
    elif not review.plan.refusals:
        # A machine that no host shows could break one.
        known = review.inventory.complete or not review.stack.rules
        yield "no rule broken" if known else "no rule broken as far as hosts answered"


def _not_known(review: Review) -> Iterator[str]:
    silent = len(review.plan.silent)
    away = len(review.inventory.unreachable) - silent
    if silent:
        yield f"{counted(silent, 'host')} silent"
    if away:
        yield f"{counted(away, 'host')} away"
    if review.freezes_unjudged:
        yield "freezes not judged"
    if review.windows_unjudged:
        yield "windows not judged"
    if review.age is not None and review.age >= OLD:
        yield f"the inventory is {counted(review.age.days, 'day')} old"


def review_record(review: Review, code: int) -> dict[str, Any]:
    """Return a review as plain values; `code`: what the plan alone comes to, as an exit code.

    headline   the first line of the comment
    stack      the file's name; timezone: by whose clocks its days are
    trust      null without `--base`; else as `trust_record` says
    code       what the plan alone comes to, as an exit code: 0, 1 or 3; where trust stops, the command ends with 5
    source     `hosts`, or `inventory` with `recorded`, when that was (UTC); else null
    plan       as `bin/placement plan --json`
    doctor     [{id, where (host, pair, directory), text, breaks, remedy}], errors that stand in the way of these moves
    rooms      [{host, kind (memory, disk), volume, capacity, kept, known (false where a file comes of which nobody knows
               how large it is: then the rest counts without it), before, least, least_at, after, course [[second,
               bytes free]]}], bytes; of hosts that moves touch
    base       null without `--base`; else name, changes [{section, label, kind, fields [{name, before, after}]}], and
               numbers of moves: changed (come from this change), drift (were due before); settled: labels of machines
               that were due to move before, and are not any more; unread: why the base could not be read, else null
    """
    return {
        "headline": first_line(review),
        "stack": review.stack.path.name,
        "timezone": zone_name(review.stack.zone),
        "trust": trust_record(review.trust),
        "code": code,
        "source": "hosts" if review.recorded is None else "inventory",
        "recorded": None if review.recorded is None else review.recorded.isoformat(timespec="seconds"),
        "plan": plan_record(review.plan),
        "doctor": [
            {
                "id": each.id,
                "where": str(each.subject),
                "text": each.text,
                "breaks": each.breaks,
                "remedy": each.remedy,
            }
            for each in review.diagnoses
        ],
        "rooms": [_room(room) for room in review.rooms],
        "base": None if review.base is None else _base(review.base),
    }


def _room(room: Room) -> dict[str, Any]:
    return {
        "host": room.host, "kind": room.kind, "volume": room.volume, "capacity": room.capacity, "kept": room.kept,
        "known": room.known, "before": room.before, "least": room.least, "least_at": round(room.least_at, 1), "after": room.after,
        "course": [[round(second, 1), free] for second, free in room.timeline],
    }  # fmt: skip


def _base(base: Base) -> dict[str, Any]:
    return {
        "name": base.name,
        "changes": changes_record(base.changes),
        "changed": list(base.causes.changed),
        "drift": list(base.causes.drift),
        "settled": list(base.causes.settled),
        "unread": base.unread,
    }


def changes_record(changes: tuple[EntryChange, ...]) -> list[dict[str, Any]]:
    """Return what is declared differently, as plain values."""
    return [
        {
            "section": each.section,
            "label": each.label,
            "kind": each.kind.value,
            "fields": [
                {"name": field.name, "before": field.before, "after": field.after} for field in each.fields
            ],
        }
        for each in changes
    ]
