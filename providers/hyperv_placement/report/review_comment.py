"""A review as a comment on a pull request, in Markdown: the whole in its first line, details folded, never too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.model.calendar import shown, zone_name
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.guard import NO_LIMITS
from hyperv_placement.model.move import Move
from hyperv_placement.model.plan import Plan, ScheduledMove
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import counted, format_bytes, format_seconds
from hyperv_placement.planning.proposal import Base, Review
from hyperv_placement.planning.review.changes import EntryChange
from hyperv_placement.planning.schedule.peaks import Room
from hyperv_placement.planning.trust.model import Trust
from hyperv_placement.report.review_record import first_line

from .markdown import Budget, cut, folded, name, table, text
from .moved_files import moved_files
from .moved_volumes import moved_volumes
from .others import others_lines
from .plan_gantt import clock
from .plan_text import choice_lines
from .trust_text import trust_line, trust_record, trust_rows

LIMIT = 65_000
"""Characters; GitHub takes 65,536, GitLab a million."""
_FIRST = 600
"""Characters of the first line: where passwords go is named before the plan is."""
_TRUST, _CHANGES, _MOVES, _DISKS, _ROOMS = 6_000, 9_000, 15_000, 5_000, 5_000
_FINDINGS, _DOCTOR, _LEFT_OUT, _WARNED = 6_000, 4_000, 5_000, 4_000
"""What each part may take: together with what stands around them less than the limit."""
_REST = "all of them: the page, or --json"
_PROOF = 2_000
"""Characters of one finding: a proof has several lines."""
_STILL = 0.005
"""Seconds that are shown as none."""


def comment(review: Review) -> str:
    """Return the comment. Its last line is a mark by which a pipeline finds it again; nobody sees it."""
    plan, base = review.plan, review.base
    changes = [] if base is None or base.unread is not None else changes_part(base.changes)
    lines = [
        text(first_line(review), _FIRST), "", *trust_part(review.trust), *_introduction(review), *changes,
        *_findings(review),
        *_doctor(review), *_moves(review), *_left_out(plan), *_warned(plan), *_disks(plan), *_rooms(review.rooms),
        marker(review.stack.path.stem),
    ]  # fmt: skip
    return "\n".join(lines)


_CELL = 150
"""Characters of a cell about trust: however long a name is, and all of it escaped, the first row fits."""


def _short(value: str) -> str:
    return f"<code>{text(value, _CELL)}</code>"


_UNASKED = (
    "No host was asked what would move: logging on would send the password where nobody has agreed to send it"
)


def trust_alone(stack: Stack, trust: Trust) -> str:
    """Return the comment on a change of trust for which no host was asked, and no inventory is there."""
    said = f"{_UNASKED}. A recorded inventory tells: {name('--inventory FILE')}."
    return "\n".join(
        (text(trust_line(trust), _FIRST), "", *trust_part(trust), said, "", marker(stack.path.stem))
    )


def trust_alone_record(stack: Stack, trust: Trust) -> dict[str, Any]:
    """Return the keys of a review, of which nothing but trust is known: source, code and plan are null."""
    return {
        "headline": trust_line(trust), "stack": stack.path.name, "timezone": zone_name(stack.zone), "trust": trust_record(trust), "code": None, "source": None,
        "recorded": None, "plan": None, "doctor": None, "rooms": [], "base": None,
    }  # fmt: skip


def trust_part(trust: Trust | None) -> list[str]:
    """Return what changes of trust, in full and never folded."""
    if trust is None or not (trust.changes or trust.notes):
        return []
    rows = [
        (_short(whom), text(key, _CELL), _short(before), _short(after))
        for whom, key, before, after in trust_rows(trust)
    ]
    lines = table(("of", "key", "before", "after"), rows, Budget(_TRUST), _REST)
    notes = [f"{text(note)}." for note in trust.notes]
    shown = ["**Trust**: who approves this answers for it", "", *lines, ""] if rows else []
    return [*shown, *notes, *([""] if notes else [])]


def marker(stack: str) -> str:
    """Return the mark of a stack's comment."""
    # No name may end the comment (HTML, 13.1.6).
    return f"<!-- placement review: {re.sub(r'[^A-Za-z0-9_]+', '-', stack).strip('-')} -->"


def _introduction(review: Review) -> Iterator[str]:
    source = (
        "the hosts as they are now"
        if review.recorded is None
        else f"the inventory recorded at {text(shown(review.recorded, review.stack.zone))}"
    )
    yield f"Planned for {name(review.stack.path.name)} by {source}. Times and blackouts are estimates."
    yield f"{text(review.plan.known.reported(review.plan.zone))}."
    yield from (f"{text(line)}." for line in (*choice_lines(review.plan), *others_lines(review.plan.others)))
    yield ""
    if review.base is not None:
        yield from _against(review.base)


