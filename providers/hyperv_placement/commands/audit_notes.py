"""Lines that commands add to the audit log of a stack: what a person has decided here, and by which ticket."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from hyperv_placement.audit.origin import origin
from hyperv_placement.audit.ticket import TICKET
from hyperv_placement.clock import Clock
from hyperv_placement.errors import AuditLostError, StackFileError, StackNameError
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.migration.audit_drift import drift_line, is_news
from hyperv_placement.model.stack import Stack
from hyperv_placement.planning.drift import DriftReport
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.identities import is_of_project
from hyperv_placement.workspace.stacks import PROJECT, stack_path

_REMEDY = "Make it writable, and write down elsewhere who did this and why"


def note(
    stack: Stack,
    clock: Clock,
    ticket: str,
    event: str,
    *,
    done: bool = False,
    project: Path = PROJECT,
    **reported: Any,
) -> None:
    """Append what a command is about to do, or has `done`, to a stack of the project; of another file no log is kept.

    Where the line cannot be written that is said; where the stack file wants one, AuditRefusedError or AuditLostError is raised.
    """
    if not is_of_project(stack, project):
        return
    environ = {**os.environ, **({TICKET: ticket} if ticket else {})}
    log = AuditLog(
        audit_path(project, stack.path.stem),
        clock=clock,
        of=partial(origin, environ, stack.path, stack.digest),
        required=stack.must_be_audited,
    )
    trouble = log.append({"event": event, **reported})
    if trouble and done and log.required:
        raise AuditLostError(f"{event} is done, and the audit log does not say so: {trouble}", remedy=_REMEDY)
    log.check(event, trouble)
    if news := log.news():
        sys.stderr.write(f"{visible(news)}\n")


def note_drift(stack: Stack, clock: Clock, report: DriftReport, *, project: Path = PROJECT) -> None:
    """Append what a look at drift has found, if that is news; where it cannot be written that is said, and the look counts all the same."""
    if not is_of_project(stack, project):
        return
    log = AuditLog(
        audit_path(project, stack.path.stem),
        clock=clock,
        of=partial(origin, os.environ, stack.path, stack.digest),
    )
    line, known = drift_line(report), (entry for entry in log.entries() if entry is not None)
    if is_news(line, known, clock.utc().date().isoformat()):
        log.append(line)
    if news := log.news():
        sys.stderr.write(f"{visible(news)}\n")


def note_of(
    name: str, clock: Clock, ticket: str, event: str, *, project: Path = PROJECT, **reported: Any
) -> None:
    """Append what is done to a stack of the project that is known by its name; nothing where no file declares it."""
    try:
        path = stack_path(name, project)
        stack = load(path) if path.exists() else None
    except (StackNameError, StackFileError):
        return  # a lock must come off a stack whose file is being mended, too
    if stack is not None:
        note(stack, clock, ticket, event, project=project, **reported)
