"""`bin/placement check`: stack files without a host, and by a recorded inventory whether what they want can be."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from providers.errors import PlacementError, StackFileError
from providers.model.plan import Plan
from providers.model.stack import Stack
from providers.report.plan_record import plan_record
from providers.report.plan_text import finding_lines, headline, left_out_lines
from providers.stackfile import load
from providers.stackfile.overlap import declared_twice
from providers.stacks import PROJECT, stack_files, stack_meant
from providers.units import counted

from .plan import FAILED, INFEASIBLE, recorded_plan, verdict


def run(options: argparse.Namespace) -> int:
    """Check. 0; 1 an error in a file or a machine that is left out; 3 infeasible, or a rule would not hold in the end."""
    paths = [stack_meant(each, PROJECT) for each in options.files] or stack_files(PROJECT)
    if options.inventory and len(paths) != 1:
        raise PlacementError(
            f"{len(paths)} stack files cannot be held against one recorded inventory",
            remedy="Name the one: bin/placement check STACK --inventory FILE",
        )
    checked = _apart({path: _read(path) for path in paths})
    wrong = any(isinstance(found, PlacementError) for found in checked.values())
    plan, code = None, FAILED if wrong else 0
    for found in checked.values():
        if options.inventory and isinstance(found, Stack):
            _, plan = recorded_plan(found, options.inventory)
            code = INFEASIBLE if plan.refusals or plan.broken_rules else verdict(plan)
    if options.json:
        sys.stdout.write(f"{json.dumps(_record(checked, plan), indent=2)}\n")
    else:
        _tell(checked, plan)
    return code


def _read(path: Path) -> Stack | PlacementError:
    try:
        return load(path)
    except PlacementError as error:
        return error


def _apart(checked: Mapping[Path, Stack | PlacementError]) -> Mapping[Path, Stack | PlacementError]:
    """Return what was read; a file that declares machines of another one is wrong."""
    twice = declared_twice({path: found for path, found in checked.items() if isinstance(found, Stack)})
    return {
        path: StackFileError("\n".join(lines)) if (lines := twice.get(path)) else found
        for path, found in checked.items()
    }


def _tell(checked: Mapping[Path, Stack | PlacementError], plan: Plan | None) -> None:
    for path, found in checked.items():
        if isinstance(found, PlacementError):
            sys.stderr.write(f"{found}\n")
        else:
            sys.stdout.write(
                f"{path}: {counted(len(found.vms), 'machine')} on {counted(len(found.hosts), 'host')}\n"
            )
    if plan is not None:
        sys.stdout.writelines(f"{line}\n" for line in _feasibility(plan))


def _feasibility(plan: Plan) -> Iterator[str]:
    yield headline(plan)
    yield from finding_lines(plan.findings)
    yield from left_out_lines(plan)


def _record(checked: Mapping[Path, Stack | PlacementError], plan: Plan | None) -> dict[str, Any]:
    """Return `files` ({file, machines, hosts, errors [lines]}) and `plan`, null without a recorded inventory."""
    return {
        "files": [_file(path, found) for path, found in checked.items()],
        "plan": None if plan is None else plan_record(plan),
    }


def _file(path: Path, found: Stack | PlacementError) -> dict[str, Any]:
    if isinstance(found, PlacementError):
        return {"file": str(path), "machines": None, "hosts": None, "errors": str(found).splitlines()}
    return {"file": str(path), "machines": len(found.vms), "hosts": len(found.hosts), "errors": []}
