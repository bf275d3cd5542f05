"""`bin/placement review`: what a change of a stack file would do, as a comment, a record, or a page."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import datetime
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.arguments import add_json, add_stack
from hyperv_placement.commands.exit_codes import TRUST_CHANGES, of_plan
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.estate import Inventory
from hyperv_placement.model.finding import Finding
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.doctor import reading
from hyperv_placement.operations.doctor.foreseen import as_reported, foreseen
from hyperv_placement.operations.doctor.symptoms import Reading
from hyperv_placement.operations.plan import compare, compare_recorded
from hyperv_placement.operations.trust import trust_of
from hyperv_placement.planning.counting import complete
from hyperv_placement.planning.plan import steps_of
from hyperv_placement.planning.review.causes import Causes, causes
from hyperv_placement.planning.review.changes import changes
from hyperv_placement.planning.schedule.peaks import rooms
from hyperv_placement.planning.trust.model import Trust
from hyperv_placement.report.page import page
from hyperv_placement.report.preview_comment import PreviewBase, preview_code, preview_comment, preview_record
from hyperv_placement.report.preview_record import previewed
from hyperv_placement.report.review import Base, Review, review_record
from hyperv_placement.report.review_comment import comment, trust_alone, trust_alone_record
from hyperv_placement.system.files import read_bounded, write_whole
from hyperv_placement.workspace.allowances import allowances
from hyperv_placement.workspace.base_revision import Before, declared, declared_before
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.inventory_file import of_hosts, read
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

_LARGEST_PREVIEW = 256 << 20
"""Bytes; the engine writes some 5 KiB for each machine."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    add_stack(parser)
    parser.add_argument(
        "--base", metavar="REV|FILE", help="what was declared before: a revision of git, or a file"
    )
    parser.add_argument(
        "--head",
        metavar="REV",
        help="what is to be declared: a revision of git; default: the file as it lies there",
    )
    parser.add_argument(
        "--inventory", type=Path, metavar="FILE", help="a recorded inventory, so that no host is asked"
    )
    parser.add_argument(
        "--preview",
        type=Path,
        metavar="FILE",
        help="output of `pulumi preview --json`, where there is neither of these",
    )
    add_json(parser)
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with a map of the estate as well"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it; default: the output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Review. 0; 1 where a host or a machine stays out of the plan, or the doctor would stop it; 3 infeasible; 5 trust changes."""
    path = resolve_stack(options.stack, PROJECT)
    stack = declared(path, options.head)
    if options.preview is not None:
        return _by_preview(stack, options)
    before = None if options.base is None else declared_before(options.base, stack)
    trust = None if before is None else trust_of(before, stack, options.head)
    if options.inventory is None and (options.head is not None or (trust is not None and trust.stops)):
        return _unasked(stack, trust, options)
    review = _reviewed(stack, before, trust, options)
    shown = json.dumps(review_record(review), indent=2) if options.json else comment(review)
    put(shown, options.output)
    if options.html is not None:
        put(page(review), options.html)
    return TRUST_CHANGES if trust is not None and trust.stops else review.code


def _unasked(stack: Stack, trust: Trust | None, options: argparse.Namespace) -> int:
    """Say what changes of trust alone. 5; 1 where nobody stops it: no host is asked by what nobody has agreed to."""
    if options.html is not None or trust is None or not trust.stops:
        raise PlacementError(
            "No host is asked by a proposal, or by a change of trust: logging on would send the password where it says",
            remedy="Give a recorded inventory: --inventory FILE",
        )
    record = trust_alone_record(stack, trust)
    put(json.dumps(record, indent=2) if options.json else trust_alone(stack, trust), options.output)
    return TRUST_CHANGES


def _code(plan: Plan, diagnoses: tuple[Finding, ...]) -> int:
    infeasible = bool(plan.refusals or plan.broken_rules)
    return of_plan(infeasible=infeasible, complete=not diagnoses and complete(plan))


