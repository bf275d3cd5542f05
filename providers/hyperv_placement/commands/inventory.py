"""`bin/placement inventory`: what the hosts of a stack report now, shown or recorded for later plans."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import DONE, FAILED
from hyperv_placement.model.units import counted
from hyperv_placement.model.unreachable import listed
from hyperv_placement.operations.hold import held
from hyperv_placement.operations.inventory import others_on, read_inventory, record_inventory
from hyperv_placement.report.holds import hold_lines
from hyperv_placement.report.others import others_lines, others_record
from hyperv_placement.report.records import record
from hyperv_placement.report.text import render_inventory
from hyperv_placement.stackfile import load
from hyperv_placement.visible import visible
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Show or save what hosts report. 0; 1 where a host did not answer: then it says which, and so does the file."""
    stack = load(resolve_stack(options.stack, PROJECT))
    found = record_inventory(stack, options.save) if options.save else read_inventory(stack)
    known = kept_of(stack, PROJECT)
    holds, others = held(stack, known), others_on(stack, found, known)
    if options.json:
        shown = {
            **record(found),
            "holds": [str(each) for each in holds],
            "others": others_record(others),
        }
        sys.stdout.write(f"{json_text(shown)}\n")
    elif options.save:
        machines = sum(len(host.vms) for host in found.hosts.values())
        sys.stdout.write(
            f"{options.save}: {counted(machines, 'machine')} on {counted(len(found.hosts), 'host')}\n"
        )
        sys.stderr.writelines(f"{visible(line)}\n" for line in listed(found.unreachable.values()))
    else:
        sys.stdout.write(f"{render_inventory(found)}\n")
    if not options.json:
        sys.stdout.writelines(f"{line}\n" for line in (*others_lines(others), *hold_lines(holds)))
    return DONE if found.complete else FAILED
