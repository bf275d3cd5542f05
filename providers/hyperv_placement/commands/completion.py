"""`bin/placement completion`: a script by which a shell completes commands, options and stacks; no host is asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hyperv_placement.codes.catalogue import catalogue
from hyperv_placement.codes.findings import finding_rows
from hyperv_placement.commands.arguments import Parser
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.report.shells import SHELLS
from hyperv_placement.report.shells.words import CommandWords, Kind, Option
from hyperv_placement.workspace.declared_names import declared_names
from hyperv_placement.workspace.stacks import PROJECT

_SECTIONS = {"host": "hosts", "vm": "vms"}
_BY_METAVAR: Mapping[str, Kind] = {
    "STACK": "stack", "HOST": "host", "HOSTS": "host", "VM": "vm", "KEY": "vm", "CODE": "code", "FILE": "file", "DIR": "file",
}  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Print the script, or what it asks for. 0."""
    if options.offer:
        sys.stdout.write("".join(f"{name}\n" for name in _offered(options.offer, options.words)))
    else:
        sys.stdout.write(SHELLS[options.shell]([*_described(options.whole, ())]))
    return DONE


def _offered(kinds: Sequence[Kind], words: Sequence[str]) -> Iterator[str]:
    yield from declared_names([_SECTIONS[kind] for kind in kinds if kind in _SECTIONS], words, PROJECT)
    if "code" in kinds:
        yield from (row.id for row in finding_rows())
        yield from (word for row in catalogue() for word in row.words if " " not in word)


def _described(parser: Parser, path: tuple[str, ...], line: str = "") -> Iterator[CommandWords]:
    """Yield a command and those below it."""
    below = dict(parser.below())
    named = [each for each in parser.places if not each.option_strings]
    choices = [str(word) for each in named for word in (*(each.choices or ()), *_literal(each))]
    yield CommandWords(
        path=path,
        line=line,
        options=tuple(_option(each) for each in parser.places if each.option_strings),
        takes=tuple(dict.fromkeys(kind for each in named for kind in _takes(each))),
        choices=(*below, *choices),
    )
    for name, each in below.items():
        yield from _described(each, (*path, name), parser.lines.get(name, ""))


def _option(action: argparse.Action) -> Option:
    names = tuple(action.option_strings)
    choices = tuple(map(str, action.choices or ()))
    takes = None if action.nargs == 0 else _takes(action)
    return Option(names=names, line=action.help or "", takes=takes, choices=choices)


def _places(action: argparse.Action) -> list[str]:
    """Return the words of its place in the usage: `HOST|VM` are two."""
    if action.dest in {"stack", "source", "files"} and action.metavar is None:
        return ["STACK"]
    return action.metavar.split("|") if isinstance(action.metavar, str) else []


def _literal(action: argparse.Action) -> list[str]:
    """Return the words that stand there as they are, such as `cancel`."""
    return [word for word in _places(action) if word.islower()]


def _takes(action: argparse.Action) -> tuple[Kind, ...]:
    found = [_BY_METAVAR[word] for word in _places(action) if word in _BY_METAVAR]
    return tuple(found) or (("file",) if action.type is Path else ())
