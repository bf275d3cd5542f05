"""`bin/placement record`: what a host answers to our reads, or what a run has logged, saved with names and addresses replaced."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.names import HostName
from hyperv_placement.model.units import counted
from hyperv_placement.operations.recording import archive
from hyperv_placement.operations.recording.names import names_in
from hyperv_placement.operations.recording.record import record
from hyperv_placement.operations.recording.wire_file import read_wire_file
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.declaring import stack_with_host
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Record a host, or what is in a wire file. Raises PlacementError, also where the output is there already."""
    if (options.host is None) == (options.disguise is None):
        raise PlacementError("record takes either a host or --disguise FILE")
    archive.check_free(options.output)
    if options.disguise is not None:
        recording, hosts = read_wire_file(options.disguise)
        declared = names_in(load(resolve_stack(options.stack, PROJECT))) if options.stack else ()
        manifest = archive.write(options.output, recording, [*hosts, *declared])
        return _written(options, manifest, counted(len(hosts), "host"))
    stack = stack_with_host(options.host, options.stack, PROJECT, command="--stack NAME")
    host = stack.hosts[HostName(options.host)]

    def say(what: str) -> None:
        sys.stderr.write(f"{host.name}: {what}\n")

    recording = record(host, SystemClock(), say)
    return _written(options, archive.write(options.output, recording, names_in(stack)), host.name)


def _written(options: argparse.Namespace, manifest: Mapping[str, Any], whose: str) -> int:
    if options.json:
        sys.stdout.write(f"{json_text({'output': str(options.output), **manifest})}\n")
        return DONE
    answers = manifest["answers"]
    sys.stdout.write(
        f"{options.output}: {counted(len(answers), 'answer')} of {whose}, {sum(a['fault'] for a in answers)} of them refusals;"
        f" {counted(len(manifest['unanswered']), 'question')} without an answer\n"
        "Names, addresses and GUIDs are replaced. Look through it before you pass it on.\n"
    )
    return DONE
