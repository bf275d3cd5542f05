"""`bin/placement jobs`: the migrations that run on all hosts of a stack, ours and those of others; `jobs cancel` ends one."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any

from hyperv_placement.clock import Clock, SystemClock
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.arguments import ticket_of
from hyperv_placement.commands.audit_notes import note
from hyperv_placement.commands.output import deliver
from hyperv_placement.errors import PlacementError
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.migration.audit import AuditLog, audit_path
from hyperv_placement.model.names import HostName
from hyperv_placement.model.running_job import JobsRead, RunningJob
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.cancel_job import Cancelled, cancel, check_whose, job_to_cancel
from hyperv_placement.operations.jobs import read_jobs
from hyperv_placement.report.jobs_text import jobs_record, render_jobs
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.declaring import stack_that_has
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack, stack_files

CANCEL = "cancel"


_EVERY_ON_TERMINAL, _EVERY_ELSEWHERE = 2.0, 30.0
"""Seconds between two readings of all hosts: of a table that is drawn over, and where each is added to a file."""


def run(options: argparse.Namespace) -> int:
    """Show what runs, or end one. 0; 4 where some host did not answer. Raises PlacementError."""
    words, clock = options.stack, SystemClock()
    if words[:1] == [CANCEL]:
        return _cancel(options, words[1:], clock)
    if len(words) > 1:
        raise PlacementError(f"{words[1]} is one word too many", remedy="See bin/placement jobs --help")
    stack = _stack(words[0] if words else None)
    with closing(Estate(stack.hosts, clock=clock)) as estate:
        if options.watch:
            return _watched(stack, estate, clock, as_json=options.json)
        read = read_jobs(estate, _log(stack, clock))
    sys.stdout.write(f"{_shown(read, as_json=options.json, indent=2)}\n")
    return _code(read)


def _stack(word: str | None) -> Stack:
    if word is not None:
        return load(resolve_stack(word, PROJECT))
    files = stack_files(PROJECT)
    if len(files) != 1:
        names = ", ".join(path.stem for path in files) or "none"
        raise PlacementError(f"Stacks of this project: {names}", remedy="Say which: bin/placement jobs STACK")
    return load(files[0])


def _log(stack: Stack, clock: Clock) -> AuditLog:
    return AuditLog(audit_path(PROJECT, stack.path.stem), clock=clock)


def _watched(stack: Stack, estate: Estate, clock: Clock, *, as_json: bool) -> int:
    """Show what runs until nothing does; Ctrl-C ends it, and changes nothing."""
    on_terminal = sys.stdout.isatty() and not as_json
    last: str | None = None
    busy: set[HostName] = set()
    try:
        while True:
            read = read_jobs(estate, _log(stack, clock))
            text = f"{_shown(read, as_json=as_json)}\n"
            # What ran on a host that is silent now is not known to have ended.
            busy = {job.source for job in read.jobs} | (busy & {host.name for host in read.silent})
            if not deliver(text, over=last) or not busy:
                return _code(read)
            last = text if on_terminal else None
            clock.wait(_EVERY_ON_TERMINAL if on_terminal else _EVERY_ELSEWHERE)
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED


def _shown(read: JobsRead, *, as_json: bool, indent: int | None = None) -> str:
    return json_text(jobs_record(read, _code(read)), indent=indent) if as_json else render_jobs(read)


def _code(read: JobsRead) -> int:
    return exit_codes.of_look(wrong=False, silent=bool(read.silent))


def _cancel(options: argparse.Namespace, words: list[str], clock: Clock) -> int:
    """End one migration. 0 where its machine is proven to be on one host; 1 elsewhere. Raises PlacementError."""
    ticket = ticket_of(options)
    if not 1 <= len(words) <= 2:  # noqa: PLR2004 - the machine, and its stack
        raise PlacementError("Name one machine", remedy="bin/placement jobs cancel VM [STACK]")
    subject, word = words[0], words[1] if len(words) > 1 else None
    stack = stack_that_has(subject, word, PROJECT, command="bin/placement jobs cancel VM STACK")
    with closing(Estate(stack.hosts, clock=clock)) as estate:
        found = job_to_cancel(stack, subject, estate, _log(stack, clock))
        if isinstance(found, Cancelled):
            return _told(found, None, as_json=options.json)
        check_whose(found, others=options.others)
        note(stack, clock, ticket, "cancel", **_fields(found))
        try:
            done = cancel(found, estate, clock, _say)
        except KeyboardInterrupt:
            _say(
                f"Interrupted: {found.source} may have been asked to cancel it. See what runs before you go on"
            )
            return exit_codes.INTERRUPTED
        except PlacementError as error:
            note(stack, clock, ticket, "not cancelled", done=True, **_fields(found), result=str(error))
            raise
    note(stack, clock, ticket, "cancelled", done=True, **_fields(found), result=done.text)
    return _told(done, found, as_json=options.json)


def _fields(job: RunningJob) -> dict[str, Any]:
    to = job.to or job.destination or job.source
    return {"vm": job.name, "id": job.vm_id, "from": job.source, "to": to, "job": job.id, "owner": job.owner}


def _say(text: str) -> None:
    sys.stderr.write(f"{visible(text)}\n")


def _told(done: Cancelled, job: RunningJob | None, *, as_json: bool) -> int:
    if as_json:
        record = {
            "vm": None if job is None else job.name,
            "job": None if job is None else job.id,
            "proven": done.proven,
            "host": done.host,
            "moved": done.moved,
            "left": list(done.left),
            "text": done.text,
        }
        sys.stdout.write(f"{json_text(record)}\n")
    else:
        sys.stdout.write(f"{visible(done.text)}\n")
    return exit_codes.DONE if done.proven else exit_codes.FAILED
