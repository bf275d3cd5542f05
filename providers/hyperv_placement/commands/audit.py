"""`bin/placement audit`: check that the audit log of a stack is complete, unchanged and in order, and add a note to it."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from hyperv_placement.audit.verifying import Place, Verdict
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.exit_codes import DONE, NOT_WELL
from hyperv_placement.commands.words.audit import LONGEST_NOTE
from hyperv_placement.errors import PlacementError
from hyperv_placement.migration.audit import audit_path
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import counted
from hyperv_placement.operations.verify_audit import verify_log
from hyperv_placement.report.records import record
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.identities import is_of_project
from hyperv_placement.workspace.stacks import PROJECT, STACKS, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Verify a log. 0 whole, 2 broken. Raises PlacementError where there is none, or it cannot be read."""
    path = audit_path(PROJECT, resolve_stack(options.stack, PROJECT).stem)
    found = verify_log(path, since=options.since, copy=options.against)
    if options.json:
        verdict = {"stack": path.stem, "verdict": "whole" if found.is_whole else "broken", **record(found)}
        shown = json_text(verdict)
    else:
        shown = _reported(path, found)
    sys.stdout.write(f"{shown}\n")
    return DONE if found.is_whole else NOT_WELL


def note_down(options: argparse.Namespace) -> int:
    """Write a line of the operator's own. 0. Raises PlacementError."""
    ticket, stack = ticket_of(options), load(resolve_stack(options.stack, PROJECT))
    write_note(stack, ticket, options.text, PROJECT)
    if options.json:
        sys.stdout.write(f"{json_text({'stack': stack.path.stem, 'text': options.text})}\n")
    else:
        sys.stdout.write(f"{visible(stack.path.stem)}: noted\n")
    return DONE


def write_note(stack: Stack, ticket: str, text: str, project: Path) -> None:
    """Append a line of a person's own. Raises PlacementError where it is too long, or cannot be written."""
    if not 0 < len(text) <= LONGEST_NOTE:
        raise PlacementError(f"--text has {len(text)} characters", remedy=f"Write 1 to {LONGEST_NOTE}")
    if not is_of_project(stack, project):
        raise PlacementError(
            f"{stack.path} is not a stack of this project: no log is kept of it",
            remedy=f"Name one of {STACKS}/",
        )
    note(replace(stack, audit_required=True), SystemClock(), ticket, "note", project=project, text=text)


def _reported(path: Path, found: Verdict) -> str:
    size = f"{counted(found.lines, 'line')} in {counted(len(found.files), 'file')} ({', '.join(found.files)})"
    if found.is_whole:
        lines = [f"{path.stem}: whole, {size}"]
    else:
        count = len(found.breaks) + found.more_breaks
        lines = [f"{path.stem}: BROKEN in {counted(count, 'place')}, {size}", *map(_placed, found.breaks)]
    if found.more_breaks:
        lines.append(f"and {found.more_breaks} more")
    if found.unchained:
        lines.append(
            f"{counted(found.unchained, 'line')} without a hash at its beginning, held by one hash of all of them"
        )
    lines += [f"recorded gap, {_placed(gap)}" for gap in found.gaps]
    lines.append(f"last line: {found.last or 'none has a hash'}")
    if found.is_whole:
        lines.append(
            "An end that was cut off leaves no trace here: keep that hash, or a copy, elsewhere (--from, --against)"
        )
    return "\n".join(map(visible, lines))


def _placed(place: Place) -> str:
    return f"{place.file}:{place.line}: {place.what}" if place.line else f"{place.file}: {place.what}"
