"""What the parsers of several verbs have in common: words that all of them take, and how a wrong word ends."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib import import_module
from typing import Any, NoReturn

from hyperv_placement.audit.ticket import TICKET, check_ticket
from hyperv_placement.commands.exit_codes import FAILED
from hyperv_placement.errors import PlacementError
from hyperv_placement.model.nearest import NearNames
from hyperv_placement.workspace.stacks import PROJECT, STACKS, is_stack

STACK = f"a stack: NAME of {STACKS}/NAME.yaml, or a path to such a file"
BEFORE = ("--debug", "--log-level", "--version")
"""Options of all commands, which stand before them."""
_CODES = 7
"""Columns before the meaning of an exit code."""
RECORDED = "a recorded inventory, so that no host is asked"


class Help(argparse.HelpFormatter):
    """Help that keeps the lines of an epilog, each wrapped by itself: of exit codes, one a line."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        wrapped = []
        for line in text.splitlines():
            room = len(line) - len(line.lstrip())
            inner = f"{indent}{' ' * (_CODES if room else 0)}"
            wrapped += textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=inner) or [""]
        return "\n".join(wrapped)


@dataclass(frozen=True, slots=True)
class Later:
    """What a command does: loaded when it is done, since its help, and a wrong word, need nothing of it."""

    module: str
    function: str = "run"

    def __call__(self, options: argparse.Namespace) -> int:
        """Do it; return the exit code."""
        return int(getattr(import_module(f"hyperv_placement.commands.{self.module}"), self.function)(options))


class Parser(argparse.ArgumentParser):
    """A parser for which a wrong word is an error like any other, with the word that may have been meant.

    argparse ends with 2, which means drift here.
    """

    def __init__(self, *, codes: Mapping[int, str] | None = None, **options: Any) -> None:
        """Take what argparse takes, and what the command's exit codes mean."""
        super().__init__(formatter_class=Help, **options)
        self._below: Any = None
        self.codes: dict[int, str] = {}
        """What each exit code means; none where the command has commands below it, which have them."""
        self.end_with(codes or {})

    def filled(self) -> Parser:
        """Return it with all its words; a parser may read them first when they are needed."""
        return self

    @property
    def places(self) -> list[argparse.Action]:
        """Its options and the places of its words, commands below it left out."""
        return [each for each in self._actions if each is not self._below]

    @property
    def lines(self) -> Mapping[str, str]:
        """What each command below it does, in a line."""
        shown = [] if self._below is None else self._below._get_subactions()  # noqa: SLF001 - argparse has no other way to its help
        return {each.dest: each.help or "" for each in shown}

    def below(self) -> Iterator[tuple[str, Parser]]:
        """Yield the commands below it, each with all its words."""
        if self._below is not None:
            yield from ((name, found.filled()) for name, found in self._below.choices.items())

    def commands(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Parser]]:
        """Yield every command that can be typed, as `("audit", "verify")`, with its parser."""
        if self._below is None:
            yield path, self
            return
        for name, found in self.below():
            yield from found.commands((*path, name))

    def add_subparsers(self, **options: Any) -> Any:
        """Let commands stand below this one, as argparse does."""
        self._below = super().add_subparsers(**options)
        return self._below

    def end_with(self, codes: Mapping[int, str]) -> None:
        """Say by `--help` what each exit code means."""
        self.codes.update(codes)
        if codes:
            lines = ("exit codes:", *(f"{code:>5}  {meaning}" for code, meaning in sorted(codes.items())))
            self.epilog = "\n".join((*([self.epilog, ""] if self.epilog else ()), *lines))

    def error(self, message: str) -> NoReturn:
        """Print the usage, and exit with the code of errors."""
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"{self.prog}: {message}\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and end with an error where an option is none of this command's."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"{unknown[0]} is no word of this command{self._meant(unknown[0])}")
        return found, unknown

    def _meant(self, word: str) -> str:
        name = word.partition("=")[0]
        if name in BEFORE:
            return f"; it stands before the command: placement {name}"
        own = [each for action in self._actions for each in action.option_strings if each.startswith("--")]
        return NearNames(own).suggestion(name) if name.startswith("-") else ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        names = [str(each) for each in action.choices]
        near = NearNames(names).suggestion(str(value))
        raise argparse.ArgumentError(action, f"there is no {value!r}{near} (there: {', '.join(names)})")


def add_stack(parser: argparse.ArgumentParser) -> None:
    """Let a verb take the stack that it is about."""
    parser.add_argument("stack", help=STACK)


def add_json(parser: argparse._ActionsContainer) -> None:
    """Let a verb answer with JSON."""
    parser.add_argument("--json", action="store_true", help="for scripts: docs/json.md says what it holds")


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
    parser.add_argument("stack", nargs="?", help=f"{STACK}; needed where several have {name}")


def subject_and_stack(options: argparse.Namespace) -> tuple[str, str | None]:
    """Return what a verb is about and which stack, in whichever order both were typed."""
    subject, stack = options.subject, options.stack
    swapped = stack is not None and is_stack(subject, PROJECT) and not is_stack(stack, PROJECT)
    return (stack, subject) if swapped else (subject, stack)


def day_of(text: str) -> date:
    """Return the last day that a word names. Raises PlacementError where no calendar has it."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PlacementError(
            f"--until: no calendar has {text!r}", remedy="Write a date, such as 2026-12-01"
        ) from error


_SPAN = re.compile(r"([0-9]{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


def since_of(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return when a period begins that a word names: a span before `now`, or a day by the clocks of `zone`. Raises PlacementError."""
    if (found := _SPAN.fullmatch(text)) is not None:
        return now - timedelta(hours=int(found[1]) * _HOURS[found[2]])
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PlacementError(
            f"--since: {text!r} is no span and no day",
            remedy="Write 30d, 4w, 12h, or a day such as 2026-11-01",
        ) from error
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
