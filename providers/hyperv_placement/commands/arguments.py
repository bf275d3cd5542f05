"""What the parsers of several verbs have in common: words that all of them take, and how a wrong word ends."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import NoReturn

from hyperv_placement.audit.ticket import TICKET, check_ticket
from hyperv_placement.commands.exit_codes import FAILED
from hyperv_placement.errors import PlacementError
from hyperv_placement.workspace.stacks import PROJECT, STACKS

STACK = f"a stack ({STACKS}/NAME.yaml) or a path to such a file"
RECORDED = "a recorded inventory, so that no host is asked"


class Parser(argparse.ArgumentParser):
    """A parser for which a wrong word is an error like any other: argparse ends with 2, which means drift here."""

    def error(self, message: str) -> NoReturn:
        """Print the usage, and exit with the code of errors."""
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"{self.prog}: {message}\n")


def add_stack(parser: argparse.ArgumentParser) -> None:
    """Let a verb take the stack that it is about."""
    parser.add_argument("stack", help=STACK)


def add_json(parser: argparse._ActionsContainer) -> None:
    """Let a verb answer with JSON."""
    parser.add_argument("--json", action="store_true", help="for scripts")


def add_ticket(parser: argparse.ArgumentParser) -> None:
    """Let a verb take the ticket that its line in the audit log names."""
    parser.add_argument("--ticket", help=f"its number, for the audit log; default: {TICKET}, if set")


def ticket_of(options: argparse.Namespace) -> str:
    """Return the ticket, or an empty text where there is none. Raises PlacementError where it is malformed."""
    text = options.ticket if options.ticket is not None else os.environ.get(TICKET, "")
    return check_ticket(text) if text or options.ticket is not None else ""


def add_subject(parser: argparse.ArgumentParser, name: str, meaning: str, *, optional: bool = False) -> None:
    """Let a verb take what it is about, and the stack where several of the project declare that."""
    parser.add_argument("subject", metavar=name, help=meaning, nargs="?" if optional else None)
    parser.add_argument(
        "stack", nargs="?", help=f"a stack ({STACKS}/NAME.yaml) or a path; needed where several have {name}"
    )


def subject_and_stack(options: argparse.Namespace) -> tuple[str, str | None]:
    """Return what a verb is about and which stack, in whichever order both were typed."""
    subject, stack = options.subject, options.stack
    swapped = stack is not None and _is_stack(subject) and not _is_stack(stack)
    return (stack, subject) if swapped else (subject, stack)


def _is_stack(word: str) -> bool:
    path = Path(word)
    return path.suffix in {".yaml", ".yml"} or (
        path.name == word and (PROJECT / STACKS / f"{word}.yaml").exists()
    )


def day_of(text: str) -> date:
    """Return the last day that a word names. Raises PlacementError where no calendar has it."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PlacementError(
            f"--until: no calendar has {text!r}", remedy="Write a date, such as 2026-12-01"
        ) from error
