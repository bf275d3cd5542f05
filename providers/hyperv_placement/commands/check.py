"""`bin/placement check`: stack files without a host, and by a recorded inventory whether what they want can be."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hyperv_placement.commands.answers import json_text
from hyperv_placement.commands.exit_codes import DONE, FAILED, TRUST_CHANGES, of_plan
from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.model.calendar import zone_name
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.policy import Policy
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import counted
from hyperv_placement.operations.check import Checked, check, files_of
from hyperv_placement.operations.plan import recorded_plan
from hyperv_placement.planning.what_counts import complete
from hyperv_placement.report.holds import hold_lines
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.report.plan_text import finding_lines, headline, left_out_lines
from hyperv_placement.report.policy_text import policy_record, render_policy
from hyperv_placement.report.trust_text import trust_lines, trust_record
from hyperv_placement.stackfile.policies import policy_in_force
from hyperv_placement.visible import visible
from hyperv_placement.workspace.stacks import PROJECT, STACKS, resolve_stack


def run(options: argparse.Namespace) -> int:
    """Check. 0; 1 an error in a file or a machine that is left out; 3 infeasible, or a rule would not hold in the end; 5 trust changes."""
    paths = [resolve_stack(each, PROJECT) for each in options.files]
    paths = paths or files_of(PROJECT / STACKS, options.base, options.head)
    if options.inventory and len(paths) != 1:
        raise PlacementError(
            f"{len(paths)} stack files cannot be held against one recorded inventory",
            remedy="Name the one: bin/placement check STACK --inventory FILE",
        )
    policy_in_force(PROJECT / STACKS)  # raises what is wrong with it once, and not for each file
    checked = check(paths, options.base, options.head)
    wrong = any(isinstance(each.found, PlacementError) for each in checked.values())
    plan, code = None, FAILED if wrong else DONE
    for each in checked.values():
        if options.inventory and isinstance(each.found, Stack):
            _, plan = recorded_plan(each.found, options.inventory)
            infeasible = bool(plan.refusals or plan.broken_rules)
            code = of_plan(infeasible=infeasible, complete=complete(plan))
    if options.json:
        sys.stdout.write(f"{json_text(_record(checked, plan, code))}\n")
    else:
        _report(checked, plan)
    # An error comes first: a file that does not load has shown nothing that somebody could agree to.
    stops = any(each.trust is not None and each.trust.stops for each in checked.values())
    return TRUST_CHANGES if stops and not wrong else code


def _report(checked: Mapping[Path, Checked], plan: Plan | None) -> None:
    for path, each in checked.items():
        lines = [] if each.trust is None else list(trust_lines(each.trust))
        sys.stdout.writelines(
            f"{visible(f'{path}: {line}' if n == 0 else line)}\n" for n, line in enumerate(lines)
        )
    for path, each in checked.items():
        if isinstance(each.found, PlacementError):
            sys.stderr.write(f"{each.found}\n")
        elif each.found is None:
            sys.stdout.write(f"{path}: is removed\n")
        else:
            sys.stdout.write(
                f"{path}: {counted(len(each.found.vms), 'machine')} on {counted(len(each.found.hosts), 'host')}\n"
            )
            # A plan by a recorded inventory shows them itself.
            sys.stdout.writelines(f"  {line}\n" for line in hold_lines(each.holds if plan is None else ()))
    if (policy := _policy(checked)) is not None:
        sys.stdout.write(f"{visible(render_policy(policy))}\n")
    if plan is not None:
        shown = (headline(plan), *finding_lines(plan.findings), *left_out_lines(plan))
        sys.stdout.writelines(f"{line}\n" for line in shown)


def _policy(checked: Mapping[Path, Checked]) -> Policy | None:
    """Return what operators permit every stack; None where none could be read."""
    return next((each.found.policy for each in checked.values() if isinstance(each.found, Stack)), None)


def _record(checked: Mapping[Path, Checked], plan: Plan | None, code: int) -> dict[str, Any]:
    """Return the keys of `--json`.

    files   [{file, machines, hosts, timezone (null where it cannot be read, or is removed), errors [lines], ids [of those
            lines' findings, in their order], holds [lines], trust (null without `--base`; else as `trust_record` says)}]
    plan    null without a recorded inventory
    policy  [{file, restricts [keys]}] of operators; null where no stack file could be read
    code    what it comes to without trust, as an exit code: 0, 1 or 3
    """
    policy = _policy(checked)
    return {
        "policy": None if policy is None else policy_record(policy),
        "files": [_file(path, each) for path, each in checked.items()],
        "plan": None if plan is None else plan_record(plan),
        "code": code,
    }


def _file(path: Path, each: Checked) -> dict[str, Any]:
    found, trust = each.found, trust_record(each.trust)
    if not isinstance(found, Stack):
        errors = [] if found is None else str(found).splitlines()
        ids = list(found.ids) if isinstance(found, StackFileError) else []
        return {
            "file": str(path),
            "machines": None,
            "hosts": None,
            "timezone": None,
            "errors": errors,
            "ids": ids,
            "holds": [],
            "trust": trust,
        }
    counts = {"machines": len(found.vms), "hosts": len(found.hosts)}
    holds = [str(line) for line in each.holds]
    return {
        "file": str(path), **counts, "timezone": zone_name(found.zone), "errors": [], "ids": [], "holds": holds, "trust": trust,
    }  # fmt: skip