def _against(base: Base) -> Iterator[str]:
    if base.unread is not None:
        yield f"Reviewed without what has changed: {text(base.unread)}."
        yield ""
        return
    found = base.causes
    settled = (
        f"; {counted(len(found.settled), 'machine')} due to move before, not any more"
        if found.settled
        else ""
    )
    yield (
        f"Against {name(base.name)}: {counted(len(found.changed), 'move')} by this change,"
        f" {len(found.drift)} by drift that was there before{settled}."
    )
    yield ""


def changes_part(changes: tuple[EntryChange, ...]) -> list[str]:
    """Return what is declared differently, folded."""
    rows = [
        (
            each.kind,
            f"{text(each.section)} {name(each.label)}" if each.label else text(each.section),
            "<br>".join(_fields(each)),
        )
        for each in changes
    ]
    if not rows:
        return ["Nothing is declared differently.", ""]
    lines = table(("", "entry", "before → after"), rows, Budget(_CHANGES), _REST)
    return folded(f"Declared differently: {len(rows)}", lines)


_FIELDS = 12
"""Fields of one entry; what is taken away stands first."""


def _fields(change: EntryChange) -> Iterator[str]:
    ranked = sorted(change.fields, key=lambda field: (field.after is not None, field.before is None))
    for field in ranked[:_FIELDS]:
        sides = [value for value in (field.before, field.after) if value is not None]
        # Of a whole entry that comes or goes one side is enough; of a changed one it would not say which side it is.
        if len(sides) == 1 and change.kind == "changed":
            sides = [field.before or "not declared", field.after or "not declared"]
        yield f"{text(field.name)}: {' → '.join(name(side) for side in sides)}"
    if len(ranked) > _FIELDS:
        yield f"and {len(ranked) - _FIELDS} more fields ({_REST})"


def _findings(review: Review) -> list[str]:
    lines = list[str]()
    for each in review.plan.findings:
        first, *proof = each.lines
        lines.append(f"- **{'stops it' if each.refuses else 'warning'}**: {text(first, _PROOF)}")
        if proof:
            lines.append("".join(f"<br>{text(line, _PROOF)}" for line in proof))
        if each.remedy:
            lines.append(f"  - to do: {text(each.remedy, _PROOF)}")
    # What an incomplete inventory leaves out could break a rule: then nothing is said of rules.
    rules_hold = not lines and review.inventory.complete and bool(review.plan.steps)
    reported = " ".join((*(["No rule is broken."] if rules_hold else []), *_guard(review)))
    if not lines:
        return [reported, ""]
    return [
        "**Rules, guard and hosts**", "",
        *cut(lines, Budget(_FINDINGS), f"\nand {{}} more ({_REST})"), "", *([reported, ""] if reported else []),
    ]  # fmt: skip


def _guard(review: Review) -> Iterator[str]:
    """Yield what the guard lets pass, whom it keeps, and what of it could not be judged."""
    guard = review.stack.guard
    kept = [step for step in review.plan.left_out if step.label in guard.protected]
    if kept:
        yield f"The guard keeps {counted(len(kept), 'machine')} where {'it is' if len(kept) == 1 else 'they are'}."
    elif guard != NO_LIMITS and not review.plan.refusals:
        yield "The guard's limits let it pass." if review.freezes_unjudged else "The guard lets it pass."
    if review.freezes_unjudged:
        yield "Its freezes are judged when it runs: an inventory has no clock."


def _doctor(review: Review) -> list[str]:
    """Return what stands in the way of these moves, and whom to ask for what an inventory does not tell."""
    lines = list[str]()
    for each in review.diagnoses:
        lines.append(f"- {name(str(each.subject))}: {text(each.text, _PROOF)}. {text(each.breaks, _PROOF)}")
        if each.remedy:
            lines.append(f"  - to do: {text(each.remedy, _PROOF)}")
    if lines:
        lines = [
            "**What the doctor would stop**", "",
            *cut(lines, Budget(_DOCTOR), f"\nand {{}} more lines ({_REST})"), "",
        ]  # fmt: skip
    if review.recorded is not None and review.plan.moves:
        doctor = name(quoting.own("bin/placement doctor {}", review.stack.path.stem))
        lines += [f"No inventory tells of delegation, clocks and certificates: {doctor} does.", ""]
    return lines


