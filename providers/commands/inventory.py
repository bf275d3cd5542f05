"""`bin/placement inventory`: what the hosts of a stack report now, shown or recorded for later plans."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from providers.clock import SystemClock
from providers.hyperv.estate import Estate
from providers.model.estate import Inventory
from providers.model.stack import Stack
from providers.planning.silence import became
from providers.recorded import Recorded, write
from providers.report.records import record
from providers.report.text import render_inventory
from providers.stackfile import load
from providers.stacks import PROJECT, stack_meant
from providers.units import counted
from providers.visible import visible

from .plan import FAILED


def run(options: argparse.Namespace) -> int:
    """Show or save what hosts report. 0; 1 where a host did not answer: then it says which, and so does the file."""
    stack = load(stack_meant(options.stack, PROJECT))
    found = _saved(stack, options.save) if options.save else _seen(stack)
    if options.json:
        sys.stdout.write(f"{json.dumps(record(found), indent=2)}\n")
    elif options.save:
        machines = sum(len(host.vms) for host in found.hosts.values())
        sys.stdout.write(
            f"{options.save}: {counted(machines, 'machine')} on {counted(len(found.hosts), 'host')}\n"
        )
        for silent in found.unreachable.values():
            sys.stderr.write(f"{silent.name}: {became(silent)}: {visible(silent.reason)}\n")
    else:
        sys.stdout.write(f"{render_inventory(found)}\n")
    return 0 if found.complete else FAILED


def _seen(stack: Stack) -> Inventory:
    estate = Estate(stack.hosts, clock=SystemClock())
    try:
        found = estate.sweep()
        return estate.closely(found, list(found.hosts), ())
    finally:
        estate.close()


def _saved(stack: Stack, path: Path) -> Inventory:
    estate = Estate(stack.hosts, clock=SystemClock())
    try:
        read = estate.clock.utc()
        inventory = estate.whole()
    finally:
        estate.close()
    write(path, Recorded(read=read, inventory=inventory))
    return inventory
