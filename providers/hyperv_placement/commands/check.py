"""`bin/placement check`: stack files without a host, and by a recorded inventory whether what they want can be."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperv_placement.commands.arguments import RECORDED, STACK, add_json
from hyperv_placement.commands.exit_codes import DONE, FAILED, TRUST_CHANGES, of_plan
from hyperv_placement.errors import PlacementError, StackFileError
from hyperv_placement.model.plan import Plan
from hyperv_placement.model.policy import Policy
from hyperv_placement.model.stack import Stack
from hyperv_placement.model.units import counted
from hyperv_placement.operations.plan import recorded_plan
from hyperv_placement.operations.trust import trust_of, trust_of_removal
from hyperv_placement.planning.counting import complete
from hyperv_placement.planning.trust.model import Trust
from hyperv_placement.report.plan_record import plan_record
from hyperv_placement.report.plan_text import finding_lines, headline, left_out_lines
from hyperv_placement.report.policy_text import policy_record, render_policy
from hyperv_placement.report.trust_text import trust_lines, trust_record
from hyperv_placement.stackfile.overlap import declared_twice
from hyperv_placement.stackfile.policies import policy_in_force
from hyperv_placement.visible import visible
from hyperv_placement.workspace.base_revision import declared, declared_before
from hyperv_placement.workspace.git import at_revision, stack_names
from hyperv_placement.workspace.stacks import PROJECT, STACKS, resolve_stack, stack_files


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What came of one file."""

    found: Stack | PlacementError | None
    """None: the file is removed."""
    trust: Trust | None = None
    """What it changes of trust; None where nothing was compared."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the words of this verb."""
    parser.add_argument("files", nargs="*", help=f"{STACK}; default: every file in {STACKS}/")
    parser.add_argument(
        "--base", metavar="REV|FILE", help="what was declared before: tell what changes of trust, exit code 5"
    )
    parser.add_argument(
        "--head",
        metavar="REV",
        help="what is to be declared: a revision of git; default: files as they lie there",
    )
    parser.add_argument("--inventory", type=Path, metavar="FILE", help=RECORDED)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check. 0; 1 an error in a file or a machine that is left out; 3 infeasible, or a rule would not hold in the end; 5 trust changes."""
    paths = [resolve_stack(each, PROJECT) for each in options.files] or _all(options)
    if options.inventory and len(paths) != 1:
        raise PlacementError(
            f"{len(paths)} stack files cannot be held against one recorded inventory",
            remedy="Name the one: bin/placement check STACK --inventory FILE",
        )
    policy_in_force(PROJECT / STACKS)  # one that is ill is said once, and not for each file
    checked = _apart({path: _read(path, options) for path in paths})
    wrong = any(isinstance(each.found, PlacementError) for each in checked.values())
    plan, code = None, FAILED if wrong else DONE
    for each in checked.values():
        if options.inventory and isinstance(each.found, Stack):
            _, plan = recorded_plan(each.found, options.inventory)
            infeasible = bool(plan.refusals or plan.broken_rules)
            code = of_plan(infeasible=infeasible, complete=complete(plan))
    if options.json:
        sys.stdout.write(f"{json.dumps(_record(checked, plan, code), indent=2)}\n")
    else:
        _report(checked, plan)
    stops = any(each.trust is not None and each.trust.stops for each in checked.values())
    return TRUST_CHANGES if stops and not wrong else code


def _all(options: argparse.Namespace) -> list[Path]:
    """Return the stack files there are, and with a revision as base those that there were."""
    folder = PROJECT / STACKS
    names = (
        {path.name for path in stack_files(PROJECT)}
        if options.head is None
        else {*stack_names(options.head, folder)}
    )
    if options.base is not None:
        names |= {*stack_names(options.base, folder)}
    return [folder / name for name in sorted(names) if not name.startswith("Pulumi.")]


def _read(path: Path, options: argparse.Namespace) -> _Checked:
    """Return what the file declares and, where that was asked, what it changes of trust."""
    try:
        if options.base is not None and not _is_there(path, options.head):
            before = declared_before(options.base, Stack(path=path, hosts={}, vms={}))
            if before.stack is None or before.stack.hosts:
                return _Checked(found=None, trust=trust_of_removal(before))
        stack = declared(path, options.head)
        if options.base is None:
            return _Checked(found=stack)
        return _Checked(
            found=stack, trust=trust_of(declared_before(options.base, stack), stack, options.head)
        )
    except PlacementError as error:
        return _Checked(found=error)


def _is_there(path: Path, head: str | None) -> bool:
    return path.exists() if head is None else at_revision(head, path) is not None


def _apart(checked: Mapping[Path, _Checked]) -> Mapping[Path, _Checked]:
    """Return what was read; a file that declares machines of another one is wrong."""
    stacks = {path: each.found for path, each in checked.items() if isinstance(each.found, Stack)}
    twice = declared_twice(stacks)
    return {
        path: _Checked(found=twice[path], trust=each.trust) if path in twice else each
        for path, each in checked.items()
    }


def _report(checked: Mapping[Path, _Checked], plan: Plan | None) -> None:
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
    if (policy := _policy(checked)) is not None:
        sys.stdout.write(f"{visible(render_policy(policy))}\n")
    if plan is not None:
        sys.stdout.writelines(f"{line}\n" for line in _feasibility(plan))


def _policy(checked: Mapping[Path, _Checked]) -> Policy | None:
    """Return what operators permit every stack; None where none could be read."""
    return next((each.found.policy for each in checked.values() if isinstance(each.found, Stack)), None)


def _feasibility(plan: Plan) -> Iterator[str]:
    yield headline(plan)
    yield from finding_lines(plan.findings)
    yield from left_out_lines(plan)


def _record(checked: Mapping[Path, _Checked], plan: Plan | None, code: int) -> dict[str, Any]:
    """Return the keys of `--json`.

    files   [{file, machines, hosts (null where it cannot be read, or is removed), errors [lines], ids [of those
            lines' findings, in their order], trust (null without `--base`; else as `trust_record` says)}]
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


def _file(path: Path, each: _Checked) -> dict[str, Any]:
    found, trust = each.found, trust_record(each.trust)
    if not isinstance(found, Stack):
        errors = [] if found is None else str(found).splitlines()
        ids = list(found.ids) if isinstance(found, StackFileError) else []
        return {
            "file": str(path),
            "machines": None,
            "hosts": None,
            "errors": errors,
            "ids": ids,
            "trust": trust,
        }
    counts = {"machines": len(found.vms), "hosts": len(found.hosts)}
    return {"file": str(path), **counts, "errors": [], "ids": [], "trust": trust}
