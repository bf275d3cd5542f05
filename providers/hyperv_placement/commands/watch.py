"""`bin/placement watch`: a run under way, whoever began it: its moves, how far and how fast they are, who waits for whom, the whole."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing

from hyperv_placement.clock import Clock, SystemClock
from hyperv_placement.commands import exit_codes
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.output import deliver
from hyperv_placement.hyperv.estate import Estate
from hyperv_placement.model.run_seen import MoveState, RunSeen
from hyperv_placement.model.stack import Stack
from hyperv_placement.operations.watch import see_run
from hyperv_placement.report.run_seen_text import render_run, run_record
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack

_EVERY_ON_TERMINAL, _EVERY_ELSEWHERE = 2.0, 30.0
"""Seconds between two looks: drawn over on a terminal, added to a file elsewhere."""


def run(options: argparse.Namespace) -> int:
    """Show a run until it has ended, or once. Raises PlacementError."""
    stack, clock = load(resolve_stack(options.stack, PROJECT)), SystemClock()
    with closing(Estate(stack.hosts, clock=clock)) as estate:
        try:
            return _watched(options, stack, estate, clock)
        except KeyboardInterrupt:
            return exit_codes.INTERRUPTED


def _watched(options: argparse.Namespace, stack: Stack, estate: Estate, clock: Clock) -> int:
    on_terminal = sys.stdout.isatty() and not options.json
    last: str | None = None
    while True:
        seen = see_run(stack.path.stem, estate, PROJECT, clock)
        code = exit_codes.of_look(wrong=False, silent=bool(seen.silent))
        text = (
            json_text(run_record(seen, code), indent=None) if options.json else render_run(seen, stack.zone)
        )
        if not deliver(f"{text}\n", over=last) or options.once or not _goes_on(seen):
            return code
        last = f"{text}\n" if on_terminal else None
        clock.wait(_EVERY_ON_TERMINAL if on_terminal else _EVERY_ELSEWHERE)


def _goes_on(seen: RunSeen) -> bool:
    """Say whether there is anything to watch: somebody holds the stack, a move of it runs, or any job on its hosts."""
    return bool(seen.goes_on or seen.others or seen.count(MoveState.RUNS))
