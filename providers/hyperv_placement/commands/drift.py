"""`bin/placement drift`: declared against live, told, and where somebody says so accepted into the stack file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.audit_notes import add_ticket, checked, note
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.accept import Accepted, accept
from hyperv_placement.operations.drift import Found, read_drift
from hyperv_placement.planning.drift import DriftReport
from hyperv_placement.report.drift_junit import render_junit
from hyperv_placement.report.drift_markdown import render_markdown
from hyperv_placement.report.drift_record import drift_record
from hyperv_placement.report.drift_text import render_drift
from hyperv_placement.report.records import record
from hyperv_placement.stackfile import load
from hyperv_placement.system.files import write_whole
from hyperv_placement.visible import visible
from hyperv_placement.winrm.credentials import check_some
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.stacks import PROJECT, STACKS, resolve_stack

DRIFT = 2
SILENT = 4
"""No drift was seen, and some host could not be asked."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of `bin/placement`."""
    drift = commands.add_parser(
        "drift",
        help="say what is not as declared, and who did it; hosts are only read",
        epilog="exit codes: 0 no drift, 1 an error, 2 drift (also where some host is silent), 4 no drift seen and some "
        "host silent; with --accept 0 once the file is written",
    )
    drift.add_argument("stack", help=f"a stack ({STACKS}/NAME.yaml) or a path to such a file")
    form = drift.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for scripts")
    form.add_argument("--markdown", action="store_true", help="for an issue or a chat")
    drift.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML as well")
    drift.add_argument(
        "--accept",
        nargs="*",
        metavar="VM",
        help="write where these machines are into the stack file, without names all that are elsewhere; name the stack first",
    )
    add_ticket(drift)
    drift.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Tell the drift of a stack, or accept it. Raises PlacementError."""
    ticket = checked(options)
    stack = load(resolve_stack(options.stack, PROJECT))
    found = _found(stack)
    if options.junit is not None:
        _write(options.junit, render_junit(found.report))
    if options.accept is not None:
        done = accept(stack, found, options.accept)
        if done.labels:
            note(stack, SystemClock(), ticket, "accept", done=True, keys=list(done.labels))
        return _accepted(done, stack, options)
    sys.stdout.write(_shown(found.report, options))
    return verdict(found.report)


def verdict(report: DriftReport) -> int:
    """Return the exit code: drift wins over hosts that are silent."""
    if report.drifts:
        return DRIFT
    return SILENT if report.unknown else 0


def _found(stack: Stack) -> Found:
    check_some({name: host.connection for name, host in stack.hosts.items()})
    estate = Estate(stack.hosts, clock=SystemClock())
    try:
        audit = AuditLog(audit_path(PROJECT, stack.path.stem), clock=estate.clock)
        return read_drift(stack, estate, audit, kept_of(stack, PROJECT))
    finally:
        estate.close()


def _accepted(done: Accepted, stack: Stack, options: argparse.Namespace) -> int:
    if options.json:
        sys.stdout.write(f"{json.dumps(record(done), indent=2)}\n")
        return 0
    for line in done.left:
        sys.stderr.write(f"left: {visible(line)}\n")
    if done.labels:
        count = len(done.labels)
        machines = "1 machine" if count == 1 else f"{count} machines"
        lines = [
            f"{stack.path}: {machines} accepted; look at the change and commit it",
            *done.diff.splitlines(),
        ]
    else:
        lines = [f"{stack.path}: nothing to accept"]
    sys.stdout.write("\n".join(visible(line) for line in lines) + "\n")
    return 0


def _shown(report: DriftReport, options: argparse.Namespace) -> str:
    if options.json:
        return f"{json.dumps(drift_record(report, verdict(report)), indent=2)}\n"
    return render_markdown(report) if options.markdown else f"{render_drift(report)}\n"


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content, mode=None)
    except OSError as error:
        raise PlacementError(
            f"{path} cannot be written: {error.strerror}", remedy="Name another file"
        ) from error
