"""A preview of the engine as a comment and as a record: what its events show, and what they do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import counted
from hyperv_placement.planning.proposal import PreviewBase
from hyperv_placement.planning.trust.model import Trust
from hyperv_placement.report.review_record import changes_record
from hyperv_placement.workspace.preview_file import Message, Previewed, PreviewStep

from .markdown import Budget, cut, folded, name, table, text
from .review_comment import changes_part, marker, trust_part
from .trust_text import trust_line, trust_record

_STEPS, _MESSAGES = 24_000, 6_000
"""Characters of the steps, and of what was said so severely."""
_REST = "all of them: --json"
_LONG = 2_000
_FIRST = 600


def preview_headline(found: Previewed) -> str:
    """Return the one line of summary, as far as a preview goes."""
    moves = found.moves()
    adopted = sum(step.is_adopted and not moves[n] for n, step in enumerate(found.steps))
    others = len(found.steps) - moves.count(True) - adopted
    known = None not in moves
    parts = [f"{counted(moves.count(True), 'machine')} to move"] if known or True in moves else []
    if adopted and known:
        parts.append(f"{counted(adopted, 'adoption')} without a move")
    if others:
        parts.append(counted(others, "other change"))
    if warnings := found.of("warning"):
        parts.append(counted(len(warnings), "warning"))
    if not known:
        parts.append(
            f"{counted(adopted, 'adoption')}; whether {'it moves' if adopted == 1 else 'they move'} is not known"
        )
    if errors := found.of("error"):
        return f"The preview failed with {counted(len(errors), 'error')}; {', '.join(parts)}"
    return ", ".join(parts)


def preview_comment(stack: Stack, found: Previewed, base: PreviewBase | None) -> str:
    """Return the comment; `base`: what is declared differently, where that was asked."""
    trust = None if base is None else base.trust
    rows = [
        (name(step.label), text(_operation(step, moves)), _shown(step, "before"), _shown(step, "after"))
        for step, moves in zip(found.steps, found.moves(), strict=True)
    ]
    changed = list[str]()
    if base is not None and base.unread is not None:
        changed = [f"Reviewed without what has changed: {text(base.unread, _LONG)}.", ""]
    elif base is not None:
        changed = changes_part(base.changes)
    steps = table(("machine or host", "operation", "is", "declared"), rows, Budget(_STEPS), _REST)
    lines = [
        text(_first(found, trust), _FIRST), "", *trust_part(trust),
        (
            f"Made for {name(stack.path.name)} from a preview of Pulumi. It shows what would change, but neither when,"
            " nor what room is left, nor which rules hold: give a recorded inventory for those."
        ), "",
        *changed,
        *_said("Errors", found.of("error")), *_said("Warnings", found.of("warning")),
        *(["**Changes**", "", *steps, ""] if rows else []),
        *folded("What the plan said", _listed(found.of("info"))),
        marker(stack.path.stem),
    ]  # fmt: skip
    return "\n".join(lines)


def _first(found: Previewed, trust: Trust | None) -> str:
    return "; ".join(part for part in (trust_line(trust), preview_headline(found)) if part)


def preview_record(stack: Stack, found: Previewed, base: PreviewBase | None, code: int) -> dict[str, Any]:
    """Return the keys of a review with the exit code `code`, and one more: what a preview does not report is null, or empty.

    plan, doctor, recorded   null
    rooms      empty
    base       null without `--base`; else name, changes, and unread: why what was declared before is not known
    preview    steps [{kind, label, operation, differences [{name, before, after}], moves (null where not
               reported)}], messages [{severity, label, text}]
    """
    trust = None if base is None else base.trust
    based = (
        None
        if base is None
        else {"name": base.name, "changes": changes_record(base.changes), "unread": base.unread}
    )
    return {
        "headline": _first(found, trust), "stack": stack.path.name, "timezone": zone_name(stack.zone),
        "trust": trust_record(trust), "code": code,
        "source": "preview", "recorded": None,
        "plan": None, "doctor": None, "rooms": [], "base": based,
        "preview": {
            "steps": [
                {**asdict(step), "moves": moves} for step, moves in zip(found.steps, found.moves(), strict=True)
            ],
            "messages": [asdict(each) for each in found.messages],
        },
    }  # fmt: skip


def _operation(step: PreviewStep, moves: bool | None) -> str:
    if not step.is_adopted or moves is False:
        return step.operation
    return f"{step.operation}, {'then move' if moves else 'may move'}"


def _shown(step: PreviewStep, side: str) -> str:
    return "<br>".join(
        f"{text(each.name)}: {name(value)}"
        for each in step.differences
        if (value := getattr(each, side)) is not None
    )


def _said(title: str, messages: Iterable[Message]) -> list[str]:
    lines = _listed(messages)
    return [f"**{title}**", "", *lines, ""] if lines else []


def _listed(messages: Iterable[Message]) -> list[str]:
    lines = []
    for each in messages:
        about = f"{name(each.label)}: " if each.label is not None else "all: "
        lines.append(f"- {about}" + "<br>".join(text(line, _LONG) for line in each.text.splitlines()))
    return cut(lines, Budget(_MESSAGES), f"\nand {{}} more ({_REST})")
