"""`bin/placement result`: after a run, whether every declared machine is in its place, by hosts and audit log."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import of_look
from hyperv_placement.operations.result import read_outcome
from hyperv_placement.planning.what_counts import Proof
from hyperv_placement.report.outcome_text import outcome_record, render_outcome
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Say what the last run has come to. 0 reached; 2 not; 4 as far as hosts answered. Raises PlacementError."""
    outcome = read_outcome(load(resolve_stack(options.stack, PROJECT)))
    code = of_look(wrong=outcome.proof is Proof.MISSED, silent=outcome.proof is Proof.UNREAD)
    shown = json_text(outcome_record(outcome, code)) if options.json else render_outcome(outcome)
    sys.stdout.write(f"{shown}\n")
    return code
