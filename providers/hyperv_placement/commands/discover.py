"""`bin/placement discover`: hosts are read, and a stack file that declares them as they are is written."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from hyperv_placement import quoting
from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.units import counted
from hyperv_placement.operations.discovery.discover import Request, discover
from hyperv_placement.operations.discovery.machines import Draft, Extent
from hyperv_placement.report.records import record
from hyperv_placement.stackfile import load
from hyperv_placement.system.files import expanded
from hyperv_placement.visible import visible
from hyperv_placement.workspace.identities import is_of_project
from hyperv_placement.workspace.siblings import also_declared
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack, stack_path

_NOTHING = "Nothing was written: machines on hosts that cannot be read would be missing."


def run(options: argparse.Namespace) -> int:
    """Read the hosts and write the file. 0; 1 where a host is silent and nothing was written. Raises PlacementError."""
    place: Path = options.output or stack_path(options.stack, PROJECT)
    request = Request(
        place=place,
        hosts=options.hosts,
        source=None if options.source is None else resolve_stack(options.source, PROJECT),
        auth=options.auth,
        credentials=_named(options.credentials),
        ca=_named(options.ca),
        partial=options.partial,
    )
    done = discover(request, SystemClock(), lambda line: sys.stderr.write(f"{line}\n"))
    if done.draft is None:
        more = "" if options.partial else " Run again when they can be, or write what is known: --partial"
        sys.stderr.write(f"{_NOTHING}{more}\n")
    elif twice := _also_declared(place):
        sys.stderr.write(f"{visible(twice)}\n")
    if options.json:
        sys.stdout.write(f"{json_text(_record(place, done.draft, done.hosts, options.stack))}\n")
    elif done.draft is not None:
        sys.stdout.write(_summary(place, done.draft, done.hosts, options.stack))
    return FAILED if done.draft is None else DONE


def _also_declared(place: Path) -> str:
    """Return that other stack files declare machines of the new one, as where two teams share hosts; empty where none does."""
    written = load(place)
    lines = also_declared(written, PROJECT) if is_of_project(written, PROJECT) else ()
    if not lines:
        return ""
    return (
        f"{counted(len(lines), 'machine')} of it {'is' if len(lines) == 1 else 'are'} declared in another stack file as well, such as"
        f" {lines[0]}. In the file that they do not belong to, take these entries out and write others: [{{siblings: true}}]"
    )


def _named(file: Path | None) -> Path | None:
    """Return a file of the command line by its full path, as it does not lie where the stack file does."""
    try:
        return None if file is None else expanded(file).absolute()
    except OSError as error:
        raise PlacementError(f"{file}: {error.strerror}", remedy="Correct the command") from error


def _summary(place: Path, made: Draft, hosts: int, stack: str) -> str:
    less = Counter(entry.extent for entry in made.entries)
    left_out = len(made.left_out) + len(made.unseen)
    reported = [
        f"{place}: {counted(len(made.entries), 'machine')} on {counted(hosts, 'host')}",
        *([f"{less[Extent.HOST]} without their storage"] if less[Extent.HOST] else []),
        *([f"{less[Extent.WATCHED]} only watched"] if less[Extent.WATCHED] else []),
        *([f"{left_out} left out"] if left_out else []),
    ]
    return (
        (f"{', '.join(reported)}; why stands beside each\n" if len(reported) > 1 else f"{reported[0]}\n")
        + f"Look through it, then: {quoting.own('bin/pulumi stack init {}', stack)}; {quoting.own('bin/pulumi up')} (it only adopts)\n"
    )


def _record(place: Path, made: Draft | None, hosts: int, stack: str) -> dict[str, Any]:
    """Return it as plain values: how much of each machine was declared, and why others were not; no machine where nothing was written."""
    entries = () if made is None else made.entries
    left_out = () if made is None else (*((each.vm.id, each.vm.name, each.vm.host, each.remark) for each in made.left_out),
                                        *((each.vm, each.name, each.host, each.remark) for each in made.unseen))  # fmt: skip
    return {
        "stack": stack, "file": str(place), "written": made is not None, "hosts": hosts,
        "machines": [
            {
                "label": str(each.label.key), "id": each.vm, "host": each.host, "declared": record(each.extent),
                "remark": each.remark,
            }
            for each in entries
        ],
        "left_out": [
            {"id": vm, "name": name, "host": host, "remark": remark} for vm, name, host, remark in left_out
        ],
    }  # fmt: skip
