"""`bin/placement history`: on which host a machine was, since when, and by whom it was brought there."""

from __future__ import annotations

import argparse

from hyperv_placement.commands.arguments import subject_and_stack
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.commands.sheet_shown import show_sheet
from hyperv_placement.operations.history import machine_history
from hyperv_placement.report.history_sheet import history_record, history_sheet
from hyperv_placement.workspace.stacks import PROJECT


def run(options: argparse.Namespace) -> int:
    """Show it. Raises PlacementError."""
    subject, word = subject_and_stack(options)
    history = machine_history(subject, word, PROJECT, copies=options.log, state=not options.no_state)
    show_sheet(options, history_sheet(history), history_record(history))
    return DONE
