"""What the parsers of several verbs have in common: words that all of them take, and how a wrong word ends."""

from __future__ import annotations

import argparse
import os
import sys
from typing import NoReturn

from hyperv_placement.audit.ticket import TICKET, check_ticket
from hyperv_placement.commands.exit_codes import FAILED
from hyperv_placement.workspace.stacks import STACKS

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