def _moves(review: Review) -> list[str]:
    schedule = review.plan.schedule
    drift = set(review.base.causes.drift) if review.base else set()
    heads = ("wave", "machine", "from → to", "kind", "size", "starts", "takes", "blackout", "why")
    rows = [
        _move(each, wave, review.inventory, drift=number in drift)
        for number, (each, wave) in enumerate(zip(schedule.moves, schedule.waves, strict=True))
    ]
    if not rows:
        return _unscheduled(review.plan, review.inventory)
    return [
        "**Moves**, by their starts", "",
        *table(heads, rows, Budget(_MOVES), _REST, {0, 4, 5, 6, 7}), "",
    ]  # fmt: skip


def _move(each: ScheduledMove, wave: int, inventory: Inventory, *, drift: bool) -> tuple[str, ...]:
    move = each.move
    why = f"{text(each.reason)}{' (drift)' if drift else ''}"
    kind = f"{move.kind}{', aside' if each.aside else ''}"
    still = f"{each.blackout:.1f} s" if each.blackout >= _STILL else "none"
    return (
        str(wave), name(each.label), _way(move, inventory), text(kind), format_bytes(each.bytes), clock(each.start),
        format_seconds(each.seconds), still, why,
    )  # fmt: skip


def _way(move: Move, inventory: Inventory) -> str:
    if move.changes_host:
        return f"{name(move.source)} → {name(move.destination)}"
    return f"stays on {name(move.source)}{_between(move, inventory)}"


def _between(move: Move, inventory: Inventory) -> str:
    """Return from which volumes files go to which; nothing where none gets another path."""
    before, then = (" ".join(map(_volume, each)) for each in moved_volumes(move, inventory))
    return f", {before} → {then}" if then else ""


def _volume(path: str) -> str:
    r"""Return a volume without the backslash at its end, which would stand as an entity: `D:` is read raw, too."""
    return name(path.rstrip("\\"))


def _unscheduled(plan: Plan, inventory: Inventory) -> list[str]:
    """Return the moves that are wanted and have no time."""
    wanted = [step for step in plan.steps if step.move is not None and step not in plan.left_out]
    rows = [
        (name(step.label), _way(step.move, inventory), text(step.move.kind), text(step.reason))
        for step in wanted
        if step.move is not None
    ]
    if not rows:
        return []
    heads = ("machine", "from → to", "kind", "why")
    return ["**Wanted moves**, without times", "", *table(heads, rows, Budget(_MOVES), _REST), ""]


def _left_out(plan: Plan) -> list[str]:
    lines = list[str]()
    for step in plan.left_out:
        where = f" on {name(step.vm.host)}" if step.vm else ""
        lines.append(f"- {name(step.label)}{where}: **{step.standing}**")
        lines += (f"  - {each.severity}: {text(each, _PROOF)}" for each in step.findings)
    if not lines:
        return []
    return [
        "**Left out**: what the run does not move, and why", "",
        *cut(lines, Budget(_LEFT_OUT), f"\nand {{}} more lines ({_REST})"), "",
    ]  # fmt: skip


def _warned(plan: Plan) -> list[str]:
    left_out = {step.label for step in plan.left_out}
    warned = [
        f"- {name(step.label)}: {text(each, _PROOF)}"
        for step in plan.steps
        if step.label not in left_out
        for each in step.findings
    ]
    lines = cut(warned, Budget(_WARNED), f"\nand {{}} more ({_REST})")
    return folded(f"Warnings of single machines: {len(warned)}", lines)


def _disks(plan: Plan) -> list[str]:
    rows = [
        (name(each.label), text(disk), name(source), name(target))
        for each in plan.schedule.moves
        for disk, source, target in moved_files(each.move)
    ]
    if not rows:
        return []
    lines = table(("machine", "disk", "from", "to"), rows, Budget(_DISKS), _REST)
    return folded(f"Files that get another path: {len(rows)}", lines)


_NOT_KNOWN = ("not known", "", "not known")
"""Of a volume to which a file comes of which nobody knows how large it is."""


def _rooms(rooms: tuple[Room, ...]) -> list[str]:
    if not rooms:
        return []
    heads = ("host", "what", "free before", "least", "at", "free after", "of", "kept free")
    rows = []
    for room in rooms:
        capacity = "?" if room.capacity is None else format_bytes(room.capacity)
        least, at, after = (
            (_free(room.least), clock(room.least_at), _free(room.after)) if room.known else _NOT_KNOWN
        )
        rows.append((
            name(room.host), _volume(room.volume) if room.volume else room.kind, _free(room.before), least, at, after,
            capacity, format_bytes(room.kept),
        ))  # fmt: skip
    lines = table(heads, rows, Budget(_ROOMS), _REST, range(2, len(heads)))
    return folded("Memory and disk of the hosts touched: free before, at the peak, after", lines)


def _free(count: int) -> str:
    return f"-{format_bytes(-count)}" if count < 0 else format_bytes(count)
