"""`bin/placement rebalance`: propose entries by which hosts are used more evenly, with what that costs and gains."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.exit_codes import of_plan
from hyperv_placement.commands.output import WIDE, columns, write_file
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.units import parse_bytes
from hyperv_placement.operations.rebalance import as_review, rebalance
from hyperv_placement.planning.rebalancing.proposing import Within
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.report.page import page
from hyperv_placement.report.rebalancing import rebalancing_record, render_rebalancing
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Propose. 0; 1 where a host or a machine stays out of the plan; 3 infeasible. Raises PlacementError."""
    ticket = ticket_of(options)
    stack = load(resolve_stack(options.stack, PROJECT))
    proposed = rebalance(stack, _within(options), options.inventory, write=options.write)
    if proposed.written:
        pins = {each.label: str(each.target) for each in proposed.found.entries}
        note(stack, SystemClock(), ticket, "rebalance", done=True, hosts=pins)
    code = of_plan(infeasible=bool(proposed.found.plan.refusals), complete=complete(proposed.found.plan))
    shown = (
        json_text(rebalancing_record(proposed.found, proposed.diff, written=proposed.written))
        if options.json
        else render_rebalancing(proposed.found, proposed.diff, columns() or WIDE, written=proposed.written)
    )
    sys.stdout.write(f"{shown}\n")
    if options.html is not None:
        write_file(options.html, f"{page(as_review(proposed, options.inventory), code)}\n")
    return code


def _within(options: argparse.Namespace) -> Within:
    try:
        size = None if options.max_bytes is None else parse_bytes(options.max_bytes)
    except ValueError as error:
        raise PlacementError(
            f"--max-bytes {options.max_bytes}: {error}", remedy="Write a number and a unit, such as 2 TiB"
        ) from error
    for name, value in (("--max-moves", options.max_moves), ("--threshold", options.threshold)):
        if value is not None and not 0 < value < 1_000_000:  # noqa: PLR2004 - a sane number
            raise PlacementError(f"{name} {value}: out of range", remedy="Write a number over 0")
    names = None if options.hosts is None else [each.strip() for each in options.hosts.split(",")]
    return Within(
        moves=options.max_moves,
        bytes=size,
        hosts=None if names is None else frozenset(HostName(name) for name in names if name),
        threshold=options.threshold,
    )
