"""`bin/placement`: look at stack files, hosts and locks without the engine."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from hyperv_placement.clock import SystemClock
from hyperv_placement.codes import catalogue
from hyperv_placement.commands.output import delivered
from hyperv_placement.errors import PlacementError, of_this_computer
from hyperv_placement.model.names import HostName
from hyperv_placement.model.units import counted
from hyperv_placement.operations.recording import archive
from hyperv_placement.operations.recording import record as recorder
from hyperv_placement.operations.recording.names import names_in
from hyperv_placement.report import explain
from hyperv_placement.report.diagnosis import diagnosis_record, render_diagnoses
from hyperv_placement.report.policy_text import policy_record, render_policy
from hyperv_placement.stackfile import load
from hyperv_placement.system import keep_private
from hyperv_placement.workspace.identities import kept_of
from hyperv_placement.workspace.stacks import PROJECT, STACKS, resolve_stack

from . import accept_host, adopt, audit, check, discover, drift, inventory, plan, result, review, unlock

FAILED = 1
ILL = 2
"""The doctor found an error."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code.

    0 done, 1 an error of one line (or a line per finding), 2 drift, not reached, or found by the doctor, 3 infeasible, 4 nothing
    wrong was seen and some host is silent, 5 a change of trust.
    """
    return delivered(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:  # --help, or words that are no command
        return int(end.code or 0)
    try:
        return int(options.run(options))
    except (PlacementError, OSError) as error:
        sys.stderr.write(f"{error if isinstance(error, PlacementError) else of_this_computer(error)}\n")
        if options.debug:
            sys.stderr.write(f"{getattr(error, 'detail', '')}\n{traceback.format_exc()}")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; nothing was changed\n")
        return 130


class _Parser(argparse.ArgumentParser):
    """A parser for which a word that it does not know is an error like any other: 2 would say drift, or an ill estate."""

    def error(self, message: str) -> NoReturn:
        """Say how the command is used, and end with the exit code of errors."""
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="placement", description="VM placement as code for Hyper-V"
    )
    parser.add_argument("--debug", action="store_true", help="show what lies behind an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _look_ahead(commands)
    discover.add_to(commands)
    doctor = commands.add_parser("doctor", help="say what stands in the way of moves; read-only")
    doctor.add_argument("stack", help=f"a stack ({STACKS}/NAME.yaml) or a path to such a file")
    doctor.add_argument("--json", action="store_true", help="for scripts")
    doctor.set_defaults(run=_doctor)
    explain_ = commands.add_parser(
        "explain", help="say what a code of a host means, and what to do; no host is asked"
    )
    explain_.add_argument(
        "code",
        nargs="?",
        help="as 0x8009030E, -2146893042, 33012, 32775, 20306, 401 or a word as limit; default: list all",
    )
    explain_.add_argument("--json", action="store_true", help="for scripts")
    explain_.set_defaults(run=_explain)
    record_ = commands.add_parser(
        "record", help="save what a host answers to our reads, names and addresses replaced; read-only"
    )
    record_.add_argument("host", help="a host of the stack file")
    record_.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="a zip that does not exist yet"
    )
    record_.add_argument("--stack", help="the stack that declares it; needed where several do")
    record_.add_argument("--json", action="store_true", help="for scripts")
    record_.set_defaults(run=_record)
    adopt.add_to(commands)
    accept_host.add_to(commands)
    unlock.add_to(commands)
    audit.add_to(commands)
    return parser


def _look_ahead(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands that need no run: what a stack file wants, what there is, and what separates the two."""
    stack = f"a stack ({STACKS}/NAME.yaml) or a path to such a file"
    recorded = "a recorded inventory, so that no host is asked"
    check_ = commands.add_parser("check", help="check stack files; no host is asked")
    check_.add_argument("files", nargs="*", help=f"{stack}; default: every file in {STACKS}/")
    check_.add_argument(
        "--base", metavar="REV|FILE", help="what was declared before: tell what changes of trust, exit code 5"
    )
    check_.add_argument(
        "--head",
        metavar="REV",
        help="what is to be declared: a revision of git; default: files as they lie there",
    )
    check_.add_argument("--inventory", type=Path, metavar="FILE", help=recorded)
    check_.add_argument("--json", action="store_true", help="for scripts")
    check_.set_defaults(run=check.run)
    inventory_ = commands.add_parser("inventory", help="show what the hosts of a stack report now; read-only")
    inventory_.add_argument("stack", help=stack)
    inventory_.add_argument("--save", type=Path, metavar="FILE", help="record it, for `plan` and `check`")
    inventory_.add_argument("--json", action="store_true", help="for scripts")
    inventory_.set_defaults(run=inventory.run)
    plan_ = commands.add_parser("plan", help="show what would move, when, and why; read-only")
    plan_.add_argument("stack", help=stack)
    plan_.add_argument("--inventory", type=Path, metavar="FILE", help=recorded)
    plan_.add_argument("--json", action="store_true", help="for scripts")
    plan_.set_defaults(run=plan.run)
    drift.add_to(commands)
    result.add_to(commands)
    review.add_to(commands)


def _doctor(options: argparse.Namespace) -> int:
    from hyperv_placement.operations.doctor.examine import examine  # noqa: PLC0415 - it loads what dials a directory
    from hyperv_placement.operations.doctor.reading import logged_on  # noqa: PLC0415 - the same

    stack = load(resolve_stack(options.stack, PROJECT))
    found, not_checked = examine(stack, SystemClock(), kept_of(stack, PROJECT))
    who = logged_on(stack)
    shown = {
        "diagnoses": [diagnosis_record(each) for each in found],
        "untold": not_checked,
        "logged_on": who,
        "policy": policy_record(stack.policy),
    }
    text = render_diagnoses(found, not_checked, who, render_policy(stack.policy))
    sys.stdout.write(f"{json.dumps(shown, indent=2) if options.json else text}\n")
    return ILL if any(each.refuses for each in found) else 0


def _explain(options: argparse.Namespace) -> int:
    rows = catalogue.asked(options.code) if options.code is not None else catalogue.catalogue()
    if options.json:
        sys.stdout.write(
            f"{json.dumps([explain.as_record(row) for row in rows], indent=2, ensure_ascii=False)}\n"
        )
    elif rows:
        sys.stdout.write(f"{explain.explained(rows) if options.code is not None else explain.listed(rows)}\n")
    if rows:
        return 0
    known = catalogue.origin(options.code)
    sys.stderr.write(
        f"{options.code} is not in the catalogue{f'; {known}' if known else ''}. {catalogue.UNKNOWN_REMEDY}\n"
    )
    return FAILED


def _record(options: argparse.Namespace) -> int:
    archive.check_free(options.output)
    stack = accept_host.stack_with(options.host, options.stack, "--stack NAME")
    host = stack.hosts[HostName(options.host)]

    def say(what: str) -> None:
        sys.stderr.write(f"{host.name}: {what}\n")

    recording = recorder.record(host, SystemClock(), say)
    manifest = archive.write(options.output, recording, names_in(stack))
    if options.json:
        sys.stdout.write(f"{json.dumps({'output': str(options.output), **manifest}, indent=2)}\n")
        return 0
    answers = manifest["answers"]
    sys.stdout.write(
        f"{options.output}: {counted(len(answers), 'answer')} of {host.name}, {sum(a['fault'] for a in answers)} of them refusals;"
        f" {counted(len(manifest['unanswered']), 'question')} without an answer\n"
        "Names, addresses and GUIDs are replaced. Look through it before you pass it on.\n"
    )
    return 0


if __name__ == "__main__":
    keep_private()
    sys.exit(main())
