"""`bin/placement review`: what a change of a stack file would do, as a comment, a record, or a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import TRUST_CHANGES, of_plan
from hyperv_placement.commands.output import write_file
from hyperv_placement.errors import PlacementError
from hyperv_placement.operations.review import (
    Proposal,
    proposal,
    review_live,
    review_recorded,
    without_causes,
)
from hyperv_placement.report.page import page
from hyperv_placement.report.preview_comment import preview_comment, preview_record
from hyperv_placement.report.review_comment import comment, trust_alone, trust_alone_record
from hyperv_placement.report.review_record import review_record
from hyperv_placement.workspace.base_revision import declared
from hyperv_placement.workspace.preview_file import read_preview
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Review. 0; 1 where a host or a machine stays out of the plan, or the doctor would stop it; 3 infeasible; 5 trust changes."""
    stack = declared(resolve_stack(options.stack, PROJECT), options.head)
    if options.preview is not None and options.inventory is not None:
        raise PlacementError(
            "A preview is of the hosts as they were then", remedy="Give either --preview or --inventory"
        )
    proposed = proposal(stack, options.base, options.head)
    if options.preview is not None:
        code = _by_preview(proposed, options)
    elif options.inventory is None and (options.head is not None or proposed.stops):
        # A pull request of a stranger may name his own host: to dial it is to send it our password.
        code = _by_nothing(proposed, options)
    else:
        code = _by_hosts(proposed, options)
    return TRUST_CHANGES if proposed.stops else code


def _by_hosts(proposed: Proposal, options: argparse.Namespace) -> int:
    found = review_recorded(proposed, options.inventory) if options.inventory else review_live(proposed)
    code = of_plan(infeasible=found.infeasible, complete=found.complete)
    put(json_text(review_record(found, code)) if options.json else comment(found), options.output)
    if options.html is not None:
        put(page(found, code), options.html)
    return code


def _by_nothing(proposed: Proposal, options: argparse.Namespace) -> int:
    """Report what changes of trust, and ask no host: nobody has agreed yet to where the password would go."""
    trust = proposed.trust
    if options.html is not None or trust is None or not trust.stops:
        raise PlacementError(
            "No host is asked by a proposal, or by a change of trust: logging on would send the password where it says",
            remedy="Give a recorded inventory: --inventory FILE",
        )
    record = trust_alone_record(proposed.stack, trust)
    shown = json_text(record) if options.json else trust_alone(proposed.stack, trust)
    put(shown, options.output)
    return TRUST_CHANGES


def _by_preview(proposed: Proposal, options: argparse.Namespace) -> int:
    """Review by what the engine reported. 0; 1 where it warned, for its events do not say of what; 3 where the preview failed."""
    if options.html is not None:
        raise PlacementError(
            "No page can be drawn from a preview: it reports nothing of hosts",
            remedy="Give --inventory FILE instead",
        )
    found, base = read_preview(options.preview), without_causes(proposed)
    code = of_plan(infeasible=bool(found.of("error")), complete=not found.of("warning"))
    if options.json:
        put(json_text(preview_record(proposed.stack, found, base, code)), options.output)
    else:
        put(preview_comment(proposed.stack, found, base), options.output)
    return code


def put(shown: str, file: Path | None) -> None:
    """Write a text to the output, or to a file. Raises PlacementError where that fails."""
    if file is None:
        sys.stdout.write(f"{shown}\n")
    else:
        write_file(file, f"{shown}\n")
