"""The words of `placement schema`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser
from hyperv_placement.system.shipped import shipped

END = ".schema.json"


EXIT_CODES = {0: "printed", 1: "there is none of that name"}


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.end_with(EXIT_CODES)
    folder = shipped("schemas")
    names = sorted(path.relative_to(folder).as_posix().removesuffix(END) for path in folder.rglob(f"*{END}"))
    parser.add_argument(
        "name", nargs="?", default="stack", choices=names, metavar="NAME",
        help="stack, policy, or json/COMMAND for what a command prints with --json; default: stack, that of stack files",
    )  # fmt: skip
    parser.set_defaults(verbatim=True)
