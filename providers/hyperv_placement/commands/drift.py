"""`bin/placement drift`: what is not as declared, reported, and with --accept written into the stack file."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note, note_drift
from hyperv_placement.commands.output import write_file
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import counted
from hyperv_placement.operations.accept import Accepted, accept
from hyperv_placement.operations.drift import drift_now
from hyperv_placement.planning.drift import DriftReport
from hyperv_placement.report.drift_junit import render_junit
from hyperv_placement.report.drift_markdown import render_markdown
from hyperv_placement.report.drift_prometheus import render_prometheus
from hyperv_placement.report.drift_record import drift_record
from hyperv_placement.report.drift_text import render_drift
from hyperv_placement.report.records import record
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

_NAMED = 5
"""Machines that the first line of --accept names; the change has them all."""


def run(options: argparse.Namespace) -> int:
    """Report the drift of a stack, or accept it. Raises PlacementError."""
    # First: a ticket that is malformed must not be found after minutes of reading hosts.
    ticket = ticket_of(options)
    stack = load(resolve_stack(options.stack, PROJECT))
    found = drift_now(stack, next_door=options.siblings)
    if options.junit is not None:
        write_file(options.junit, render_junit(found.report))
    if options.prometheus is not None:
        write_file(options.prometheus, render_prometheus(found.report))
    if options.accept is not None:
        done = accept(stack, found, options.accept)
        if done.labels:
            note(stack, SystemClock(), ticket, "accept", done=True, keys=list(done.labels))
        return _accepted(done, stack, options)
    note_drift(stack, SystemClock(), found.report)
    code = verdict(found.report)
    if options.json:
        shown = f"{json_text(drift_record(found.report, code))}\n"
    elif options.markdown:
        shown = render_markdown(found.report)
    else:
        shown = f"{render_drift(found.report)}\n"
    sys.stdout.write(shown)
    return code


def verdict(report: DriftReport) -> int:
    """Return the exit code of a report."""
    return exit_codes.of_look(wrong=bool(report.drifts), silent=bool(report.unknown))


def _headline(done: Accepted, stack: Stack) -> str:
    more = f" and {len(done.labels) - _NAMED} more" if len(done.labels) > _NAMED else ""
    machines = f"{counted(len(done.labels), 'machine')} accepted: {', '.join(done.labels[:_NAMED])}{more}"
    return f"{stack.path}: {machines}. Nothing is moved; the file now says, for you to look at and to commit:"


def _accepted(done: Accepted, stack: Stack, options: argparse.Namespace) -> int:
    if options.json:
        sys.stdout.write(f"{json_text(record(done))}\n")
        return exit_codes.DONE
    for line in done.left:
        sys.stderr.write(f"left: {visible(line)}\n")
    if done.labels:
        lines = [_headline(done, stack), *done.diff.splitlines()]
    else:
        lines = [f"{stack.path}: nothing to accept"]
    sys.stdout.write("\n".join(visible(line) for line in lines) + "\n")
    return exit_codes.DONE
