"""`bin/placement doctor`: what stands in the way of moves, of hosts and of the directory."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.clock import SystemClock
from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import of_examination
from hyperv_placement.model.calendar import zone_name
from hyperv_placement.operations.doctor.examine import examine
from hyperv_placement.operations.doctor.reading import logged_on
from hyperv_placement.operations.hold import held
from hyperv_placement.report.diagnosis import diagnosis_record, render_diagnoses
from hyperv_placement.report.holds import hold_lines
from hyperv_placement.report.others import others_lines, others_record
from hyperv_placement.report.policy_text import policy_record, render_policy
from hyperv_placement.stackfile import load
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.stacks import PROJECT, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Examine the hosts of a stack. 0; 2 an error, not for a warning; 6 what moves hang on was not checked. Raises PlacementError."""
    stack = load(resolve_stack(options.stack, PROJECT))
    known, clock = kept_of(stack, PROJECT), SystemClock()
    found, not_checked, others = examine(stack, clock, known)
    who, holds = logged_on(stack), held(stack, known)
    not_seen = [each.text for each in not_checked]
    shown = {
        "timezone": zone_name(stack.zone),
        "diagnoses": [diagnosis_record(each) for each in found],
        "not_checked": not_seen,
        "logged_on": who,
        "holds": [str(each) for each in holds],
        "others": others_record(others),
        "policy": policy_record(stack.policy),
    }
    text = render_diagnoses(found, not_checked, who, render_policy(stack.policy))
    lines = "\n".join((text, *others_lines(others), *hold_lines(holds)))
    sys.stdout.write(f"{json_text(shown) if options.json else lines}\n")
    return of_examination(
        wrong=any(each.refuses for each in found), unchecked=any(each.decides for each in not_checked)
    )