def _by_preview(stack: Stack, options: argparse.Namespace) -> int:
    """Review by what the engine told. 0; 1 where it warned: of what, no event says; 3 where the preview failed; 5 trust changes."""
    if options.inventory is not None:
        raise PlacementError(
            "A preview is of the hosts as they were then", remedy="Give either --preview or --inventory"
        )
    if options.html is not None:
        raise PlacementError(
            "No page can be drawn from a preview: it tells of no host",
            remedy="Give --inventory FILE instead of it",
        )
    found = previewed(_content(options.preview), str(options.preview))
    base = None if options.base is None else _based_on_file(stack, options)
    if options.json:
        put(json.dumps(preview_record(stack, found, base), indent=2), options.output)
    else:
        put(preview_comment(stack, found, base), options.output)
    return TRUST_CHANGES if base is not None and base.trust.stops else preview_code(found)


def _content(file: Path) -> bytes:
    try:
        return read_bounded(file, _LARGEST_PREVIEW)
    except OSError as error:
        raise PlacementError(
            f"{file} cannot be read: {error.strerror}", remedy="Make one: bin/pulumi preview --json > FILE"
        ) from error


def _reviewed(
    stack: Stack, before: Before | None, trust: Trust | None, options: argparse.Namespace
) -> Review:
    recorded, inventory, plan, reported = _planned(stack, options.inventory)
    diagnoses = foreseen(stack, reported, plan)
    return Review(
        stack=stack, inventory=inventory, plan=plan, rooms=rooms(stack, inventory, plan), recorded=recorded,
        age=None if recorded is None else SystemClock().utc() - recorded,
        diagnoses=diagnoses,
        base=None if before is None else _based(stack, options.base, before, inventory, plan),
        trust=trust, code=_code(plan, diagnoses),
    )  # fmt: skip


def _planned(stack: Stack, file: Path | None) -> tuple[datetime | None, Inventory, Plan, Reading]:
    """Return when the hosts were read (None: now), what they said, the plan by it, and what the doctor reads."""
    allowed, known = allowances(os.environ), kept_of(stack, PROJECT)
    if file is not None:
        recorded = read(file)
        inventory, plan = compare_recorded(stack, recorded.inventory, allowed, known, read=recorded.day)
        return recorded.read, inventory, plan, as_reported(inventory, recorded.read)
    clock = SystemClock()
    estate = Estate(stack.hosts, clock=clock)
    try:
        inventory, plan = compare(stack, estate, allowed=allowed, known=known)
        if not any(step.move for step in plan.steps):
            return None, inventory, plan, as_reported(inventory, clock.utc())
        return None, inventory, plan, reading.read(stack, estate, clock, known)
    finally:
        estate.close()


def _based(stack: Stack, word: str, before: Before, inventory: Inventory, plan: Plan) -> Base:
    """Return what has changed since; what was due before is told by the same inventory."""
    if before.stack is None:
        nothing = Causes(changed=(), drift=(), settled=())
        return Base(name=word, changes=(), causes=nothing, unread=before.unread)
    earlier = steps_of(before.stack, of_hosts(inventory, before.stack.hosts), plan.known)
    return Base(name=word, changes=changes(before.stack, stack), causes=causes(earlier, plan))


def _based_on_file(stack: Stack, options: argparse.Namespace) -> PreviewBase:
    """Return what is declared differently: whatever was due before, no preview tells."""
    before = declared_before(options.base, stack)
    changed = () if before.stack is None else changes(before.stack, stack)
    trust = trust_of(before, stack, options.head)
    return PreviewBase(name=options.base, changes=changed, unread=before.unread, trust=trust)


def put(shown: str, file: Path | None) -> None:
    """Write a text to the output, or to a file. Raises PlacementError where that fails."""
    if file is None:
        sys.stdout.write(f"{shown}\n")
        return
    try:
        write_whole(file, f"{shown}\n", mode=None)
    except OSError as error:
        raise PlacementError(
            f"{file} cannot be written: {error.strerror}", remedy="Name another file"
        ) from error
