"""`bin/placement discover`: a stack file from hosts as they are."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from providers.clock import SystemClock
from providers.discovery.discover import Asked, read, write
from providers.model.stack import Connection
from providers.report.cells import visible
from providers.stacks import PROJECT, stack_path

from .plan import FAILED


def run(options: argparse.Namespace) -> int:
    """Read the hosts and write the file. 0; 1 where a host did not answer: nothing is written then, unless asked to."""
    path: Path = options.output or stack_path(options.stack, PROJECT)
    asked = Asked(
        addresses=tuple(dict.fromkeys(options.hosts)),
        connection=_connection(options),
        declared=_declared(options, path),
    )
    names, inventory = read(asked, SystemClock())
    for silent in inventory.unreachable.values():
        sys.stderr.write(f"{silent.name}: did not answer: {visible(silent.reason)}\n")
    if not inventory.hosts or (inventory.unreachable and not options.partial):
        sys.stderr.write(
            "Nothing is written: a file without these machines would not say where they are. With --partial it is written without them\n"
        )
        return FAILED
    found = write(path, inventory, names, asked.declared)
    loose = sum(bool(each.comment) for each in found.entries)
    sys.stdout.write(
        f"{path}: {len(found.entries)} machines on {len(found.hosts)} hosts"
        f"{f', {loose} of them without their files' if loose else ''}\n"
        + "".join(f"{visible(remark)}\n" for remark in found.remarks)
        + f"Next: bin/placement check {path}, bin/pulumi stack init {path.stem}, bin/pulumi preview\n"
    )
    return FAILED if inventory.unreachable else 0


def _connection(options: argparse.Namespace) -> Connection:
    return Connection(auth=options.auth, credentials=options.credentials, ca=options.ca)


def _declared(options: argparse.Namespace, path: Path) -> dict[str, Any]:
    """Return the section connection: as it stands in the file, its paths from there."""
    values: dict[str, Any] = {"auth": options.auth}
    for key, file in (("credentials", options.credentials), ("ca", options.ca)):
        if file is not None:
            values[key] = Path(os.path.relpath(file, path.parent)).as_posix()
    return values
