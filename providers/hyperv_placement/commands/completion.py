"""`bin/placement completion`: a script by which a shell completes commands, options and stacks; no host is asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from hyperv_placement.commands.arguments import Parser
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.report.shells import SHELLS
from hyperv_placement.report.shells.words import CommandWords, Option, Takes

_FILES = {"FILE", "REV|FILE", "DIR"}


def run(options: argparse.Namespace) -> int:
    """Print the script. 0."""
    sys.stdout.write(SHELLS[options.shell]([*_described(options.whole, ())]))
    return DONE


def _described(parser: Parser, path: tuple[str, ...], line: str = "") -> Iterator[CommandWords]:
    """Yield a command and those below it."""
    below = dict(parser.below())
    named = [each for each in parser.places if not each.option_strings]
    choices = [str(word) for each in named for word in each.choices or ()]
    yield CommandWords(
        path=path,
        line=line,
        options=tuple(_option(each) for each in parser.places if each.option_strings),
        takes=next((found for each in named if (found := _takes(each)) in {"a stack", "a file"}), "nothing"),
        choices=(*below, *choices),
    )
    for name, each in below.items():
        yield from _described(each, (*path, name), parser.lines.get(name, ""))


def _option(action: argparse.Action) -> Option:
    names = tuple(action.option_strings)
    choices = tuple(map(str, action.choices or ()))
    return Option(names=names, line=action.help or "", takes=_takes(action), choices=choices)


def _takes(action: argparse.Action) -> Takes:
    if action.nargs == 0:
        return "nothing"
    if action.dest in {"stack", "source"} or action.metavar == "STACK":
        return "a stack"
    if action.metavar in _FILES or action.type is Path:
        return "a file"
    return "a stack" if action.dest == "files" else "a word"
