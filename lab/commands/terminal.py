"""What the lab's commands print for people."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, TextIO

from hyperv_placement.report.folding import folded
from hyperv_placement.visible import outward
from lab.world.world import State

_NARROWEST = 20
"""Columns below which folding would leave nothing to read."""


def say(text: str, *, to: TextIO | None = None) -> None:
    """Print lines for people, to standard output or to `to`, folded to its width: names of an estate file and of machines show, and order no runner."""
    write(folded(outward(text), columns(to)), to=to)


def write(text: str, *, to: TextIO | None = None) -> None:
    """Print lines as they are, for scripts."""
    print(text, file=to, flush=True)


def columns(to: TextIO | None = None) -> int | None:
    """Return how wide lines may be: as COLUMNS says, else as the terminal is; None where there is neither, as in a pipe."""
    if os.environ.get("COLUMNS", "").isdecimal() or (to or sys.stdout).isatty():
        return max(_NARROWEST, shutil.get_terminal_size().columns)
    return None


def render_up(state: State, *, started: bool, stack: Path | None) -> list[str]:
    """Return the lines that `up` prints."""
    hosts = list(state.hosts.values())
    vms = sum(len(host.realized) for host in hosts)
    first, last = hosts[0], hosts[-1]
    lines = [
        f"The lab {'is up' if started else 'runs already'}: {len(hosts)} hosts with {vms} virtual machines.",
        f"  {first.name} {first.url}" + (f" .. {last.name} {last.url}" if last is not first else ""),
    ]
    if state.settings.directory:
        lines.append(f"  with the directory {state.settings.domain.upper()}")
    return [*lines, f"Written: {stack}"] if stack is not None else lines


def render_status(status: dict[str, Any]) -> list[str]:
    """Return what `status` says: hosts with their machines, running jobs, violations."""
    lines = []
    for name, host in status["hosts"].items():
        free, total = host["memory_free_mib"] / 1024, host["memory_mib"] / 1024
        lines.append(f"{name}  {host['https']}  {free:g} of {total:g} GiB memory free")
        here = [(label, vm) for label, vm in status["vms"].items() if vm["host"] == name]
        lines += [f"  {label:12} {vm['state']:8} {vm['roots']['config']}" for label, vm in here]
    running = [job for job in status["jobs"] if job["state"] in {"New", "Starting", "Running"}]
    lines += [
        f"{job['vm']}: {job['from']} -> {job['to']}, {job['percent']} %, by {job['by']}" for job in running
    ]
    if "directory" in status:
        lines.append(_directory(status["directory"]))
    lines += [f"violation {item['time']}: {item['what']} ({item['who']})" for item in status["violations"]]
    return lines


def _directory(directory: dict[str, Any]) -> str:
    if not directory["running"]:
        return f"The directory {directory['realm']} has ended; bin/lab down, then bin/lab up brings it back."
    return f"Directory {directory['realm']}  {directory['ldaps']}  KRB5_CONFIG={directory['krb5_conf']}"


def render_fault(fault: dict[str, Any]) -> str:
    """Return one rule as a line."""
    left = "until cleared" if fault["left"] is None else f"{fault['left']} times more"
    scope = [f"{name} {fault[name]}" for name in ("host", "vm", "operation") if fault[name]]
    return " ".join([f"{fault['id']}: {fault['kind']}", *scope, f"({left})"])


def render_event(event: dict[str, Any]) -> str:
    """Return one line of the log."""
    skipped = {"time", "event", "id", "job"}
    words = [
        f"{name}={_word(value)}"
        for name, value in event.items()
        if name not in skipped and value not in (None, [])
    ]
    return " ".join([event["time"][11:23], event["event"], *words])


def _word(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else " ".join(str(value).split("\n"))
