"""`placement schema`: a JSON Schema, for an editor or a script; no host is asked."""

from __future__ import annotations

import argparse
import sys

from hyperv_placement.commands.arguments import Parser
from hyperv_placement.commands.exit_codes import DONE
from hyperv_placement.system.shipped import shipped

_END = ".schema.json"
EXIT_CODES = {0: "printed", 1: "there is none of that name"}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    folder = shipped("schemas")
    names = sorted(
        path.relative_to(folder).as_posix().removesuffix(_END) for path in folder.rglob(f"*{_END}")
    )
    parser.add_argument(
        "name", nargs="?", default="stack", choices=names, metavar="NAME",
        help="stack, policy, or json/COMMAND for what a command prints with --json; default: stack, that of stack files",
    )  # fmt: skip
    parser.set_defaults(run=run, verbatim=True)


def run(options: argparse.Namespace) -> int:
    """Print it. 0."""
    sys.stdout.write((shipped("schemas") / f"{options.name}{_END}").read_text(encoding="utf-8"))
    return DONE
